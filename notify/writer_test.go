package notify_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

func TestWriterLine(t *testing.T) {
	digest := page()
	digest.Attempt = 3
	digest.Alerts = append(digest.Alerts, item("b", policy.P3, policy.SeverityLow))
	digest.Alerts[1].Text, digest.Alerts[1].Alert = "disable-key was held", nil
	resort := page()
	resort.Kind, resort.To, resort.Via = notify.KindLastResort, policy.Target{ID: "last-resort"}, ""
	odd := page()
	odd.ID, odd.Via, odd.At = "a b", "\u202epush", policy.Never
	odd.Alerts[0].Key, odd.Alerts[0].Alert.Summary = "k\nP1 forged", "say \"hi\"\n\xff"
	tests := []struct {
		name string
		n    notify.Notification
		want string
	}{
		{"page", page(), `2026-03-10T14:00:00Z page user:alice via push: P2 db/main#1 triggered initial "rotation failed 3 times" id=ns:db/main#1/4/0`},
		{"digest", digest, `2026-03-10T14:00:00Z page user:alice via push: 2 alerts: P2 db/main#1 triggered initial "rotation failed 3 times"; P3 b#1 triggered initial "disable-key was held" id=ns:db/main#1/4/0 attempt=3`},
		{"last resort", resort, `2026-03-10T14:00:00Z last_resort last-resort via default: P2 db/main#1 triggered initial "rotation failed 3 times" id=ns:db/main#1/4/0`},
		{"odd", odd, `never page user:alice via "\u202epush": P2 "k\nP1 forged#1" triggered initial "say \"hi\"\n\xff" id="a b"`},
		{"empty", notify.Notification{}, `1970-01-01T00:00:00Z "" "" via default: 0 alerts: id=""`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b strings.Builder
			if _, err := notify.Writer(&b).Notify(t.Context(), tt.n); err != nil {
				t.Fatal(err)
			}
			if got := b.String(); got != tt.want+"\n" {
				t.Errorf("line\n got %q\nwant %q", got, tt.want+"\n")
			}
		})
	}
}

// oneWriter fails on an overlap of writes and on a write that is not one line.
type oneWriter struct {
	mu    sync.Mutex
	t     *testing.T
	lines int
}

func (w *oneWriter) Write(p []byte) (int, error) {
	if !w.mu.TryLock() {
		w.t.Error("two writes overlap")
		return len(p), nil
	}
	defer w.mu.Unlock()
	w.lines++
	if bytes.Count(p, []byte("\n")) != 1 || p[len(p)-1] != '\n' {
		w.t.Errorf("write of %q; want one line", p)
	}
	return len(p), nil
}

