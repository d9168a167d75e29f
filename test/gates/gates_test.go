package gates

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/benbjohnson/clock"

	"github.com/belfry-go/belfry/escalation/engine"
	"github.com/belfry-go/belfry/escalation/gate"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

const document = `{"version": 1, "authority": {"verify": ["services"]}, "policies": [
	{"name": "p", "priority": "P3", "tiers": [{"name": "one", "notify": ["user:alice"], "wait": "9h"}],
		"gates": [{"name": "deploy", "operations": ["deploy"], "close": "open"}]}]}`

// doing is what a client does to the gate of a subject, or asks of it.
type doing struct {
	what    what
	subject string
}

type what string

const (
	shut what = "shut"
	open what = "open"
	ask  what = "ask"
)

// model is the gate of each subject: shut or not. A deny is always lawful, for
// doubt is no permission; an allow is lawful only while it is open.
func model() porcupine.Model {
	return porcupine.Model{
		Partition: func(history []porcupine.Operation) (parts [][]porcupine.Operation) {
			at := map[string]int{}
			for _, op := range history {
				subject := op.Input.(doing).subject
				if _, ok := at[subject]; !ok {
					at[subject] = len(parts)
					parts = append(parts, nil)
				}
				parts[at[subject]] = append(parts[at[subject]], op)
			}
			return parts
		},
		Init: func() any { return false },
		Step: func(isShut, in, allowed any) (bool, any) {
			switch in.(doing).what {
			case shut:
				return true, true
			case open:
				return true, false
			}
			return !(allowed.(bool) && isShut.(bool)), isShut
		},
		DescribeOperation: func(in, allowed any) string {
			if in.(doing).what == ask {
				return fmt.Sprintf("ask -> allowed %t", allowed)
			}
			return string(in.(doing).what)
		},
	}
}

// judge fails the test if no order of the operations explains what was answered.
func judge(t *testing.T, history []porcupine.Operation, want porcupine.CheckResult) {
	t.Helper()
	got, info := porcupine.CheckOperationsVerbose(model(), history, time.Minute)
	if got == want {
		return
	}
	t.Errorf("%d operations are %s; want %s", len(history), got, want)
	if path := t.ArtifactDir() + "/history.html"; porcupine.VisualizePath(model(), info, path) == nil {
		t.Logf("see %s", path)
	}
}

// standing is a clock that stands until it is set.
type standing struct {
	clock.Clock // the rest of it is not used
	at          atomic.Int64
}

func (c *standing) Now() time.Time { return time.UnixMicro(c.at.Load()).UTC() }

