package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/benbjohnson/clock"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/audit"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// vault is a sink that keeps what it is given, as long as it is open.
type vault struct {
	mu      sync.Mutex
	shut    bool
	kept    map[string][]audit.Entry // by stream
	head    map[string]audit.Head
	again   int // entries that came a second time
	problem string
}

var errShut = errors.New("the vault is shut: https://u:CANARY@vault.example/CANARY")

func newVault() *vault {
	return &vault{kept: map[string][]audit.Entry{}, head: map[string]audit.Head{}}
}

// Append takes what follows on from what it has, and passes over what it has.
func (v *vault) Append(_ context.Context, batch []audit.Entry) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.shut {
		return errShut
	}
	for _, x := range batch {
		h := v.head[x.Name()]
		h.Stream = x.Name()
		if x.Seq <= h.Seq {
			if old := v.kept[h.Stream][x.Seq-1]; old.Hash != x.Hash {
				v.problem = fmt.Sprintf("entry %d of %s came as %s and as %s", x.Seq, h.Stream, old.Hash, x.Hash)
			}
			v.again++
			continue
		}
		if err := audit.Follows(h, x); err != nil {
			v.problem = err.Error()
			return err
		}
		v.kept[h.Stream] = append(v.kept[h.Stream], x)
		v.head[h.Stream] = audit.Head{Stream: h.Stream, Seq: x.Seq, At: x.At, Hash: x.Hash}
	}
	return nil
}

func (v *vault) set(shut bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.shut = shut
}

func (v *vault) seq(stream string) uint64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.head[stream].Seq
}

// missing says what of a store the vault has not; "" nothing.
func (v *vault) missing(t testing.TB, s store.Store) string {
	t.Helper()
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.problem != "" {
		return v.problem
	}
	var snap store.Snapshot
	for stream, err := range s.Streams(t.Context(), store.StreamQuery{}) {
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Load(t.Context(), stream, &snap); err != nil {
			t.Fatal(err)
		}
		if h := v.head[stream]; h.Hash != audit.Hash(snap.Hash) && !strings.HasPrefix(stream, evidenceStreams) {
			return fmt.Sprintf("%s stands at %d, and the sink has %d", stream, snap.Seq, h.Seq)
		}
	}
	return ""
}

// asymmetric closes a gate and acts at once, and gives back at the resolve.
const asymmetric = `{"version": 1, "directory": {"people": {"alice": {}, "bob": {}}},
	"authority": {"verify": ["user:alice"]},
	"policies": [{"name": "p", "priority": "P3",
	"tiers": [{"name": "one", "notify": ["user:alice"], "wait": "5m"}, {"name": "two", "notify": ["user:bob"], "wait": "10m"}],
	"actions": [{"run": "disable", "at": "open + 1m", "mode": "auto"}, {"run": "enable", "at": "resolved", "mode": "auto"}],
	"gates": [{"name": "g", "operations": ["deploy"], "close": "open + 2m"}]}]}`

// done are the actions that were carried out.
type done struct {
	mu  sync.Mutex
	ran []string
	on  func(run string)
}

func (d *done) action() Action {
	return ActionFunc(func(_ context.Context, r ActionRequest) (ActionResult, error) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.ran = append(d.ran, r.Run)
		if d.on != nil {
			d.on(r.Run)
		}
		return ActionResult{}, nil
	})
}

func (d *done) actions() map[string]Action {
	return map[string]Action{"disable": d.action(), "enable": d.action()}
}

