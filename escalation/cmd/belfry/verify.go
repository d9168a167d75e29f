package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/belfry-go/belfry/escalation/audit"
)

// trustFlags are the flags of what is known from elsewhere than an export.
type trustFlags struct {
	checkpoints, keys list
}

func (tf *trustFlags) register(f *flags) {
	f.Var(&tf.checkpoints, "checkpoint", "a signed checkpoint that the export must agree with, a `file`; may be given several times")
	f.Var(&tf.keys, "vkey", "the verifier `key` of who signs checkpoints, name+hash+base64, or a file that holds it; may be given several times")
}

// trust reads the checkpoints and keys.
func (tf *trustFlags) trust(t *tool) (audit.Trust, error) {
	var tr audit.Trust
	if (len(tf.checkpoints) > 0) != (len(tf.keys) > 0) {
		return tr, errors.New("--checkpoint and --vkey come together: a checkpoint is worth the key that signed it")
	}
	for _, name := range tf.checkpoints {
		note, err := t.readFile(name)
		if err != nil {
			return tr, err
		}
		tr.Checkpoints = append(tr.Checkpoints, note)
	}
	for _, key := range tf.keys {
		text, err := os.ReadFile(key)
		switch {
		case err == nil:
			key = string(text)
		case !errors.Is(err, fs.ErrNotExist):
			return tr, err
		}
		tr.Keys = append(tr.Keys, strings.TrimSpace(key))
	}
	return tr, nil
}

// verify says whether an export is whole.
func (t *tool) verify(args []string) int {
	f := t.newFlags("verify", "text", "json")
	var tf trustFlags
	tf.register(f)
	rest, code, ok := f.begin(args, 1, 1)
	if !ok {
		return code
	}
	v, err := t.verified(rest[0], &tf)
	if err != nil {
		t.sayf("belfry verify: %v", err)
		return exitUnable
	}
	if code := t.write(verdictOf(v, f.format)); code != exitOK {
		return code
	}
	if !v.Whole() {
		return exitFailed
	}
	return exitOK
}

func (t *tool) verified(name string, tf *trustFlags) (*audit.Verification, error) {
	trust, err := tf.trust(t)
	if err != nil {
		return nil, err
	}
	src, err := t.open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = src.Close() }() // it was only read
	return audit.Verify(src, trust)
}

// open opens a file that may be large; "-" is standard input.
func (t *tool) open(name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(t.stdin), nil
	}
	return os.Open(name)
}

// verdictOf writes what a verification found.
func verdictOf(v *audit.Verification, format string) string {
	if format == "json" {
		out, err := json.Marshal(struct {
			Whole bool `json:"whole"`
			*audit.Verification
		}{v.Whole(), v})
		if err != nil {
			return err.Error()
		}
		return string(out) + "\n"
	}
	var b strings.Builder
	for _, fault := range v.Faults {
		fmt.Fprintf(&b, "%s\n", fault.Error())
	}
	state := "whole"
	if !v.Whole() {
		state = fmt.Sprintf("BROKEN, %d faults", len(v.Faults))
		if len(v.Faults) == 1 {
			state = "BROKEN, 1 fault"
		}
	}
	fmt.Fprintf(&b, "%s: %d streams, %d entries, %d erased, %d documents, of store %q\n", state, v.Streams, v.Entries, v.Erased, v.Documents, v.Namespace)
	for _, c := range v.Covered {
		fmt.Fprintf(&b, "checkpoint of %s, size %d: holds for %d entries of %d streams\n", c.Origin, c.Size, c.Entries, c.Streams)
	}
	if len(v.Covered) == 0 && v.Whole() {
		b.WriteString("no checkpoint: what was cut off at the end of a history, or made anew from there on, is not found\n")
	}
	return b.String()
}
