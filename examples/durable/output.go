package main

import (
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/belfry-go/belfry/escalation/engine"
	"github.com/belfry-go/belfry/notify"
)

// output prints whole lines, from whichever goroutine.
type output struct {
	mu sync.Mutex
	w  io.Writer
}

func (o *output) printf(format string, args ...any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	_, _ = fmt.Fprintf(o.w, format, args...) // a pager that cannot print has nobody to say so to
}

// tell is the example's pager: it prints.
func (o *output) tell(_ context.Context, n notify.Notification) (notify.Receipt, error) {
	for _, it := range n.Alerts {
		o.printf("page %s %s: %s %s of tier %q for %s (attempt %d)\n", it.ID, n.At.Time().Format("15:04:05.000"), n.Kind, n.To, it.Tier, it.Name(), n.Attempt)
	}
	return notify.Receipt{}, nil
}

// record prints what the engine has committed, an event a line.
func (o *output) record(r engine.Record) {
	for _, l := range r.Lines()[:1] {
		o.printf("record %s: %s %s%s%s%s\n", r.ID, l.Event, l.Verdict, with(" ", l.Result), with(" by ", l.By), with(", ", l.Text))
	}
}

func with(before, text string) string {
	if text == "" {
		return ""
	}
	return before + text
}
