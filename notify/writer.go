package notify

import (
	"context"
	"fmt"
	"io"
)

// Writer returns a [Notifier] that writes each notification to w as one line
// of text, in one call to Write. It is made for a last resort:
//
//	2026-03-10T14:00:00Z page user:alice via push: P1 db/main#1 triggered initial "rotation failed" id=…
//
// Whatever an alert contains, a line stays one line: texts are quoted, and cut
// at some hundred bytes. Calls to w do not overlap. Each call to Writer returns
// a value of its own, which can be compared; a call waits for its turn no
// longer than its context lasts, but a Write that has begun cannot be ended.
//
// It panics on a nil w.
func Writer(w io.Writer) Notifier {
	if w == nil {
		panic("notify: Writer(nil)")
	}
	return &writer{w: w, turn: make(chan struct{}, 1)}
}

type writer struct {
	w    io.Writer
	turn chan struct{}
}

func (w *writer) Notify(ctx context.Context, n Notification) (Receipt, error) {
	if ctx.Err() != nil {
		return Receipt{}, unwritten(ctx)
	}
	select {
	case w.turn <- struct{}{}:
	case <-ctx.Done():
		return Receipt{}, unwritten(ctx)
	}
	defer func() { <-w.turn }()
	text := []byte(line(n) + "\n")
	switch k, err := w.w.Write(text); {
	case err != nil:
		return Receipt{}, Temporary(fmt.Errorf("write: %w", err))
	case k < len(text):
		return Receipt{}, Temporary(fmt.Errorf("write: %w", io.ErrShortWrite))
	}
	return Receipt{}, nil
}

func unwritten(ctx context.Context) error {
	return Temporary(fmt.Errorf("not written: %w", context.Cause(ctx)))
}
