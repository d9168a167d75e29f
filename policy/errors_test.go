package policy_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/belfry-go/belfry/internal/golden"
	"github.com/belfry-go/belfry/policy"
)

// TestInvalidJSON: the faults that only JSON has, and the text of an error.
func TestInvalidJSON(t *testing.T) {
	files, err := filepath.Glob("testdata/invalid/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, err = policy.Parse(filepath.Base(file), src)
			var errs policy.Errors
			if !errors.As(err, &errs) {
				t.Fatalf("Parse = %v, want policy.Errors", err)
			}
			golden.Check(t, "invalid/"+name+".txt", []byte(err.Error()+"\n"))
		})
	}
}

func TestErrorFields(t *testing.T) {
	_, err := policy.Parse("p.json", []byte(onePolicy(`"tiers":[{"name":"a","notify":["owner"],"wiat":"5m"}]`)))
	var e *policy.Error
	if !errors.As(err, &e) {
		t.Fatalf("no *policy.Error in %v", err)
	}
	if e.File != "p.json" || e.Line != 1 || e.Column != 78 || e.Path != "policies[0].tiers[0].wiat" || e.Suggestion != "wait" || !strings.Contains(e.Excerpt, `"wiat"`) {
		t.Errorf("the error is %+v", *e)
	}
}

func TestErrorText(t *testing.T) {
	for _, tt := range []struct {
		err  policy.Error
		want string
	}{
		{policy.Error{Msg: "m"}, "m"},
		{policy.Error{File: "f", Msg: "m"}, "f: m"},
		{policy.Error{Line: 3, Column: 4, Msg: "m"}, "3:4: m"},
		{policy.Error{File: "f", Line: 3, Column: 4, Msg: "m", Suggestion: "s"}, `f:3:4: m; did you mean "s"?`},
		{policy.Error{File: "f", Line: 3, Column: 1, Msg: "m", Suggestion: "s", Excerpt: "line"}, "f:3:1: m\n    3 | line\n      | ^ did you mean \"s\"?"},
	} {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("Error = %q, want %q", got, tt.want)
		}
	}
}

// TestManyFaults: the list ends somewhere, and says that it does.
func TestManyFaults(t *testing.T) {
	src := `{"version":1,"default":[` + strings.Repeat("0,", 10) + `0],"policies":[` + strings.Repeat("0,\n", 3000) + "0]}"
	_, err := policy.Parse("p.json", []byte(src))
	var errs policy.Errors
	if !errors.As(err, &errs) || len(errs) != 1001 {
		t.Fatalf("%d faults, want 1000 and the note", len(errs))
	}
	if want := "p.json: 2002 further faults are not shown"; errs[1000].Error() != want {
		t.Errorf("the note is %q, want %q", errs[1000].Error(), want)
	}
}

func TestDecoderMarksItsPlace(t *testing.T) {
	const src = "{\"a\": \"x\",\r\n\t\"long\": \"" // the second line is long and begins with a tab
	long := src + strings.Repeat("ä", 300) + "\", \"b\": 1}"
	root, err := policy.ParseNode("f", []byte(long))
	if err != nil {
		t.Fatal(err)
	}
	d := policy.NewDecoder("f", []byte(long))
	o := d.Object(root, "", "the map")
	o.Node("a")
	o.Done()
	got := strings.Split(d.Err().Error(), "\n")
	if len(got) != 6 {
		t.Fatalf("two faults of three lines each, got\n%s", strings.Join(got, "\n"))
	}
	if want := `    2 |  "long": "` + strings.Repeat("ä", 90) + "…"; got[1] != want {
		t.Errorf("excerpt = %q\nwant      %q", got[1], want)
	}
	mark := strings.Index(got[5], "^")
	if line := []rune(got[4]); mark < 0 || string(line[mark:mark+3]) != `"b"` {
		t.Errorf("the mark is not under its column:\n%s\n%s", got[4], got[5])
	}
}
