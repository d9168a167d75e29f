package engine

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/audit"
	"github.com/belfry-go/belfry/escalation/gate"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// What holds of evidence whatever happens.
const (
	chainHolds    = "I-45 chain: an independent verifier finds the history whole"
	evidenceWhole = "I-46 complete: the sink has all that was committed, in order"
	evidenceGate  = "I-46 no grant: a gate opens when the sink has the record of it"
	evidenceGives = "I-46 no action: what gives something back begins when the sink has the record of it"
	pagesGoOn     = "I-46 a page leaves all the same: the sink delays none"
)

// ordeal is a random history of a small estate, in which the sink comes and goes
// and the store crashes.
type ordeal struct {
	*story
	vault  *vault
	rng    *rand.Rand
	bug    string
	broken map[string]string // invariant: how

	crashed bool

	taken map[string]bool // pages that a channel took, by id
	late  map[string]string
}

const ordealDoc = `{"version": 1, "directory": {"people": {"alice": {}, "bob": {}, "carol": {}}},
	"authority": {"verify": ["user:alice"]},
	"policies": [{"name": "p", "priority": "P3",
	"tiers": [{"name": "one", "notify": ["user:alice"], "wait": "5m"}, {"name": "two", "notify": ["user:bob"], "wait": "10m"}],
	"actions": [{"run": "disable", "at": "open + 1m", "mode": "auto"}, {"run": "enable", "at": "resolved", "mode": "auto"}],
	"gates": [
		{"name": "g", "operations": ["deploy"], "close": "open + 2m"},
		{"name": "r", "operations": ["use"], "close": "open", "open": "review", "review": {"by": ["user:carol"], "for": "5m"}}]}]}`

func newOrdeal(t *testing.T, seed uint64, bug string) *ordeal {
	c := newHopping()
	o := &ordeal{
		rng: rand.New(rand.NewPCG(seed, 45)), vault: newVault(), bug: bug, broken: map[string]string{},
		taken: map[string]bool{}, late: map[string]string{},
	}
	o.story = &story{
		t: t, clock: c, store: &crashing{Store: store.NewMemory()}, doc: docOf(t, ordealDoc),
		out: &scripted{clock: c}, last: &scripted{clock: c}, runs: map[string]bool{},
	}
	o.out.answer = func(n notify.Notification) outcome {
		if o.bug == "pages wait for the sink" && o.vault.shut {
			return outcome{err: notify.Temporary(errShut)}
		}
		if at := policy.InstantOf(c.Now()); at != n.At && !o.taken[n.ID] && n.Kind == notify.KindPage && !o.crashed {
			o.late[n.ID] = at.Sub(n.At).String()
		}
		o.taken[n.ID] = true
		return outcome{}
	}
	o.change, o.made = o.plug, o.sabotage
	o.boot()
	return o
}

// breaks notes that an invariant does not hold.
func (o *ordeal) breaks(invariant, format string, args ...any) {
	if o.broken[invariant] == "" {
		o.broken[invariant] = fmt.Sprintf(format, args...)
	}
}

// plug makes a new engine, with the bug that is to be found.
func (o *ordeal) plug(cfg *Config) {
	cfg.Evidence = o.vault
	if o.bug == "a sink that says it has what it has not" {
		cfg.Evidence = audit.SinkFunc(func(ctx context.Context, batch []audit.Entry) error {
			_ = o.vault.Append(ctx, batch)
			return nil
		})
	}
	act := ActionFunc(func(_ context.Context, r ActionRequest) (ActionResult, error) {
		if r.Run != "enable" {
			return ActionResult{}, nil
		}
		stream := alertStream(r.Key, r.Incarnation)
		part := strings.Split(r.ID, "/")
		seq, err := strconv.ParseUint(part[len(part)-2], 10, 64)
		if err != nil {
			o.t.Fatal(err)
		}
		if has := o.vault.seq(stream); has < seq {
			o.breaks(evidenceGives, "%s began by record %d, and the sink has %d", r.ID, seq, has)
		}
		return ActionResult{}, nil
	})
	cfg.Actions = map[string]Action{"disable": act, "enable": act}
}

// sabotage puts a bug into an engine that has not begun.
func (o *ordeal) sabotage(e *Engine) {
	switch o.bug {
	case "the board does not wait":
		b, err := gate.NewBoard(gate.Config{Store: e.store, Policies: e.cfg.Policies, Now: e.keeper.Peek, Exclusive: true})
		if err != nil {
			o.t.Fatal(err)
		}
		e.board = b
	case "the cursor runs ahead":
		e.evidence.since = policy.Never - 1
		e.evidence.sink = ahead{e}
	}
}

// ahead moves the cursor past everything, as one would be that is written before
// what it tells of.
type ahead struct{ e *Engine }

func (a ahead) Append(context.Context, []audit.Entry) error {
	a.e.evidence.mu.Lock()
	defer a.e.evidence.mu.Unlock()
	a.e.evidence.since = policy.Never - 1
	return errShut
}