func newEngine(t *testing.T, c *standing, st store.Store, node string) *engine.Engine {
	t.Helper()
	doc, err := policy.Parse("p.json", []byte(document))
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.New(engine.Config{
		Policies: doc, Notifier: notify.Writer(io.Discard), LastResort: notify.Writer(io.Discard), Store: st, Clock: c, Node: node,
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	return e
}

// change shuts or opens the gate of a subject.
func change(ctx context.Context, e *engine.Engine, d doing) error {
	by := engine.By(policy.Service("rotator"))
	if d.what == open {
		_, err := e.Resolve(ctx, d.subject, by, "")
		return err
	}
	_, err := e.Trigger(ctx, policy.Alert{
		Key: d.subject, Kind: policy.RotationFailed, Severity: policy.SeverityLow, BlastRadius: policy.BlastService,
		Identity: policy.Identity{ID: d.subject, Criticality: policy.CriticalityLow},
	}, by)
	return err
}

// together has clients do and ask at once. The order of calls and returns is
// counted, not timed.
func together(t *testing.T, seed uint64, e *engine.Engine, check func(ctx context.Context, subject string) gate.Decision) (history []porcupine.Operation) {
	t.Helper()
	const clients, things, subjects = 6, 120, 3
	var count atomic.Int64
	histories := make([][]porcupine.Operation, clients)
	var all sync.WaitGroup
	for c := range clients {
		rnd := rand.New(rand.NewPCG(seed, uint64(c)))
		all.Go(func() {
			for range things {
				d := doing{[]what{shut, open, ask, ask, ask}[rnd.IntN(5)], fmt.Sprint("svc-", rnd.IntN(subjects))}
				op := porcupine.Operation{ClientId: c, Input: d, Call: count.Add(1), Output: false}
				if d.what == ask {
					op.Output = check(t.Context(), d.subject).Allowed()
				} else if err := change(t.Context(), e, d); err != nil {
					t.Error(err)
					return
				}
				op.Return = count.Add(1)
				histories[c] = append(histories[c], op)
			}
		})
	}
	all.Wait()
	for _, h := range histories {
		history = append(history, h...)
	}
	return history
}

// On the node that commits a deny nothing is allowed after it: once the verb has
// returned, whoever asks is denied.
func TestNoStaleAllowOnTheNode(t *testing.T) {
	for seed := range uint64(20) {
		e := newEngine(t, &standing{}, store.NewMemory(), "")
		judge(t, together(t, seed, e, func(_ context.Context, subject string) gate.Decision { return e.Check(subject, "deploy") }), porcupine.Ok)
	}
}

// Strictly it is so on every node.
func TestNoStaleAllowStrictly(t *testing.T) {
	for seed := range uint64(20) {
		c, st := &standing{}, store.NewMemory()
		one, two := newEngine(t, c, st, "one"), newEngine(t, c, st, "two")
		judge(t, together(t, seed, one, func(ctx context.Context, subject string) gate.Decision {
			return two.CheckStrict(ctx, subject, "deploy")
		}), porcupine.Ok)
	}
}

// A board that takes itself for the only one, and looks now and then, is found
// out.
func TestStaleAllowIsFound(t *testing.T) {
	c, st := &standing{}, store.NewMemory()
	one := newEngine(t, c, st, "one")
	doc, err := policy.Parse("p.json", []byte(document))
	if err != nil {
		t.Fatal(err)
	}
	lazy, err := gate.NewBoard(gate.Config{Store: st, Policies: doc, Clock: c, Exclusive: true})
	if err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int64
	judge(t, together(t, 1, one, func(ctx context.Context, subject string) gate.Decision {
		if asked.Add(1)%50 == 1 {
			return lazy.Strict(ctx, subject, "deploy")
		}
		return lazy.Check(subject, "deploy")
	}), porcupine.Illegal)
}

// cutOff is a store that says what has changed only while it is not down.
type cutOff struct {
	*store.Memory
	down bool
}

func (c *cutOff) Changes(ctx context.Context, since uint64) ([]store.Change, uint64, error) {
	if c.down {
		return nil, 0, context.DeadlineExceeded
	}
	return c.Memory.Changes(ctx, since)
}

// wander does random things on one node, and asks the other, which is cut off
// from the store now and then. What the first has shut may take the bound to
// arrive: its operation lasts so long.
func wander(t *testing.T, seed uint64, bound time.Duration, exclusive bool) (history []porcupine.Operation) {
	t.Helper()
	c, st := &standing{}, store.NewMemory()
	cut := &cutOff{Memory: st}
	node := "two"
	if exclusive {
		node = ""
	}
	one, two := newEngine(t, c, st, "one"), newEngine(t, c, cut, node)
	rnd := rand.New(rand.NewPCG(seed, 5))
	for i := range 300 {
		now := func() int64 { return c.at.Load()*1000 + int64(i) } // several at one instant are in their order
		d := doing{[]what{shut, open, ask, ask}[rnd.IntN(4)], "svc"}
		op := porcupine.Operation{Input: d, Call: now(), Return: now(), Output: false}
		if d.what == ask {
			op.Output = two.Check(d.subject, "deploy").Allowed()
		} else {
			if err := change(t.Context(), one, d); err != nil {
				t.Fatal(err)
			}
			op.Return += bound.Microseconds() * 1000
		}
		history = append(history, op)
		switch rnd.IntN(3) {
		case 0:
			cut.down = rnd.IntN(2) == 0
		case 1:
			if _, err := two.Tick(t.Context()); err != nil {
				t.Fatal(err)
			}
		case 2:
			c.at.Add(int64(rnd.IntN(8_000_000)))
		}
	}
	return history
}

// On another node nothing is allowed when the bound is past.
func TestNoStaleAllowPastTheBound(t *testing.T) {
	const bound = 15 * time.Second // three times LookAgain
	for seed := range uint64(30) {
		judge(t, wander(t, seed, bound, false), porcupine.Ok)
	}
	for seed := range uint64(30) {
		if !porcupine.CheckOperations(model(), wander(t, seed, bound, true)) {
			return // one that takes the store for its own is found out
		}
	}
	t.Error("a board without a bound passes as well")
}
