package engine

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// The invariants of actions, by name. A history is random: alerts, people, hosts
// that fail and lose answers, marks that are set at the wrong moment, and a store
// that crashes at any of its operations. What each invariant says is judged by
// what the store holds and what the estate saw, not by the engine.
const (
	targetBinding = "I-27 target binding: who is acted on was captured, by id and version, when it was decided"
	noBlindRepeat = "I-28 no blind repeat: what may have taken effect is not done again unless it is known that it did not"
	undoRestores  = "I-29 undo: granted, once, of what nobody changed since, and it puts back what was"
	blastRadius   = "I-30 blast radius: what is done in a span weighs no more than its budget"
	protectedSet  = "I-31 protected set: a protected identity is never a subject"
	quorum        = "I-34 quorum: what people granted has the votes of enough people who may vote"
	revocation    = "I-36 revocation: whoever lost their role before the decision does not count"
	journaled     = "I-46 complete: what is done was committed before"
	killSwitched  = "kill switch: nothing begins while it is thrown"
	breakerHolds  = "breaker: of a kind that fails again and again nothing begins but one that tries"
	pageFirst     = "page first: nothing is done before somebody is told, unless whoever told died over it"
	neverRevives  = "never revived: what leaked is not given back while that alert is open"
	progress      = "progress: every execution comes to an end, and nothing is held for ever"
)

const historyDoc = `{"version": 1, "directory": {"people": {"alice": {}, "bob": {}, "carol": {}, "dave": {}, "erin": {}}, "roles": {"sec": ["carol", "dave", "erin"]}}, "policies": [
	{"name": "quiet", "match": ["labels.quiet = yes"], "priority": "P3", "tiers": [{"name": "one", "notify": ["user:alice"], "wait": "1w"}]},
	{"name": "p", "priority": "P3", "tiers": [{"name": "one", "notify": ["user:alice"], "wait": "1w"}],
	"actions": [{"run": "disable", "at": "open", "mode": "auto", "tell": ["user:bob"], "retries": 2, "budget": {"max": 4, "weight": 12, "per": "10m"},
		"approve": {"by": ["role:sec"], "approvals": 2, "within": "2h"}, "undo": {"within": "12h", "approve": {"by": ["role:sec"], "approvals": 2, "within": "2h"}}}]}]}`

// history is one random life.
type history struct {
	t       *testing.T
	rng     *rand.Rand
	doc     *policy.Document
	clock   *hopping
	out     *scripted
	last    *scripted
	truth   store.Store // what is committed
	store   *crashing
	e       *Engine
	boots   int
	crashed policy.Instant // last
	seed    seedling

	w         *estate
	shielded  map[string]bool
	sec       []string // who has the role
	faulty    bool
	outage    bool // whatever is tried fails
	keys      []string
	marks     map[string][]int // how often each subject had changed when an execution ended
	before    map[string]map[string]bool
	touched   map[string]bool // executions whose subjects somebody changed since
	begun     []weighed
	undos     map[string]int
	violation map[string]string // the first of each invariant
}

type weighed struct {
	at     policy.Instant
	n, sum int
}

// seedling is a bug: it stands between the engine and what it relies on.
type seedling struct {
	store     func(*history, store.Store) store.Store
	action    func(*history, Action) Action
	protected func(Subject) bool
	directory func(*history, escalation.Directory) escalation.Directory
}

func newHistory(t *testing.T, n uint64, seed seedling) *history {
	c := newHopping()
	h := &history{
		t: t, rng: rand.New(rand.NewPCG(n, 7)), doc: docOf(t, historyDoc), clock: c, out: &scripted{clock: c}, last: &scripted{clock: c},
		truth: store.NewMemory(), seed: seed, w: newEstate(), shielded: map[string]bool{}, sec: []string{"carol", "dave", "erin"},
		marks: map[string][]int{}, before: map[string]map[string]bool{}, touched: map[string]bool{}, undos: map[string]int{}, violation: map[string]string{},
	}
	for i, c := range []policy.Criticality{"low", "low", "medium", "medium", "high", "critical"} {
		h.w.accounts[fmt.Sprint("svc", i)] = &account{version: "1", criticality: c}
	}
	under := h.truth
	if seed.store != nil {
		under = seed.store(h, under)
	}
	h.store = &crashing{Store: under}
	h.boot()
	return h
}

