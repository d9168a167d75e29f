package policy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/belfry-go/belfry/policy"
)

// TestDecoder: what other files than documents, such as test files, are read
// with.
func TestDecoder(t *testing.T) {
	const src = `{"name": "n", "at": "5m", "when": ["kind = a", {"any": ["severity >= high"]}], "n": 3, "ok": true,
	"to": "user:a", "list": ["x", "y"], "since": "2026-01-01T00:00:00Z", "map": {"a": 1, "description": "of the map"}, "description": "d", "mode": "b"}`
	root, err := policy.ParseNode("f", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	d := policy.NewDecoder("f", []byte(src))
	o := d.Object(root, "", "the file")
	match := d.Match(o.Node("when"), o.Path("when"))
	entries, path := o.Entries("map")
	switch {
	case o.Name() != "n", o.Duration("at", 0, 0) != 5*time.Minute, match.String() != "kind = a, any(severity >= high)",
		o.Int("n", 0, 0, 9) != 3, !o.Bool("ok"), o.Target("to") != policy.User("a"), strings.Join(o.Texts("list"), "") != "xy",
		o.Time("since").Year() != 2026, len(entries) != 1, path != "map", entries[0].Name != "a", o.Enum("mode", 0, "a", "b") != 1,
		o.Enum("absent", 7, "a") != 7, !o.Target("absent").IsZero(), !o.Time("absent").IsZero(), o.Targets("absent") != nil:
		t.Errorf("a field was read wrong from %s", src)
	}
	o.Done()
	if d.Failed() || d.Err() != nil {
		t.Errorf("faults in a sound file: %v", d.Err())
	}
}

func TestDecoderFaults(t *testing.T) {
	const src = `{"a": [1, 2.5, "x", null, {}], "b": 1}`
	root, err := policy.ParseNode("f", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	a := root.Field("a").Items
	for name, tt := range map[string]struct {
		read func(d *policy.Decoder)
		want string
	}{
		"fraction":   {func(d *policy.Decoder) { d.Int(a[1], "a[1]", 0, 9) }, `f:1:11: an item of "a" is "2.5"; it must be a whole number`},
		"range":      {func(d *policy.Decoder) { d.Int(a[0], "n", 5, 9) }, `"n" is 1; it must be from 5 to 9`},
		"no value":   {func(d *policy.Decoder) { d.Bool(a[3], "x.y") }, `"y" has no value; give it one (true or false)`},
		"a map":      {func(d *policy.Decoder) { d.Scalar(a[4], "z") }, `"z" is a map; it must be a text`},
		"no list":    {func(d *policy.Decoder) { d.Texts(a[4], "z") }, `"z" is a map; it must be a list`},
		"a target":   {func(d *policy.Decoder) { d.Target(a[2], "z") }, "not of the form kind:id"},
		"an instant": {func(d *policy.Decoder) { d.Time(a[2], "z") }, "write an instant such as"},
		"the whole":  {func(d *policy.Decoder) { d.Text(root, "") }, "the document is a map; it must be a text"},
		"a list":     {func(d *policy.Decoder) { d.Object(root.Field("a"), "a", "the thing").Name() }, "the thing is a list; it must be a map"},
		"nowhere":    {func(d *policy.Decoder) { d.Fault(nil, "", "odd") }, "f: odd"},
		"near":       {func(d *policy.Decoder) { d.FaultNear(a[2], "", "odd", "alicia", []string{"bob", "alice"}) }, `did you mean "alice"?`},
	} {
		d := policy.NewDecoder("f", []byte(src))
		tt.read(d)
		if !d.Failed() || !strings.Contains(d.Err().Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, d.Err(), tt.want)
		}
	}
	if root.Field("c") != nil || (*policy.Node)(nil).Field("a") != nil {
		t.Error("a field that is not there was found")
	}
}

func TestMerge(t *testing.T) {
	_, a := policy.Parse("b.json", []byte(`{"version":2}`))
	_, b := policy.Parse("a.json", []byte(`{"version":3}`))
	err := policy.Merge(nil, a, b, strings.NewReader("").UnreadByte())
	errs, ok := err.(policy.Errors)
	if !ok || len(errs) != 3 || errs[1].File != "a.json" || errs[2].File != "b.json" {
		t.Errorf("Merge = %v", err)
	}
	if err := policy.Merge(nil, nil); err != nil {
		t.Errorf("Merge of nothing = %v", err)
	}
}
