package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/audit"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

const erasable = `{"version": 1, "directory": {"people": {"alice": {}, "bob": {}, "carla.person": {}}}, "policies": [{"name": "p", "priority": "P3",
	"tiers": [{"name": "one", "notify": ["user:alice"], "wait": "5m"}, {"name": "two", "notify": ["user:bob"], "wait": "1d"}],
	"gates": [{"name": "g", "operations": ["deploy"], "close": "open"}]}]}`

// personal is an alert that names somebody wherever it can.
func personal(key string) policy.Alert {
	a := alertOf(key)
	a.Summary, a.Source = "carla.person pushed it", "carla.person's laptop"
	a.Labels = map[string]string{"author": "carla.person"}
	a.Links = []string{"https://a.example/carla.person"}
	a.Parties = []policy.Target{policy.User("carla.person")}
	a.Identity.Owner = policy.User("carla.person")
	return a
}

// stored is everything that a store has of a stream.
func stored(t *testing.T, s store.Store, stream string) string {
	t.Helper()
	var b bytes.Buffer
	var snap store.Snapshot
	if err := s.Load(t.Context(), stream, &snap); err != nil {
		t.Fatal(err)
	}
	b.Write(snap.State)
	b.Write(snap.Subject)
	for e, err := range s.History(t.Context(), stream, 0) {
		if err != nil {
			t.Fatal(err)
		}
		b.Write(e.Body)
	}
	return b.String()
}

