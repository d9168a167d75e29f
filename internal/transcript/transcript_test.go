package transcript

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/belfry-go/belfry/internal/faket"
)

// speak is a handler with a command for each thing a transcript can show.
func speak(d *Command) string {
	switch d.Name {
	case "echo":
		return d.Input
	case "words":
		return strings.Join(d.Words(), "\n")
	case "say":
		return fmt.Sprintf("%s, %s!", d.Or("greeting", "hello"), d.Value("to"))
	case "list":
		return fmt.Sprintf("%q", d.Values("of"))
	case "wait":
		return fmt.Sprintf("%v %d", d.Duration("for", 0), d.Int("times", 1))
	case "loud":
		return fmt.Sprint(d.Flag("very"))
	case "quiet":
		return ""
	}
	d.Fatalf("unknown command %q", d.Name)
	return ""
}

func TestWalk(t *testing.T) {
	var seen []string
	t.Run("testdata", func(t *testing.T) {
		Walk(t, "testdata", func(t *testing.T, path string) {
			seen = append(seen, filepath.ToSlash(path))
			Run(t, path, speak)
		})
	})
	want := []string{"testdata/deep/again.txt", "testdata/grammar.txt"}
	if !slices.Equal(seen, want) {
		t.Errorf("walked %q, want %q", seen, want)
	}
}

func TestWalkOverNothing(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "notes.md"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := files(dir); err == nil || !strings.Contains(err.Error(), "no .txt file below "+dir) {
		t.Errorf("error %v, want one that names the directory", err)
	}
	if _, err := files(filepath.Join(dir, "none")); err == nil {
		t.Error("a missing directory is no error")
	}
}

