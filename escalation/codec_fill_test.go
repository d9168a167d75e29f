package escalation

import (
	"math"
	"math/rand/v2"
	"reflect"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/belfry-go/belfry/policy"
)

// filler makes random values of any type by reflection, so that a field which
// is added to a struct is in the tests without anybody thinking of it. What an
// encoding may not tell apart is never made: empty lists and maps are nil,
// times are UTC. Fields that are not exported hold what is derived from the
// others, and are left out.
type filler struct {
	*rand.Rand
	depth int
}

func newFiller(seed uint64) *filler { return &filler{Rand: rand.New(rand.NewPCG(seed, 7))} }

// words that recur, so that back references are used, and some that do not.
var fillWords = []string{"alice", "bob", "push", "sms", "db/main", "iam-oncall", "x", "\xff\xfe", "ünïcode"}

func (f *filler) text() string {
	switch f.IntN(5) {
	case 0:
		return ""
	case 1:
		b := make([]byte, f.IntN(300))
		for i := range b {
			b[i] = byte(f.Uint32())
		}
		return string(b)
	}
	return fillWords[f.IntN(len(fillWords))]
}

func (f *filler) int64() int64 {
	switch f.IntN(6) {
	case 0:
		return 0
	case 1:
		return int64(f.Uint64())
	case 2:
		return []int64{math.MinInt64, math.MaxInt64, -1, 1, math.MaxInt64 - 1}[f.IntN(5)]
	case 3:
		return f.Int64N(1000) * 1_000_000_000
	case 4:
		return f.Int64N(1000) * 1_000_000
	}
	return f.Int64N(2000) - 1000
}

func (f *filler) instant() policy.Instant {
	switch f.IntN(4) {
	case 0:
		return policy.Never
	case 1:
		return policy.Instant(f.int64())
	}
	return policy.Instant(1_773_151_200_000_000 + f.Int64N(100)*30_000_000 + f.Int64N(2)*f.Int64N(1000))
}

// fill sets v to a random value. Types that stand for themselves come first.
func (f *filler) fill(v reflect.Value) {
	switch v.Interface().(type) {
	case policy.Instant:
		v.SetInt(int64(f.instant()))
		return
	case time.Time:
		if f.IntN(3) > 0 {
			v.Set(reflect.ValueOf(time.Unix(f.Int64N(1<<40)-1<<35, f.Int64N(2)*f.Int64N(1_000_000_000)).UTC()))
		}
		return
	case policy.TargetKind:
		kinds := []policy.TargetKind{"user", "team", "role", "schedule", "owner", "channel", "service", "", "pager"}
		v.SetString(string(kinds[f.IntN(len(kinds))]))
		return
	}
	f.depth++
	defer func() { f.depth-- }()
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() { // the others are what is derived
				f.fill(v.Field(i))
			}
		}
	case reflect.Pointer:
		if f.IntN(3) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			f.fill(v.Elem())
		}
	case reflect.Slice:
		if n := f.IntN(4); n > 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
			for i := range n {
				f.fill(v.Index(i))
			}
		}
	case reflect.Array:
		if f.IntN(3) == 0 {
			return
		}
		for i := range v.Len() {
			f.fill(v.Index(i))
		}
	case reflect.Map:
		if n := f.IntN(4); n > 0 {
			v.Set(reflect.MakeMap(v.Type()))
			for range n {
				k, e := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
				f.fill(k)
				f.fill(e)
				v.SetMapIndex(k, e)
			}
		}
	case reflect.String:
		v.SetString(f.text())
	case reflect.Bool:
		v.SetBool(f.IntN(2) == 0)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(truncate(f.int64(), v.Type().Bits()))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(f.int64()) << (64 - v.Type().Bits()) >> (64 - v.Type().Bits()))
	default:
		panic("filler: no values of " + v.Type().String())
	}
}

func truncate(x int64, bits int) int64 { return x << (64 - bits) >> (64 - bits) }

// whole has cmp compare values with fields that are not exported.
func whole() cmp.Option { return cmp.Exporter(func(reflect.Type) bool { return true }) }

// filled returns a random T.
func filled[T any](f *filler) *T {
	v := new(T)
	f.fill(reflect.ValueOf(v).Elem())
	return v
}

// eachField calls visit for every field that can be reached in the value at v,
// itself set to something that is not zero, and everything else as it was. Lists,
// maps and pointers on the way get one element.
func eachField(v reflect.Value, path string, visit func(path string)) {
	old := reflect.New(v.Type()).Elem()
	old.Set(v)
	defer func() { v.Set(old) }()
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.Unix(1_773_151_200, 5).UTC()))
		visit(path)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if !v.Type().Field(i).IsExported() {
				continue
			}
			eachField(v.Field(i), path+"."+v.Type().Field(i).Name, visit)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		visit(path)
		eachField(v.Elem(), path, visit)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		visit(path)
		eachField(v.Index(0), path+"[0]", visit)
	case reflect.Array:
		eachField(v.Index(v.Len()-1), path+"[last]", visit)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("a").Convert(v.Type().Key()), reflect.Zero(v.Type().Elem()))
		visit(path)
	case reflect.String:
		v.SetString("set")
		visit(path)
	case reflect.Bool:
		v.SetBool(!v.Bool())
		visit(path)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(v.Int() + 3)
		visit(path)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(v.Uint() + 3)
		visit(path)
	default:
		panic("eachField: " + v.Type().String())
	}
}