// Everything that is committed reaches the sink, in order.
func TestEvidenceIsFed(t *testing.T) {
	v, kept := newVault(), store.NewMemory()
	b := newBench(t, storyDoc, func(c *Config) { c.Store, c.Evidence = kept, v })
	b.trigger(alertOf("db"))
	b.to(h)
	r, err := b.e.Silence(t.Context(), SilenceRequest{Name: "q", Match: []string{"key = other"}, For: h, Reason: "drill"}, bob)
	b.must("applied")(r, err)
	b.to(2 * h)
	if what := v.missing(t, kept); what != "" {
		t.Error(what)
	}
	if v.again != 0 {
		t.Errorf("%d entries came twice", v.again)
	}
	if b.e.Stats().Unevidenced != 0 || b.e.Next() <= b.e.now() {
		t.Errorf("%+v, next %s", b.e.Stats(), b.e.Next())
	}
	if len(v.kept) < 3 {
		t.Errorf("the sink has %d streams", len(v.kept))
	}
}

// While the sink takes nothing, pages and what protects go on; what gives back
// waits; the last resort is told once. When it is back, everything goes on.
func TestEvidenceUnavailable(t *testing.T) {
	v, kept, did := newVault(), store.NewMemory(), &done{}
	b := newBench(t, asymmetric, func(c *Config) { c.Store, c.Evidence, c.Actions = kept, v, did.actions() })
	if b.e.Check("svc-db", "deploy").Allowed() {
		t.Fatal("the board is not loaded, and allows")
	}
	b.to(0)
	v.set(true)
	b.trigger(alertOf("db"))
	b.to(90 * s)
	b.told("+0s page user:alice via default db#1 initial")
	b.lines(b.last, []string{"+31s last_resort last-resort via default belfry/main#0 evidence_unavailable"})
	if n := b.last.seen[0]; strings.Contains(n.Alerts[0].Text, "CANARY") {
		t.Errorf("the secret of an error is told: %s", n.Alerts[0].Text)
	}
	if !b.e.Check("svc-db", "deploy").Allowed() {
		t.Error("the gate is shut before its time")
	}
	b.to(6 * m)
	b.told("+5m0s page user:bob via default db#1 no_ack_timeout")
	if d := b.e.Check("svc-db", "deploy"); d.Decision != escalation.Deny {
		t.Errorf("%+v; want the gate shut without the sink", d)
	}
	if !slices.Equal(did.ran, []string{"disable"}) {
		t.Errorf("ran %v; want disable", did.ran)
	}
	r, err := b.e.Resolve(t.Context(), "db", alice, "fixed")
	b.must("applied")(r, err)
	b.to(20 * m)
	d := b.e.Check("svc-db", "deploy")
	if d.Decision != escalation.Deny || !strings.Contains(d.Reason(), "waits for the evidence") {
		t.Errorf("%v %q; want the gate shut while the evidence is not taken", d.Decision, d.Reason())
	}
	if !slices.Equal(did.ran, []string{"disable"}) {
		t.Errorf("ran %v; want nothing given back", did.ran)
	}
	b.lines(b.last, nil) // once

	// A restart forgets none of it.
	again := newBench(t, asymmetric, func(c *Config) { c.Store, c.Evidence, c.Actions = kept, v, did.actions() })
	again.clock.set(epoch.Add(21 * m))
	again.to(21 * m)
	if d := again.e.Check("svc-db", "deploy"); d.Allowed() {
		t.Error("after a restart the gate is open")
	}
	again.lines(again.last, nil)

	v.set(false)
	again.to(25 * m)
	if d := again.e.Check("svc-db", "deploy"); !d.Allowed() {
		t.Errorf("%v %q; want the gate open", d.Decision, d.Reason())
	}
	if !slices.Equal(did.ran, []string{"disable", "enable"}) {
		t.Errorf("ran %v; want enable at last", did.ran)
	}
	if what := v.missing(t, kept); what != "" {
		t.Error(what)
	}
	again.lines(again.last, nil)
	var said []string
	for e, err := range kept.History(t.Context(), "evidence/main", 0) {
		if err != nil {
			t.Fatal(err)
		}
		rec, err := escalation.DecodeRecord(e.Body)
		if err != nil {
			t.Fatal(err)
		}
		if rec.Event.Text != "" {
			said = append(said, rec.Event.Text)
		}
	}
	if len(said) != 2 || !strings.HasPrefix(said[0], "evidence_unavailable: ") || !strings.Contains(said[1], "takes again") || strings.Contains(said[0], "CANARY") {
		t.Errorf("the history says %q", said)
	}
}

