package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/belfry-go/belfry/escalation/escalationtest"
)

func (t *tool) simulate(args []string) int {
	f := t.newFlags("simulate", "text", "json")
	var s story
	s.register(f)
	records := f.Bool("records", false, "in text, show every record, not only what people see")
	rest, code, ok := f.begin(args, 1, 1)
	if !ok {
		return code
	}
	sim, err := s.simulation(t, rest[0])
	if err != nil {
		t.sayf("belfry simulate: %v", err)
		return exitUnable
	}
	line, err := escalationtest.Simulate(context.Background(), sim)
	if err != nil {
		t.sayf("belfry simulate: %v", err)
		return exitUnable
	}
	var b bytes.Buffer
	if f.format == "json" {
		err = line.WriteJSON(&b)
	} else {
		b.WriteString(timeline(line, *records))
	}
	if err != nil {
		t.sayf("belfry simulate: %v", err)
		return exitUnable
	}
	return t.write(b.String())
}

// timeline writes what people see of a simulation, or every record.
func timeline(tl *escalationtest.Timeline, records bool) string {
	var b strings.Builder
	for i := range tl.Seen {
		s := &tl.Seen[i]
		if s.Type == escalationtest.SeenRecord && !records {
			continue
		}
		fmt.Fprintf(&b, "%-10s %s %s\n", s.At, tl.Start.Add(s.At).Time().Format("2006-01-02 15:04:05"), s)
	}
	if b.Len() == 0 {
		b.WriteString("nothing happens\n")
	}
	return b.String()
}

// jsonLine writes one value as a line of JSON.
func jsonLine(v any) (string, error) {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return b.String(), err
}