// run lives through a random history.
func (o *ordeal) run() {
	keys := []string{"a", "b"}
	at := time.Duration(0)
	for i := range 40 {
		key := keys[o.rng.IntN(len(keys))]
		switch o.rng.IntN(9) {
		case 0, 1:
			o.send(fmt.Sprint("t", i), func(ctx context.Context, id Detail) (Result, error) {
				return o.e.Trigger(ctx, alertOf(key), By(policy.Service("scanner")), id)
			})
		case 2:
			o.quietly(func(ctx context.Context) error { _, err := o.e.Acknowledge(ctx, key, bob); return err })
		case 3, 4:
			who := []escalation.Author{alice, By(policy.Service("stranger"))}[o.rng.IntN(2)]
			o.quietly(func(ctx context.Context) error { _, err := o.e.Resolve(ctx, key, who, "fixed"); return err })
		case 5:
			o.quietly(func(ctx context.Context) error {
				_, err := o.e.Submit(ctx, Input{Key: key, Event: escalation.Event{Kind: escalation.EventRequest, By: bob, Gate: "r"}})
				return err
			})
			o.quietly(func(ctx context.Context) error {
				_, err := o.e.Submit(ctx, Input{Key: key, Event: escalation.Event{Kind: escalation.EventVote, By: By(policy.User("carol")), Gate: "r", Vote: "approve"}})
				return err
			})
		case 6, 7:
			o.vault.set(!o.vault.shut)
		case 8:
			o.crashed = true // what it had leased waits for the lease to end
			o.store.n, o.store.at = 0, 1+o.rng.IntN(60)
			o.store.after, o.store.once = o.rng.IntN(2) == 0, o.rng.IntN(2) == 0
		}
		o.check()
		at += time.Duration(o.rng.IntN(180)) * s
		o.to(at)
		o.check()
	}
	o.vault.set(false)
	o.store.at = 0
	o.to(at + 2*h)
	o.end()
}

func (o *ordeal) quietly(f func(ctx context.Context) error) { o.do(f) }

// check holds what must be true at every moment.
func (o *ordeal) check() {
	for _, key := range []string{"a", "b"} {
		for _, operation := range []string{"deploy", "use"} {
			if d := o.e.Check("svc-"+key, operation); !d.Allowed() {
				continue
			}
			if by := o.shutBy(key, operation); by != "" {
				o.breaks(evidenceGate, "%s of svc-%s is allowed, and as far as the sink knows %s", operation, key, by)
			}
		}
	}
}

// shutBy says what shuts an operation as far as the sink knows; "" nothing.
func (o *ordeal) shutBy(key, operation string) string {
	index := map[string]int{"deploy": 0, "use": 1}[operation]
	for stream, entries := range o.vault.kept {
		if !strings.HasPrefix(stream, alertStreams+key+"#") {
			continue
		}
		var records []escalation.Record
		for _, x := range entries {
			rec, err := escalation.DecodeRecord(x.Body)
			if err != nil {
				o.t.Fatal(err)
			}
			records = append(records, rec)
		}
		st, err := escalation.Replay(o.doc, escalation.State{Key: key, Incarnation: incarnationOf(stream)}, slices.Values(records))
		if err != nil {
			o.t.Fatal(err)
		}
		if d := escalation.GateDecision(o.doc, &st, index, policy.InstantOf(o.clock.Now())); d > escalation.Allow {
			return fmt.Sprintf("%s says %s after record %d", stream, d, st.Seq)
		}
	}
	return ""
}

// end holds what must be true in the end.
func (o *ordeal) end() {
	if what := o.vault.missing(o.t, o.store.Store); what != "" {
		o.breaks(evidenceWhole, "%s", what)
	}
	for id, by := range o.late {
		o.breaks(pagesGoOn, "%s was %s late", id, by)
	}
	var st store.Store = o.store.Store
	if o.bug == "the store forgets an entry" {
		st = gapped{st}
	}
	var file bytes.Buffer
	if err := audit.Export(o.t.Context(), st, &file); err != nil {
		o.t.Fatal(err)
	}
	v, err := audit.Verify(&file, audit.Trust{})
	if err != nil {
		o.t.Fatal(err)
	}
	if !v.Whole() {
		o.breaks(chainHolds, "%v", v.Faults[0])
	}
}

// gapped is a store that has lost the second entry of each history.
type gapped struct{ store.Store }

func (f gapped) History(ctx context.Context, stream string, from uint64) iter.Seq2[store.Entry, error] {
	return func(yield func(store.Entry, error) bool) {
		for e, err := range f.Store.History(ctx, stream, from) {
			if e.Seq != 2 && !yield(e, err) {
				return
			}
		}
	}
}

// Random histories keep all of it.
func TestEvidenceInvariants(t *testing.T) {
	for seed := range uint64(60) {
		o := newOrdeal(t, seed, "")
		o.run()
		for invariant, how := range o.broken {
			t.Errorf("seed %d: %s\n\t%s", seed, invariant, how)
		}
		if t.Failed() {
			return
		}
	}
}

// Each bug breaks its invariant before long.
func TestEvidenceInvariantsCatchBugs(t *testing.T) {
	for bug, invariant := range map[string]string{
		"the board does not wait":                 evidenceGate,
		"the cursor runs ahead":                   evidenceGives,
		"a sink that says it has what it has not": evidenceWhole,
		"pages wait for the sink":                 pagesGoOn,
		"the store forgets an entry":              chainHolds,
	} {
		t.Run(bug, func(t *testing.T) {
			for seed := range uint64(60) {
				o := newOrdeal(t, seed, bug)
				o.run()
				if o.broken[invariant] != "" {
					t.Logf("seed %d: %s", seed, o.broken[invariant])
					return
				}
			}
			t.Errorf("%s: not caught", invariant)
		})
	}
}
