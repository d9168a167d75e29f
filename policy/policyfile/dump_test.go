package policyfile_test

import (
	"fmt"
	"reflect"
	"sort"
	"strings"
	"time"

	"github.com/belfry-go/belfry/policy"
)

// dump writes all exported fields of a document that are not zero, one a line,
// with durations and conditions as text.
func dump(doc *policy.Document) string {
	var d dumper
	d.value("", reflect.ValueOf(doc).Elem())
	return d.String()
}

type dumper struct{ strings.Builder }

func (d *dumper) value(path string, v reflect.Value) {
	if v.IsZero() {
		return
	}
	if v.CanAddr() {
		if c, ok := v.Addr().Interface().(*policy.Conditions); ok {
			fmt.Fprintf(d, "%s: %s\n", path, c)
			return
		}
	}
	switch x := v.Interface().(type) {
	case time.Duration, time.Time, policy.Target, policy.Digest, policy.Instant:
		fmt.Fprintf(d, "%s: %v\n", path, x)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		d.value(path, v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if f.IsExported() && f.Name != "Doc" {
				d.value(strings.TrimPrefix(path+"."+f.Name, "."), v.Field(i))
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			d.value(fmt.Sprintf("%s[%d]", path, i), v.Index(i))
		}
	case reflect.Map:
		keys := v.MapKeys()
		sort.Slice(keys, func(i, j int) bool { return keys[i].String() < keys[j].String() })
		for _, k := range keys {
			d.value(path+"."+k.String(), v.MapIndex(k))
		}
	default:
		fmt.Fprintf(d, "%s: %v\n", path, v.Interface())
	}
}
