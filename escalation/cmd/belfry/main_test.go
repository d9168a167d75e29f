package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/belfry-go/belfry/internal/transcript"
)

// Each transcript is a conversation with the program in a directory of its own:
//
//	file name=p.yaml     writes a file
//	belfry               runs the program; the input is its arguments, quoted as in a shell
//	stdin                is what the next run reads
//
// The answer of a run is its exit code, what it wrote to standard output, and
// behind "stderr:" what it wrote there.
func TestTranscripts(t *testing.T) {
	transcript.Walk(t, "testdata", func(t *testing.T, path string) {
		path, err := filepath.Abs(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Chdir(t.TempDir())
		var stdin string
		transcript.Run(t, path, func(d *transcript.Command) string {
			switch d.Name {
			case "file":
				name := d.Value("name")
				if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
					d.Fatalf("%v", err)
				}
				if err := os.WriteFile(name, []byte(d.Input), 0o600); err != nil {
					d.Fatalf("%v", err)
				}
				return ""
			case "stdin":
				stdin = d.Input
				return ""
			case "belfry":
				in := strings.NewReader(stdin)
				stdin = ""
				var out, talk bytes.Buffer
				code := run(words(d.Input), in, &out, &talk)
				answer := fmt.Sprintf("exit %d\n%s", code, out.String())
				if talk.Len() > 0 {
					answer += "stderr:\n" + talk.String()
				}
				answer = strings.ReplaceAll(answer, "\r\n", "\n") // a calendar's ends of lines
				return elapsed.ReplaceAllString(answer, `time="…"`)
			}
			d.Fatalf("unknown directive %q", d.Name)
			return ""
		})
	})
}

// elapsed is the part of a JUnit report that differs from run to run.
var elapsed = regexp.MustCompile(`time="[0-9.]+"`)

// words splits arguments at blanks outside of double quotes.
func words(line string) []string {
	var out []string
	var word strings.Builder
	inside, begun := false, false
	for _, r := range line {
		switch {
		case r == '"':
			inside, begun = !inside, true
		case !inside && (r == ' ' || r == '\n'):
			if begun {
				out = append(out, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	return out
}

func TestVersion(t *testing.T) {
	for _, args := range [][]string{{"version"}, {"--version"}} {
		var out, talk bytes.Buffer
		if code := run(args, nil, &out, &talk); code != exitOK || !strings.HasPrefix(out.String(), "belfry ") {
			t.Errorf("%v: exit %d, %q, %q", args, code, out.String(), talk.String())
		}
	}
	var out, talk bytes.Buffer
	if code := run([]string{"version", "--json"}, nil, &out, &talk); code != exitOK || !strings.HasPrefix(out.String(), `{"version":`) {
		t.Errorf("exit %d, %q", code, out.String())
	}
}

// A result that cannot be written is not a success.
func TestClosedPipe(t *testing.T) {
	if code := run([]string{"version"}, nil, closed{}, &bytes.Buffer{}); code != exitUnable {
		t.Errorf("exit %d, want %d", code, exitUnable)
	}
}

type closed struct{}

func (closed) Write([]byte) (int, error) { return 0, os.ErrClosed }
