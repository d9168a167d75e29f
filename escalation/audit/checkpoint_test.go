package audit_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/belfry-go/belfry/escalation/audit"
)

// vector reads a file that was made with other libraries' trees and notes.
func vector(t testing.TB, name string) []byte {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("testdata/checkpoint", name))
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func TestCheckpointVectors(t *testing.T) {
	file, older, newer, vkey := vector(t, "export.jsonl"), vector(t, "older.txt"), vector(t, "newer.txt"), string(vector(t, "vkey.txt"))
	v := verify(t, file, audit.Trust{Checkpoints: [][]byte{older, newer}, Keys: []string{vkey}})
	want := []audit.Covered{
		{Origin: "belfry.example.com/test", Size: 2, Streams: 2, Entries: 3},
		{Origin: "belfry.example.com/test", Size: 4, Streams: 3, Entries: 5},
	}
	if !v.Whole() || !slices.Equal(v.Covered, want) {
		t.Errorf("%+v; want whole, covered %+v", v, want)
	}

	lines := bytes.SplitAfter(file, []byte("\n"))
	without := func(prefix string) []byte {
		var out []byte
		for _, l := range lines {
			if !bytes.HasPrefix(l, []byte(prefix)) {
				out = append(out, l...)
			}
		}
		return ended(out)
	}
	tests := []struct {
		name string
		file []byte
		note []byte
		key  string
		want string
	}{
		{"a stream is cut", without(`{"type":"entry","stream":"alert/a#1","seq":3`), newer, vkey, `stream "alert/a#1": entry 3: the log has it, and the stream ends at entry 2: it was cut off`},
		{"a stream is gone", without(`{"type":"entry","stream":"alert/b c#1"`), newer, vkey, `stream "alert/b c#1": entry 1: the log has it, and it is gone`},
		{"the log is gone", without(`{"type":"entry","stream":"checkpoint/`), newer, vkey, `checkpoint 1: it is over 4 heads, and the log "belfry.example.com/test" has 0`},
		{"the log is cut", without(`{"type":"entry","stream":"checkpoint/belfry.example.com/test","seq":2`), newer, vkey, "has 2: the log was cut off"},
		{"another store", ended(bytes.Replace(file, []byte(`"namespace":"ns"`), []byte(`"namespace":"nt"`), 1)), newer, vkey, `the log has it of store "ns", and this is of "nt"`},
		{"the checkpoint is changed", file, bytes.Replace(newer, []byte("\n4\n"), []byte("\n3\n"), 1), vkey, "checkpoint 1: the signature by belfry.example.com/test is false"},
		{"no signature", file, newer[:bytes.Index(newer, []byte("\n\n"))+2], vkey, "checkpoint 1: its line"},
		{"no note", file, []byte("hello"), vkey, "checkpoint 1: it is no signed note"},
		{"an unknown signer", file, newer, "", "checkpoint 1: none of the keys given has signed it"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var keys []string
			if tt.key != "" {
				keys = []string{tt.key}
			}
			v := verify(t, tt.file, audit.Trust{Checkpoints: [][]byte{tt.note}, Keys: keys})
			if !slices.ContainsFunc(v.Faults, func(f audit.Fault) bool { return strings.Contains(f.Error(), tt.want) }) {
				t.Errorf("faults %v; want one that says %q", v.Faults, tt.want)
			}
			if len(v.Covered) > 0 && strings.HasPrefix(tt.want, "checkpoint") {
				t.Errorf("it covers %+v", v.Covered)
			}
		})
	}
	for _, bad := range []string{"", "name", "name+00000000+AA==", strings.Replace(strings.TrimSpace(vkey), "test+", "best+", 1), "a b+1+2"} {
		if _, err := audit.Verify(bytes.NewReader(file), audit.Trust{Keys: []string{bad}}); err == nil {
			t.Errorf("key %q is taken", bad)
		}
	}
}

func TestParseCheckpoint(t *testing.T) {
	const root = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
	c, err := audit.ParseCheckpoint("log.example/x\n3\n" + root + "\nextension\n")
	if err != nil || c.Origin != "log.example/x" || c.Size != 3 || !slices.Equal(c.Extensions, []string{"extension"}) {
		t.Errorf("%+v, %v", c, err)
	}
	for _, bad := range []string{"", "x", "x\n1\n", "\n1\n" + root + "\n", "x\n01\n" + root + "\n", "x\n-1\n" + root + "\n", "x\n1\nAAAA\n", "x\n1\n" + root} {
		if c, err := audit.ParseCheckpoint(bad); err == nil {
			t.Errorf("%q is read as %+v", bad, c)
		}
	}
}

func FuzzParseLeaf(f *testing.F) {
	l := audit.Leaf{Namespace: "n s", Seq: 7, Stream: "alert/ü%#1"}
	f.Add(l.String())
	f.Add("a 1 00 b")
	f.Fuzz(func(t *testing.T, s string) {
		l, err := audit.ParseLeaf(s)
		if err == nil && l.String() != s {
			t.Errorf("%q is read, and written as %q", s, l.String())
		}
		if again, err := audit.ParseLeaf(l.String()); l.Seq > 0 && (err != nil || again != l) {
			t.Errorf("%+v is read again as %+v, %v", l, again, err)
		}
	})
}