func exportOf(t *testing.T, s store.Store) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := audit.Export(t.Context(), s, &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestErase(t *testing.T) {
	kept := store.NewMemory()
	b := newBench(t, erasable, func(c *Config) { c.Store = kept })
	b.trigger(personal("db"))
	b.to(6 * m)
	r, err := b.e.Erase(t.Context(), "db", 0, bob, "asked to")
	if !errors.Is(err, ErrNotOver) {
		t.Fatalf("an open alert: %+v, %v; want ErrNotOver", r, err)
	}
	r, err = b.e.Resolve(t.Context(), "db", alice, "carla.person fixed it")
	b.must("applied")(r, err)
	b.to(10 * m)
	if !strings.Contains(stored(t, kept, "alert/db#1"), "carla.person") {
		t.Fatal("the name is nowhere to be erased")
	}
	before := b.e.Stats().Open

	for _, tt := range []struct {
		by     escalation.Author
		reason string
		key    string
		want   string
	}{
		{By(policy.Service("cleaner")), "asked to", "db", "rejected(not_a_person)"},
		{bob, "", "db", "rejected(no_reason)"},
		{By(policy.User("mallory")), "asked to", "db", "rejected(not_authorised)"},
		{By(policy.User("carla.person")), "mine", "db", "rejected(party)"},
		{bob, "asked to", "nothing", "ignored(unknown)"},
		{bob, "asked to", "db", "applied"},
	} {
		r, err := b.e.Erase(t.Context(), tt.key, 0, tt.by, tt.reason)
		b.must(tt.want)(r, err)
	}
	if got := stored(t, kept, "alert/db#1"); strings.Contains(got, "carla") || strings.Contains(got, "alice") {
		t.Errorf("after the erasure the store has %q", got)
	}
	file := exportOf(t, kept)
	v, err := audit.Verify(bytes.NewReader(file), audit.Trust{})
	if err != nil || !v.Whole() || v.Erased == 0 {
		t.Errorf("%+v, %v; want whole, and some erased", v, err)
	}
	rep, err := audit.NewReport(bytes.NewReader(file), "db", 1, audit.Trust{})
	if err != nil {
		t.Fatal(err)
	}
	if len(rep.Erased) != v.Erased || rep.Integrity.Replayed || rep.Acts[0].By != "user:bob" || !strings.HasPrefix(rep.Acts[0].Words, fmt.Sprintf("asked to; erase alert/db#1 to entry %d, ", v.Erased)) {
		t.Errorf("the report shows %d erased of %d, acts %+v", len(rep.Erased), v.Erased, rep.Acts)
	}

	// The key goes on.
	if r := b.trigger(alertOf("db")); r.State.Incarnation != 2 || r.State.Status != escalation.StatusTriggered {
		t.Errorf("the next alert is %d, %s", r.State.Incarnation, r.State.Status)
	}
	if open := b.e.Stats().Open; open != before+1 {
		t.Errorf("%d are open; want %d", open, before+1)
	}
	b.to(20 * m)
	// So does another engine over the same store.
	again := newBench(t, erasable, func(c *Config) { c.Store = kept })
	again.clock.set(epoch.Add(21 * m))
	again.to(21 * m)
	r, err = again.e.Erase(t.Context(), "db", 1, bob, "once more")
	again.must("applied")(r, err)
	if d := again.e.Check("svc-db", "deploy"); d.Allowed() {
		t.Error("the gate of the second alert is open")
	}
}

// An alert with something still to come is not erased, whatever that is.
func TestEraseNotOver(t *testing.T) {
	b := newBench(t, erasable)
	b.trigger(personal("db"))
	b.to(m)
	// Whoever may not verify: the gate stays shut.
	r, err := b.e.Resolve(t.Context(), "db", By(policy.Service("stranger")), "")
	b.must("applied")(r, err)
	b.to(2 * m)
	if _, err := b.e.Erase(t.Context(), "db", 0, bob, "asked to"); !errors.Is(err, ErrNotOver) || !strings.Contains(err.Error(), "a gate of it says deny") {
		t.Errorf("error %v; want one about the gate", err)
	}

	b = newBench(t, ladder)
	b.out.answer = func(notify.Notification) outcome { return outcome{err: errors.New("busy")} }
	b.trigger(personal("db"))
	r, err = b.e.Resolve(t.Context(), "db", alice, "")
	b.must("applied")(r, err)
	if _, err := b.e.Erase(t.Context(), "db", 0, bob, "asked to"); !errors.Is(err, ErrNotOver) || !strings.Contains(err.Error(), "under way") {
		t.Errorf("error %v; want one about the message", err)
	}
}

// Every operation of the store fails once during an erasure; called again, it
// erases.
func TestEraseCrashPoints(t *testing.T) {
	for at := 1; ; at++ {
		kept := store.NewMemory()
		b := newBench(t, erasable, func(c *Config) { c.Store = kept })
		b.trigger(personal("db"))
		r, err := b.e.Resolve(t.Context(), "db", alice, "")
		b.must("applied")(r, err)
		b.to(m)
		faulty := &erasing{crashing{Store: kept, at: at, after: at%2 == 0}, kept}
		b = newBench(t, erasable, func(c *Config) { c.Store = faulty })
		b.clock.set(epoch.Add(m))
		if _, err = b.e.Erase(t.Context(), "db", 0, bob, "asked to"); err == nil {
			if at < 5 {
				t.Fatalf("%d operations", at)
			}
			return
		}
		if v, err := audit.Verify(bytes.NewReader(exportOf(t, kept)), audit.Trust{}); err != nil || !v.Whole() {
			t.Fatalf("operation %d: %+v, %v", at, v, err)
		}
		b = newBench(t, erasable, func(c *Config) { c.Store = kept })
		b.clock.set(epoch.Add(m))
		r, err = b.e.Erase(t.Context(), "db", 0, bob, "asked to")
		b.must("applied")(r, err)
		if strings.Contains(stored(t, kept, "alert/db#1"), "carla") {
			t.Errorf("operation %d: it was not erased", at)
		}
	}
}

// erasing is a crashing store that can erase.
type erasing struct {
	crashing
	eraser store.Eraser
}

func (e *erasing) Erase(ctx context.Context, stream string, to uint64) error {
	do, fail := e.step()
	if !do {
		return fail
	}
	return errors.Join(e.eraser.Erase(ctx, stream, to), fail)
}
