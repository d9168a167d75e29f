package engine

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// hopping is a clock that stands until it is set, without the pause that a Mock
// makes at each hop.
type hopping struct {
	*clock.Mock
	mu sync.Mutex
	at time.Time
}

var epoch = time.Date(2026, 3, 10, 14, 0, 0, 0, time.UTC)

func newHopping() *hopping { return &hopping{Mock: clock.NewMock(), at: epoch} }

func (h *hopping) Now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at
}

func (h *hopping) set(at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = at
}

// outcome is what a scripted notifier answers.
type outcome struct {
	err   error
	after time.Duration
}

// scripted is a notifier that notes what it is told, and answers as it is
// scripted to, by recipient and channel.
type scripted struct {
	clock  clock.Clock
	mu     sync.Mutex
	lines  []string
	seen   []notify.Notification
	answer func(n notify.Notification) outcome
}

func (s *scripted) NotifyTimed(_ context.Context, n notify.Notification) (notify.Receipt, time.Duration, error) {
	s.mu.Lock()
	keys := make([]string, len(n.Alerts))
	for i, it := range n.Alerts {
		keys[i] = it.Name()
	}
	line := fmt.Sprintf("+%v %s %s via %s %s %s", s.clock.Now().Sub(epoch), n.Kind, n.To, n.Via, strings.Join(keys, ","), n.Alerts[0].Reason)
	if n.Attempt > 1 {
		line += fmt.Sprintf(" attempt %d", n.Attempt)
	}
	n.Alerts = slices.Clone(n.Alerts) // it is shared, and kept here
	s.lines, s.seen = append(s.lines, line), append(s.seen, n)
	answer := s.answer
	s.mu.Unlock()
	var o outcome
	if answer != nil {
		o = answer(n)
	}
	return notify.Receipt{ProviderID: n.ID}, o.after, o.err
}

func (s *scripted) Notify(ctx context.Context, n notify.Notification) (notify.Receipt, error) {
	r, _, err := s.NotifyTimed(ctx, n)
	return r, err
}

func (s *scripted) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.lines
	s.lines = nil
	return l
}

// bench is an engine on a hopping clock, and all that it is plugged into.
type bench struct {
	t     *testing.T
	e     *Engine
	clock *hopping
	out   *scripted
	last  *scripted
	recs  []Record
}

// document parses a policy document.
func docOf(t testing.TB, json string) *policy.Document {
	t.Helper()
	doc, err := policy.Parse("test.json", []byte(json))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func newBench(t *testing.T, doc string, change ...func(*Config)) *bench {
	t.Helper()
	c := newHopping()
	b := &bench{t: t, clock: c, out: &scripted{clock: c}, last: &scripted{clock: c}}
	cfg := Config{
		Policies: docOf(t, doc), Notifier: b.out, LastResort: b.last, Clock: c,
		Salt:      rand.NewChaCha8([32]byte{1}),
		Subscribe: func(r Record) { b.recs = append(b.recs, r) },
	}
	for _, f := range change {
		f(&cfg)
	}
	e, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	b.e = e
	return b
}

// to hops from deadline to deadline until so long after the epoch.
func (b *bench) to(d time.Duration) {
	b.t.Helper()
	end := policy.InstantOf(epoch.Add(d))
	for {
		if err := b.e.Settle(b.t.Context()); err != nil {
			b.t.Fatal(err)
		}
		next := b.e.Next()
		if next > end {
			b.clock.set(end.Time())
			return
		}
		b.clock.set(next.Time())
	}
}

// must fails the test unless the verdict is the wanted one.
func (b *bench) must(want string) func(Result, error) Result {
	return func(r Result, err error) Result {
		b.t.Helper()
		if err != nil {
			b.t.Fatal(err)
		}
		if r.Verdict.String() != want {
			b.t.Errorf("verdict %s; want %s", r.Verdict, want)
		}
		return r
	}
}

func (b *bench) trigger(a policy.Alert, details ...Detail) Result {
	b.t.Helper()
	r, err := b.e.Trigger(b.t.Context(), a, By(policy.Service("test")), details...)
	return b.must("applied")(r, err)
}

// told checks what was sent since the last time, and to the last resort.
func (b *bench) told(want ...string) {
	b.t.Helper()
	b.lines(b.out, want)
}

// recorded reports whether some record so far is as wanted.
func (b *bench) recorded(want func(Record) bool) bool { return slices.ContainsFunc(b.recs, want) }

func (b *bench) lines(s *scripted, want []string) {
	b.t.Helper()
	got := s.take()
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		b.t.Errorf("sent:\n%s\nwant:\n%s", g, w)
	}
}

var (
	alice = By(policy.User("alice"))
	bob   = By(policy.User("bob"))
)

// ladder is a policy of two tiers.
const ladder = `{"version": 1, "policies": [{"name": "p", "priority": "P3", "tiers": [
	{"name": "one", "notify": ["user:alice"], "wait": "5m"},
	{"name": "two", "notify": ["user:bob"], "wait": "10m"}]}]}`

func alertOf(key string) policy.Alert {
	return policy.Alert{
		Key: key, Kind: policy.RotationFailed, Severity: policy.SeverityHigh, BlastRadius: policy.BlastService,
		Identity: policy.Identity{ID: "svc-" + key, Criticality: policy.CriticalityMedium},
	}
}

var _ escalation.Directory = (*asker)(nil)
