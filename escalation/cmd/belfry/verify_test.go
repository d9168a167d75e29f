package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
)

// vectorsDir holds an export with its checkpoints.
const vectorsDir = "../../audit/testdata/checkpoint"

func TestVerifyWithCheckpoints(t *testing.T) {
	at := func(name string) string { return filepath.Join(vectorsDir, name) }
	out := ran(t, exitOK, "verify", at("export.jsonl"), "--checkpoint", at("older.txt"), "--checkpoint", at("newer.txt"), "--vkey", at("vkey.txt"))
	want := `whole: 4 streams, 7 entries, 0 erased, 0 documents, of store "ns"
checkpoint of belfry.example.com/test, size 2: holds for 3 entries of 2 streams
checkpoint of belfry.example.com/test, size 4: holds for 5 entries of 3 streams
`
	if out != want {
		t.Errorf("got\n%s\nwant\n%s", out, want)
	}
	out = ran(t, exitOK, "verify", at("export.jsonl"))
	if !strings.Contains(out, "no checkpoint: what was cut off at the end") {
		t.Errorf("without a checkpoint it says\n%s", out)
	}
	// A key for another file than the note that it signed.
	out = ran(t, exitFailed, "verify", at("export.jsonl"), "--checkpoint", at("export.jsonl"), "--vkey", at("vkey.txt"))
	if !strings.Contains(out, "BROKEN, 1 fault") {
		t.Error(out)
	}
}

func TestVerifyCannotRun(t *testing.T) {
	at := func(name string) string { return filepath.Join(vectorsDir, name) }
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"verify"}, "a file is missing"},
		{[]string{"verify", "nowhere.jsonl"}, "no such file"},
		{[]string{"verify", at("export.jsonl"), "--vkey", at("vkey.txt")}, "--checkpoint and --vkey come together"},
		{[]string{"verify", at("export.jsonl"), "--checkpoint", at("newer.txt"), "--vkey", "key"}, "it has not three parts"},
		{[]string{"verify", at("export.jsonl"), "--checkpoint", "nowhere.txt", "--vkey", "key"}, "no such file"},
		{[]string{"evidence", at("export.jsonl")}, "--key says which alert"},
		{[]string{"evidence", at("export.jsonl"), "--key", "a", "--format", "ocsf"}, "it writes all alerts"},
		{[]string{"evidence", at("export.jsonl"), "--key", "nothing"}, `no such alert: key "nothing"; it has a#1, b c#1`},
		{[]string{"evidence", at("export.jsonl"), "--key", "a", "--incarnation", "2"}, "incarnation 2"},
	} {
		var out, talk bytes.Buffer
		if code := run(tt.args, strings.NewReader(""), &out, &talk); code != exitUnable || !strings.Contains(talk.String(), tt.want) {
			t.Errorf("belfry %s: exit %d, %s; want %d, %q", strings.Join(tt.args, " "), code, &talk, exitUnable, tt.want)
		}
	}
}