func (h *history) boot() {
	h.boots++
	var act Action = &judged{h.w, h}
	if h.seed.action != nil {
		act = h.seed.action(h, act)
	}
	protected := func(s Subject) bool { return h.shielded[s.ID] }
	if h.seed.protected != nil {
		protected = h.seed.protected
	}
	var dir escalation.Directory = &roles{escalation.NewDirectory(h.doc), h}
	if h.seed.directory != nil {
		dir = h.seed.directory(h, dir)
	}
	e, err := New(Config{
		Policies: h.doc, Notifier: h.out, LastResort: h.last, Clock: h.clock, Store: h.store, Salt: rand.NewChaCha8([32]byte{byte(h.boots)}),
		Actions: map[string]Action{"disable": act}, Protected: protected, Directory: dir,
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.e = e
}

// roles is a directory in which somebody may lose their role.
type roles struct {
	escalation.Directory
	h *history
}

func (r *roles) Resolve(ctx context.Context, qs []escalation.Question) ([]escalation.Answer, error) {
	as, err := r.Directory.Resolve(ctx, qs)
	for i := range as {
		if q := &as[i].Question; q.Kind == escalation.QuestionMember && q.Name == "role:sec" {
			as[i].Yes = slices.Contains(r.h.sec, q.Target.ID)
		}
	}
	return as, err
}

func (h *history) violated(invariant, format string, args ...any) {
	if _, known := h.violation[invariant]; !known {
		h.violation[invariant] = fmt.Sprintf(format, args...)
	}
}

func (h *history) open() iter.Seq2[string, error] {
	return h.truth.Streams(context.Background(), store.StreamQuery{Prefix: alertStreams, Open: true})
}

// do does something until it works, as a supervisor and a patient client would.
func (h *history) do(f func(ctx context.Context) error) {
	for range 20 {
		err := f(h.t.Context())
		switch {
		case err == nil:
			return
		case errors.Is(err, ErrInvalid):
			return
		case !errors.Is(err, errCrash):
			h.t.Fatal(err)
		}
		h.crashed = policy.InstantOf(h.clock.Now())
		if h.store.down {
			h.store.down = false
			h.boot()
		}
	}
	h.t.Fatal("it never works")
}

func (h *history) to(d time.Duration) {
	end := policy.InstantOf(h.clock.Now()).Add(d)
	for {
		h.do(func(ctx context.Context) error { return h.e.Settle(ctx) })
		next := h.e.Next()
		if next > end {
			h.clock.set(end.Time())
			return
		}
		h.clock.set(max(next, policy.InstantOf(h.clock.Now())).Time())
	}
}

func pickOf[T any](rng *rand.Rand, list []T) T { return list[rng.IntN(len(list))] }

// happen lets one thing happen.
func (h *history) happen(i int) {
	rng := h.rng
	id := fmt.Sprint("svc", rng.IntN(6))
	who := By(policy.User(pickOf(rng, []string{"alice", "bob", "carol", "dave", "erin"})))
	key := id
	if len(h.keys) > 0 {
		key = pickOf(rng, h.keys)
	}
	detail := WithID(fmt.Sprint("ev", i))
	send := func(f func(ctx context.Context) (Result, error)) {
		h.do(func(ctx context.Context) error { _, err := f(ctx); return err })
	}
	switch rng.IntN(18) {
	case 0, 1, 2, 16, 17:
		key = fmt.Sprint("k", len(h.keys))
		h.keys = append(h.keys, key)
		h.w.named = []string{id}
		for range rng.IntN(3) {
			h.w.named = append(h.w.named, fmt.Sprint("svc", rng.IntN(6)))
		}
		a := about(id, func(a *policy.Alert) { a.Key, a.Identity.CredentialVersion = key, h.w.accounts[id].version })
		send(func(ctx context.Context) (Result, error) { return h.e.Trigger(ctx, a, alice, detail) })
	case 3:
		if rng.IntN(2) == 0 {
			h.touch(id)
		}
	case 4:
		h.w.accounts[id].version += "'"
		h.touch(id)
	case 5:
		h.w.accounts[id].retained = !h.w.accounts[id].retained
	case 6:
		h.shielded[id] = !h.shielded[id]
	case 7:
		if rng.IntN(3) > 0 {
			break
		}
		send(func(ctx context.Context) (Result, error) { return h.e.StopActions(ctx, who, "drill", detail) })
	case 8:
		send(func(ctx context.Context) (Result, error) { return h.e.ReleaseActions(ctx, alice, "over", detail) })
		send(func(ctx context.Context) (Result, error) {
			return h.e.ReleaseActions(ctx, bob, "over", WithID(fmt.Sprint("ev'", i)))
		})
	case 9, 10, 11:
		// Two who vote, and sometimes more or fewer.
		of := pickOf(rng, []Matter{{Action: "disable"}, {Undo: "disable"}, {Undo: "disable"}})
		if of.Undo != "" {
			send(func(ctx context.Context) (Result, error) { return h.e.Request(ctx, key, who, of, "", detail) })
		}
		for k := range rng.IntN(5) {
			voter := By(policy.User(pickOf(rng, []string{"bob", "carol", "carol", "dave", "erin", "erin"})))
			vote := WithID(fmt.Sprint("vote", i, "/", k))
			send(func(ctx context.Context) (Result, error) { return h.e.Vote(ctx, key, voter, of, "approve", vote) })
			if rng.IntN(3) == 0 {
				h.to(time.Duration(rng.IntN(600)) * s)
			}
		}
	case 12:
		leak := about(id, leaking, func(a *policy.Alert) { a.Key, a.Identity.CredentialVersion = "leak-"+id, "" })
		if rng.IntN(2) == 0 {
			send(func(ctx context.Context) (Result, error) { return h.e.Trigger(ctx, leak, alice, detail) })
		} else {
			send(func(ctx context.Context) (Result, error) { return h.e.Resolve(ctx, "leak-"+id, alice, "", detail) })
		}
	case 13:
		send(func(ctx context.Context) (Result, error) { return h.e.Resolve(ctx, key, who, "", detail) })
	case 14:
		if len(h.sec) == 3 {
			h.sec = slices.DeleteFunc(slices.Clone(h.sec), func(s string) bool { return s == who.Principal.ID })
		} else {
			h.sec = []string{"carol", "dave", "erin"}
		}
	case 15:
		h.faulty, h.outage = rng.IntN(2) == 0, rng.IntN(3) == 0
	}
	h.to(time.Duration(rng.IntN(4)) * time.Duration(rng.IntN(600)) * s)
}

// touch is somebody who changes an account by hand.
func (h *history) touch(id string) {
	h.w.set(id, h.rng.IntN(2) == 0)
	for run := range h.marks {
		h.touched[run] = true
	}
}

// live is a whole life, with a crash now and then, and its end.
func (h *history) live(events int) {
	for i := range events {
		if h.rng.IntN(3) == 0 {
			h.store.n = 0
			h.store.at, h.store.after, h.store.once = 1+h.rng.IntN(40), h.rng.IntN(2) == 0, h.rng.IntN(2) == 0
		}
		h.happen(i)
	}
	h.store.at, h.faulty, h.outage = 0, false, false
	h.do(func(ctx context.Context) error { _, err := h.e.ReleaseActions(ctx, alice, "over"); return err })
	h.do(func(ctx context.Context) error { _, err := h.e.ReleaseActions(ctx, bob, "over"); return err })
	h.to(12 * time.Hour)
	for _, key := range h.keys {
		s, open := h.alert(key, 1)
		for _, a := range s.Actions {
			if a.Phase == escalation.PhaseStarted || a.Phase == escalation.PhaseUndoing || open && a.Phase == escalation.PhaseIdle {
				h.violated(progress, "the action of %s stands in phase %d", key, a.Phase)
			}
		}
	}
}

// lives is how many histories are lived; thousands find no more.
const lives = 100

func TestActionInvariants(t *testing.T) {
	runs, votes, undos, boots := 0, 0, 0, 0
	for n := range uint64(lives) {
		h := newHistory(t, n, seedling{})
		h.live(60)
		for invariant, what := range h.violation {
			t.Errorf("history %d: %s: %s", n, invariant, what)
		}
		if t.Failed() {
			t.FailNow()
		}
		runs, undos, boots = runs+len(h.w.calls), undos+len(h.w.undone), boots+h.boots
		for _, key := range h.keys {
			if s, _ := h.alert(key, 1); granted(&s, 0) {
				votes++
			}
		}
	}
	t.Logf("%d attempts, %d granted, %d taken back, %d crashes", runs, votes, undos, boots-lives)
	if runs < 4*lives || votes < lives/10 || undos < lives/10 || boots < 3*lives {
		t.Errorf("the histories are too tame: %d attempts, %d granted, %d taken back, %d starts", runs, votes, undos, boots)
	}
}