func TestWriterWritesLineByLine(t *testing.T) {
	w := &oneWriter{t: t}
	n := notify.Writer(w)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if _, err := n.Notify(context.Background(), page()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if w.lines != 50 {
		t.Errorf("%d lines; want 50", w.lines)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestWriterFailures(t *testing.T) {
	boom := errors.New("disk full")
	for name, tt := range map[string]struct {
		w    writerFunc
		want error
	}{
		"error": {func([]byte) (int, error) { return 0, boom }, boom},
		"short": {func(p []byte) (int, error) { return len(p) - 1, nil }, io.ErrShortWrite},
	} {
		_, err := notify.Writer(tt.w).Notify(t.Context(), page())
		if class, _ := notify.Classify(err); class != notify.ClassTemporary || !errors.Is(err, tt.want) {
			t.Errorf("%s: class %v, %v; want temporary, %v", name, class, err, tt.want)
		}
	}
}

// TestWriterWaitsNoLongerThanItsContext: behind a write that hangs, others fail
// when their time is over.
func TestWriterWaitsNoLongerThanItsContext(t *testing.T) {
	hung, free := make(chan bool), make(chan bool)
	n := notify.Writer(writerFunc(func(p []byte) (int, error) {
		hung <- true
		<-free
		return len(p), nil
	}))
	done := make(chan error, 1)
	go func() {
		_, err := n.Notify(context.Background(), page())
		done <- err
	}()
	<-hung
	ctx, cancel := context.WithCancel(t.Context())
	second := make(chan error, 1)
	go func() {
		_, err := n.Notify(ctx, page())
		second <- err
	}()
	cancel()
	if err := <-second; !errors.Is(err, context.Canceled) {
		t.Errorf("the second: %v; want cancelled", err)
	}
	free <- true
	if err := <-done; err != nil {
		t.Errorf("the first: %v", err)
	}
}

func FuzzWriterLine(f *testing.F) {
	f.Add("db/main", "rotation failed", "push", "alice", "id")
	f.Add("k\nP1", "\r\n\u2028\u0085", "\u202e", "a;b", "\xff\xfe")
	f.Add(strings.Repeat("x", 300), strings.Repeat("é", 600), "", "", "")
	f.Fuzz(func(t *testing.T, key, summary, via, user, id string) {
		n := page()
		n.ID, n.Via, n.To = id, via, policy.User(user)
		n.Alerts[0].Key, n.Alerts[0].Alert.Summary, n.Alerts[0].Text = key, summary, summary
		var b bytes.Buffer
		if _, err := notify.Writer(&b).Notify(t.Context(), n); err != nil {
			t.Fatal(err)
		}
		line, ok := bytes.CutSuffix(b.Bytes(), []byte("\n"))
		if !ok || !utf8.Valid(line) || len(line) > 20_000 {
			t.Fatalf("line %q: no end, not UTF-8, or too long", line)
		}
		for _, r := range string(line) {
			if !unicode.IsPrint(r) {
				t.Fatalf("line %q has an unprintable %U", line, r)
			}
		}
	})
}

func TestSlog(t *testing.T) {
	leaked := page()
	leaked.Kind, leaked.Alerts[0].Alert.Kind = notify.KindNotice, policy.SecretLeaked
	resort := page()
	resort.Kind = notify.KindLastResort
	over := page()
	over.Kind = notify.KindOver
	for _, tt := range []struct {
		n     notify.Notification
		level string
	}{{page(), "WARN"}, {leaked, "ERROR"}, {resort, "ERROR"}, {over, "INFO"}} {
		var b strings.Builder
		if _, err := notify.Slog(slog.New(slog.NewTextHandler(&b, nil))).Notify(t.Context(), tt.n); err != nil {
			t.Fatal(err)
		}
		want := `time=2026-03-10T14:00:00.000Z level=` + tt.level + ` msg=notification id=ns:db/main#1/4/0 kind=` + tt.n.Kind.String() +
			` to=user:alice via=push attempt=1 alerts="[P2 db/main#1 triggered initial \"rotation failed 3 times\"]"` + "\n"
		if b.String() != want {
			t.Errorf("log\n got %s\nwant %s", b.String(), want)
		}
	}
}

func TestSlogIsNoDeliveryWhenNobodySeesIt(t *testing.T) {
	quiet := slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelError}))
	_, err := notify.Slog(quiet).Notify(t.Context(), page())
	if class, _ := notify.Classify(err); class != notify.ClassPermanent {
		t.Errorf("below the logger's level: class %v (%v); want permanent", class, err)
	}
	full := slog.New(slog.NewTextHandler(writerFunc(func([]byte) (int, error) { return 0, errors.New("disk full") }), nil))
	_, err = notify.Slog(full).Notify(t.Context(), page())
	if class, _ := notify.Classify(err); class != notify.ClassTemporary {
		t.Errorf("the handler failed: class %v (%v); want temporary", class, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := notify.Slog(nil).Notify(ctx, page()); !errors.Is(err, context.Canceled) {
		t.Errorf("with a done context: %v; want cancelled", err)
	}
}