// The kill switch lets go when the sink has its release; it stops at once.
func TestEvidenceOfTheKillSwitch(t *testing.T) {
	v, did := newVault(), &done{}
	b := newBench(t, asymmetric, func(c *Config) { c.Evidence, c.Actions = v, did.actions() })
	b.to(0)
	r, err := b.e.StopActions(t.Context(), alice, "drill")
	b.must("applied")(r, err)
	b.trigger(alertOf("db"))
	b.to(2 * m)
	v.set(true)
	for _, who := range []escalation.Author{alice, bob} {
		r, err := b.e.ReleaseActions(t.Context(), who, "over")
		b.must("applied")(r, err)
	}
	b.to(10 * m)
	if len(did.ran) > 0 {
		t.Errorf("ran %v before the release was taken", did.ran)
	}
	b.trigger(alertOf("other"))
	b.to(15 * m)
	if len(did.ran) > 0 {
		t.Errorf("ran %v before the release was taken", did.ran)
	}
	v.set(false)
	b.to(20 * m)
	if !slices.Equal(did.ran, []string{"disable", "disable"}) {
		t.Errorf("ran %v; want both", did.ran)
	}
	v.set(true) // and what protects does not wait for what was said of the switch since
	b.trigger(alertOf("third"))
	b.to(25 * m)
	if len(did.ran) != 3 {
		t.Errorf("ran %v; want a third", did.ran)
	}
}

// Every fifth operation of the store fails once, as a fault and as a crash: the sink
// has everything in the end, and nothing out of its order.
func TestEvidenceCrashPoints(t *testing.T) {
	tell := func(at int, after, once bool) (*story, *vault) {
		v := newVault()
		s := newStory(t)
		s.change = func(c *Config) { c.Evidence = v }
		s.boot()
		s.store.n, s.store.at, s.store.after, s.store.once = 0, at, after, once
		s.tell()
		s.to(50 * m)
		s.store.at = 0 // what failed last is tried again
		s.to(52 * m)
		return s, v
	}
	whole, v := tell(0, false, false)
	total := whole.store.n
	t.Logf("%d operations, %d entries twice", total, v.again)
	for at := 1; at <= total; at += 5 {
		for _, kind := range [][2]bool{{false, false}, {true, false}, {false, true}, {true, true}} {
			s, v := tell(at, kind[0], kind[1])
			if what := v.missing(t, s.store.Store); what != "" {
				t.Fatalf("operation %d, after %v, once %v: %s", at, kind[0], kind[1], what)
			}
		}
	}
}

// A sink that hangs delays no page.
func TestEvidenceBesideAHungSink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := make(chan string, 8)
		free := make(chan struct{})
		e, err := New(Config{
			Policies: docOf(t, ladder), Clock: clock.New(),
			Notifier: notify.NotifierFunc(func(_ context.Context, n notify.Notification) (notify.Receipt, error) {
				told <- n.To.String()
				return notify.Receipt{}, nil
			}),
			LastResort: notify.NotifierFunc(func(_ context.Context, n notify.Notification) (notify.Receipt, error) {
				told <- n.Alerts[0].Reason.String()
				return notify.Receipt{}, nil
			}),
			Evidence: audit.SinkFunc(func(context.Context, []audit.Entry) error { <-free; return nil }),
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() {
			if err := e.Run(ctx); err != nil {
				t.Error(err)
			}
		})
		if _, err := e.Trigger(ctx, alertOf("db"), By(policy.Service("test"))); err != nil {
			t.Error(err)
		}
		for _, want := range []string{"user:alice", "evidence_unavailable", "user:bob"} {
			if got := <-told; got != want {
				t.Errorf("told %s; want %s", got, want)
			}
		}
		close(free)
		cancel()
		running.Wait()
	})
}
