// Package crashtest crashes an engine at each operation of its store, and looks
// whether anybody was not told.
//
//	func TestCrash(t *testing.T) {
//		crashtest.Suite{
//			New:    func(t testing.TB) store.Store { … },
//			Reopen: func(t testing.TB, s store.Store) store.Store { … },
//			Cases:  crashtest.Load(t, "testdata/*.test.yaml"),
//		}.Run(t)
//	}
//
// A scenario is a test of a policy, played by the real engine on a clock that
// hops. It is played once without a fault, which counts the operations, and
// then once for each operation and each way in which it may fail: not done, done
// without an answer, done in half; and the process gone before it, after it, and
// in the middle of it.
// A host that is told of an error says the same again; a process that is gone
// is a new engine over what the store holds. Then must hold:
//
//   - each message that was sent without a fault was sent, at least once;
//   - none was sent under two ids, and none was taken more than once but the one
//     that the fault interrupted, which was taken twice, under one id;
//   - each history verifies, and gives again, replayed, each alert's state, byte
//     for byte.
package crashtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/escalationtest"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/escalation/store/storetest"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// PointsVar is the environment variable that says how many points all suites of a
// run have together. Of more, some are taken, spread evenly.
const PointsVar = "BELFRY_CRASH"

// Suite is scenarios on a kind of store.
type Suite struct {
	// New makes an empty store.
	New func(testing.TB) store.Store
	// Reopen opens it again after a crash, without a word to the former. Nil:
	// the former goes on, as a database does.
	Reopen func(testing.TB, store.Store) store.Store
	// Cases are the scenarios. More are those that come when there are to be more
	// than twice the points of Cases. Of those of them that have actions, only
	// pages are compared: an action that a crash interrupts counts as failed, so
	// that other notices follow.
	Cases, More []*escalationtest.Case
	// Points is how many points there are at most; 0: all.
	Points int
	// Share is how many in a thousand of the points are this suite's where the
	// environment says how many there are, see PointsVar. 0: it is not asked.
	Share int
	// Wrap, if it is given, is put around the store under the faults: a seeded
	// bug that must be found.
	Wrap func(store.Store) store.Store
}

// Counts is what came of a run.
type Counts struct {
	Scenarios, Operations, Points int
	Messages                      int // due in the scenario, times its points
	Again                         int // taken again under their id
	Lost, Twice, Broken           []string
}

// String is one line.
func (c *Counts) String() string {
	return fmt.Sprintf("%d scenarios, %d operations of the store, %d points, %d messages: %d lost, %d told under two ids, %d histories broken; %d said again under their id",
		c.Scenarios, c.Operations, c.Points, c.Messages, len(c.Lost), len(c.Twice), len(c.Broken), c.Again)
}

// Load reads scenarios from test files, by patterns as [filepath.Glob] takes
// them.
func Load(t testing.TB, patterns ...string) []*escalationtest.Case {
	t.Helper()
	var cases []*escalationtest.Case
	for _, pattern := range patterns {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: no scenario (%v)", pattern, err)
		}
		for _, name := range names {
			f := escalationtest.Load(name)
			if f.Err != nil {
				t.Fatal(f.Err)
			}
			cases = append(cases, f.Cases...)
		}
	}
	return cases
}

// Run runs all and fails the test for what was lost, told twice or broken.
func (s Suite) Run(t *testing.T) {
	t.Helper()
	c := s.Count(t)
	for _, list := range [][]string{c.Lost, c.Twice, c.Broken} {
		for _, what := range list[:min(len(list), 10)] {
			t.Error(what)
		}
	}
	t.Log(c.String())
}

// Count runs all and returns what came of it.
func (s Suite) Count(t testing.TB) *Counts {
	t.Helper()
	c := &Counts{}
	limit := s.points(t)
	s.count(t, c, s.Cases, limit, false)
	all := c.Operations * len(storetest.AllFaults())
	if limit > 2*all && len(s.More) > 0 {
		s.count(t, c, s.More, limit-all, true)
	}
	return c
}

// count runs scenarios up to so many points; 0: all.
func (s Suite) count(t testing.TB, c *Counts, cases []*escalationtest.Case, limit int, more bool) {
	wholes := make([]*run, len(cases))
	total := 0
	for i, k := range cases {
		w := s.play(t, k, 0, storetest.FailBefore)
		if w.err != nil {
			t.Fatalf("%s: without a fault: %v", w.name, w.err)
		}
		c.Broken = append(c.Broken, w.broken...)
		w.pages = more && acts(k)
		wholes[i] = w
		total += w.ops
	}
	c.Scenarios += len(cases)
	c.Operations += total
	faults := storetest.AllFaults()
	all, n := total*len(faults), 0
	for i, k := range cases {
		for at := 1; at <= wholes[i].ops; at++ {
			for j := range faults {
				if n++; taken(n, limit, all) {
					// Turned with each operation, or every sixth would be the same.
					c.point(wholes[i], s.play(t, k, at, faults[(at+j)%len(faults)]))
				}
			}
		}
	}
}

// points is how many there may be; 0: all.
func (s Suite) points(t testing.TB) int {
	text := os.Getenv(PointsVar)
	if text == "" || s.Share == 0 {
		return s.Points
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s=%q is no number of points", PointsVar, text)
	}
	return n * s.Share / 1000
}

// taken reports whether point n, from 1, is among those that are limit of all,
// spread evenly; 0: it is.
func taken(n, limit, all int) bool {
	return limit <= 0 || limit >= all || n*limit/all != (n-1)*limit/all
}

// run is one scenario that was played.
type run struct {
	name   string
	until  time.Duration // what is first told later is not asked for
	ops    int
	told   []escalationtest.Told
	pages  bool // only they are asked for
	broken []string
	err    error
}