func TestRunStops(t *testing.T) {
	tests := []struct {
		name, script, says string
	}{
		{
			"wrong output", "quiet\n----\n\nsay to=you\n----\nhello, me!\n",
			"F:4: say to=you: output differs (-want +got); if the change is meant, run with -update\n" +
				"@@ line 1 @@\n- hello, me!\n+ hello, you!\n",
		},
		{"output expected", "quiet\n----\nnoise\n", "- noise"},
		{"output not expected", "say to=you\n----\n", "+ hello, you!"},
		{"unknown command", "\nshout\n----\n", `F:2: unknown command "shout"`},
		{"unread argument", "say to=you form=polite\n----\nhello, you!\n", `F:1: say does not know the argument "form"`},
		{"unread word", "say to=you now\n----\nhello, you!\n", `say does not know the argument "now"`},
		{"missing argument", "say\n----\n", "F:1: say needs to=…"},
		{"list for a value", "say to=(you, me)\n----\n", "F:1: say: to takes one value, not 2"},
		{"bad integer", "wait times=many\n----\n", "F:1: wait: times must be an integer"},
		{"bad duration", "wait for=5\n----\n", "F:1: wait: for must be a duration"},
		{"no dashes", "say to=you\n", "F:1: say has no line of four dashes below it"},
		{"only dashes", "----\n----\n", "F:1: four dashes without a directive"},
		{"open doubled output", "quiet\n----\n----\ntext\n", "F:3: output that begins with doubled dashes must end with them"},
		{"open quote", "say to=\"you\n----\n", `F:1: argument "to": unfinished quote`},
		{"open list", "list of=(a\n----\n", `F:1: argument "of": a list is written (one, two)`},
		{"no value", "say to= you\n----\n", `F:1: argument "to": a value is missing`},
		{"text behind a value", "say to=\"a\"b\n----\n", `unexpected "b"`},
		{"twice", "say to=a to=b\n----\n", `F:1: argument "to" is given twice`},
		{"line ends of another system", "quiet\n----\r\n", "F:2: the line ends in a carriage return"},
		{"name with a sign", "say=to\n----\n", `F:1: a directive begins with a name, not "say=to"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "F")
			if err := os.WriteFile(path, []byte(tt.script), 0o644); err != nil {
				t.Fatal(err)
			}
			fatal := faket.Observe(func(ft testing.TB) { run(ft, path, speak, false) }).Log
			if !strings.Contains(strings.ReplaceAll(fatal, path, "F"), tt.says) {
				t.Errorf("stopped with %q\nwant in it    %q", fatal, tt.says)
			}
		})
	}
}

func TestRunOfMissingFileStops(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.txt")
	if fatal := faket.Observe(func(ft testing.TB) { run(ft, path, speak, false) }).Log; !strings.Contains(fatal, "none.txt") {
		t.Errorf("stopped with %q, want the path in it", fatal)
	}
}

func TestUpdate(t *testing.T) {
	tests := []struct {
		name, before, after string
	}{
		{"fills in", "# why\nsay to=you\n----\n\nquiet\n----", "# why\nsay to=you\n----\nhello, you!\n\nquiet\n----\n"},
		{
			"replaces", "say to=you\n----\nbye\n\n# more\n\nquiet\n----\nnoise\n# not a comment, noise\n\n# end\n",
			"say to=you\n----\nhello, you!\n\n# more\n\nquiet\n----\n\n# end\n",
		},
		{
			"doubles for blank lines", "echo\na\n\nb\n----\n\nquiet\n----\n",
			"echo\na\n\nb\n----\n----\na\n\nb\n----\n----\n\nquiet\n----\n",
		},
		{"doubles for lines of spaces", "echo\na\n  \nb\n----\n", "echo\na\n  \nb\n----\n----\na\n  \nb\n----\n----\n"},
		{
			"single again, with a blank line", "say to=you\n----\n----\na\n\nb\n----\n----\nquiet\n----\n",
			"say to=you\n----\nhello, you!\n\nquiet\n----\n",
		},
		{"keeps continued lines", "say \\\n  to=you\n----\n", "say \\\n  to=you\n----\nhello, you!\n"},
		{"nothing to run", "# only words\n", "# only words\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "t.txt")
			if err := os.WriteFile(path, []byte(tt.before), 0o644); err != nil {
				t.Fatal(err)
			}
			for _, update := range []bool{true, false, true} {
				if fatal := faket.Observe(func(ft testing.TB) { run(ft, path, speak, update) }).Log; fatal != "" {
					t.Fatalf("update %t: %s", update, fatal)
				}
				got, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if string(got) != tt.after {
					t.Fatalf("update %t:\n%q\nwant\n%q", update, got, tt.after)
				}
			}
		})
	}
}

func TestUpdateRefusesWhatItCouldNotRead(t *testing.T) {
	for output, reason := range map[string]string{
		"a\n\n----\n----\nb\n": "four dashes",
		"a\n\n----\n":          "four dashes",
		"----":                 "four dashes",
		"a\r\nb":               "carriage return",
	} {
		path := filepath.Join(t.TempDir(), "t.txt")
		const before = "print\n----\n"
		if err := os.WriteFile(path, []byte(before), 0o644); err != nil {
			t.Fatal(err)
		}
		fatal := faket.Observe(func(ft testing.TB) {
			run(ft, path, func(*Command) string { return output }, true)
		}).Log
		if !strings.Contains(fatal, reason) {
			t.Errorf("output %q: stopped with %q", output, fatal)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != before {
			t.Errorf("output %q: file is now %q (%v)", output, got, err)
		}
	}
}

func TestCommandKnowsItsTestAndPlace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.txt")
	if err := os.WriteFile(path, []byte("# one\n\nwhere\n----\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	run(t, path, func(d *Command) string {
		if d.T() != t {
			t.Errorf("T() = %v", d.T())
		}
		if want := path + ":3"; d.Pos != want {
			t.Errorf("Pos = %q, want %q", d.Pos, want)
		}
		return ""
	}, false)
}

func TestWordStopsUnlessThereIsOne(t *testing.T) {
	for line, want := range map[string]string{
		"advance":       "advance needs one word, not 0",
		"advance 5m 6m": "advance needs one word, not 2",
		"advance 5m":    "",
	} {
		path := filepath.Join(t.TempDir(), "t.txt")
		if err := os.WriteFile(path, []byte(line+"\n----\n5m\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		fatal := faket.Observe(func(ft testing.TB) { run(ft, path, (*Command).Word, false) }).Log
		if (want == "") != (fatal == "") || !strings.Contains(fatal, want) {
			t.Errorf("%s: stopped with %q, want %q", line, fatal, want)
		}
	}
}
