package main

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/belfry-go/belfry/escalation/audit"
)

// evidence reports on one alert of an export.
func (t *tool) evidence(args []string) int {
	f := t.newFlags("evidence", "md", "html", "json", "ocsf")
	var tf trustFlags
	tf.register(f)
	key := f.String("key", "", "the alert's `key`")
	incarnation := f.Uint64("incarnation", 0, "which alert of the key, by its `number` (default the last)")
	rest, code, ok := f.begin(args, 1, 1)
	if !ok {
		return code
	}
	out, whole, err := t.report(rest[0], *key, *incarnation, &tf, f.format)
	if err != nil {
		t.sayf("belfry evidence: %v", err)
		return exitUnable
	}
	if code := t.write(out); code != exitOK {
		return code
	}
	if !whole {
		t.sayf("belfry evidence: %s is broken; belfry verify says where", rest[0])
		return exitFailed
	}
	return exitOK
}

func (t *tool) report(name, key string, incarnation uint64, tf *trustFlags, format string) (string, bool, error) {
	trust, err := tf.trust(t)
	if err != nil {
		return "", false, err
	}
	if (key == "") != (format == "ocsf") {
		return "", false, errors.New("--key says which alert the report is about; the format ocsf takes none, it writes all alerts")
	}
	src, err := t.open(name)
	if err != nil {
		return "", false, err
	}
	defer func() { _ = src.Close() }() // it was only read
	var b bytes.Buffer
	if format == "ocsf" {
		v, err := audit.WriteOCSF(src, &b)
		if err != nil {
			return "", false, err
		}
		return b.String(), v.Whole(), nil
	}
	r, err := audit.NewReport(src, key, incarnation, trust)
	if err != nil {
		return "", false, fmt.Errorf("%s: %w", name, err)
	}
	switch format {
	case "html":
		err = r.WriteHTML(&b)
	case "json":
		err = r.WriteJSON(&b)
	default:
		err = r.WriteMarkdown(&b)
	}
	return b.String(), r.Integrity.Whole, err
}