// play plays a scenario with one fault.
func (s Suite) play(t testing.TB, c *escalationtest.Case, at int, fault storetest.Fault) *run {
	st := s.New(t)
	base := st
	if s.Wrap != nil {
		base = s.Wrap(st)
	}
	f := storetest.NewFaults(base, at, fault)
	r := &run{name: fmt.Sprintf("%s: %s", filepath.Base(c.File), c.Name), until: c.Until}
	crashes := fault >= storetest.CrashBefore
	crashed := false
	r.told, r.err = c.PlayOn(t.Context(), f, func() store.Store {
		if !crashes || crashed || !f.Fired() {
			return nil
		}
		crashed = true
		if s.Reopen == nil {
			f.Restart()
			return f
		}
		if st = s.Reopen(t, st); s.Wrap != nil {
			return s.Wrap(st)
		}
		return st
	})
	r.ops = f.Ops()
	if at > 0 {
		r.name = fmt.Sprintf("%s: operation %d (%s) %s", r.name, at, f.Where(), fault)
	}
	if err := histories(t.Context(), st, documents(c)); err != nil {
		r.broken = append(r.broken, fmt.Sprintf("%s: %v", r.name, err))
	}
	return r
}

// point judges one point beside the scenario without a fault.
func (c *Counts) point(whole, r *run) {
	c.Points++
	c.Broken = append(c.Broken, r.broken...)
	if r.err != nil {
		c.Lost = append(c.Lost, fmt.Sprintf("%s: %v", r.name, r.err))
		return
	}
	sent, ids, want := map[string]int{}, map[string]int{}, map[string]int{}
	for _, told := range whole.told {
		if told.At <= whole.until {
			c.Messages++
		}
		want[told.What+told.Why]++
	}
	for _, told := range r.told {
		sent[told.What]++
		if told.Taken > 1 {
			c.Again += told.Taken - 1
		}
		if told.Taken > 2 {
			c.Twice = append(c.Twice, fmt.Sprintf("%s: %s was taken %d times", r.name, told.What, told.Taken))
		}
		ids[told.What+told.Why]++
		// Where an action was interrupted, what is told of that has no like.
		if n, usual := ids[told.What+told.Why], want[told.What+told.Why]; usual > 0 && n > usual {
			c.Twice = append(c.Twice, fmt.Sprintf("%s: %s (%s) was told under %d ids", r.name, told.What, told.Why, n))
		}
	}
	for _, told := range whole.told {
		if told.At > whole.until || whole.pages && !strings.HasPrefix(told.What, notify.KindPage.String()+" ") {
			continue
		}
		if sent[told.What]--; sent[told.What] == -1 {
			c.Lost = append(c.Lost, fmt.Sprintf("%s: %s (%s), due at %s", r.name, told.What, told.Why, told.At))
		}
	}
}

// acts reports whether a scenario has actions.
func acts(c *escalationtest.Case) bool {
	return slices.ContainsFunc(c.Document.Policies, func(p *policy.Policy) bool { return len(p.Actions) > 0 })
}

// documents are all that a case loads.
func documents(c *escalationtest.Case) map[policy.Digest]*policy.Document {
	docs := map[policy.Digest]*policy.Document{c.Document.Digest: c.Document}
	for i := range c.Steps {
		if d := c.Steps[i].Document; d != nil {
			docs[d.Digest] = d
		}
	}
	return docs
}

// histories verifies every stream, and replays every alert.
func histories(ctx context.Context, s store.Store, docs map[policy.Digest]*policy.Document) error {
	var errs []error
	for name, err := range s.Streams(ctx, store.StreamQuery{}) {
		if err != nil {
			return err
		}
		if err := history(ctx, s, name, docs); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

func history(ctx context.Context, s store.Store, name string, docs map[policy.Digest]*policy.Document) error {
	var snap store.Snapshot
	if err := s.Load(ctx, name, &snap); err != nil {
		return err
	}
	end, err := store.Verify(store.Genesis(name), s.History(ctx, name, 0))
	if err != nil {
		return err
	}
	if end != snap.Position {
		return fmt.Errorf("its history ends at %d, and it stands at %d", end.Seq, snap.Seq)
	}
	if !strings.HasPrefix(name, "alert/") {
		return nil
	}
	return replay(ctx, s, &snap, docs)
}

// replay makes an alert's state of its history, and compares it with the one
// that is kept.
func replay(ctx context.Context, s store.Store, snap *store.Snapshot, docs map[policy.Digest]*policy.Document) error {
	var kept escalation.State
	if err := escalation.DecodeState(snap.State, &kept); err != nil {
		return err
	}
	var failed error
	records := records(s.History(ctx, snap.Stream, 0), &failed)
	start := escalation.State{Key: kept.Key, Incarnation: kept.Incarnation}
	var others []*policy.Document
	for _, d := range docs {
		others = append(others, d)
	}
	// The document under which it opened is that of the one that replays it.
	err := errors.New("no document is at hand")
	for _, doc := range others {
		var got escalation.State
		if got, err = escalation.Replay(doc, start, records, others...); err == nil && failed == nil {
			if !bytes.Equal(escalation.AppendState(nil, &got), snap.State) {
				return fmt.Errorf("replayed, its state is another")
			}
			return nil
		}
	}
	return errors.Join(err, failed)
}

// records decodes entries.
func records(entries iter.Seq2[store.Entry, error], failed *error) iter.Seq[escalation.Record] {
	return func(yield func(escalation.Record) bool) {
		for e, err := range entries {
			if err != nil {
				*failed = err
				return
			}
			r, err := escalation.DecodeRecord(e.Body)
			if err != nil {
				*failed = err
				return
			}
			if !yield(r) {
				return
			}
		}
	}
}
