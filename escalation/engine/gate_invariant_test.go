package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/gate"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// The invariants of gates, by name. A history is random, and its store crashes
// at any of its operations. What each says is judged by the records that the
// store holds and by what passed the guard, not by the machine's own account of
// its gates.
const (
	failClosed   = "I-33 fail closed: what is allowed has been opened, by each alert that shuts it"
	gateQuorum   = "I-34 quorum: what a review opened has the votes of two people who may vote, and none of the requester's"
	singleUse    = "I-35 single use: as many pass a gate as openings were given"
	gateRevoked  = "I-36 revocation: a role lost, a new trigger or another request before the decision voids the votes"
	useWindow    = "I-37 use window: nothing passes after the end of an opening"
	breakGlassed = "I-44 break-glass: a reason, two others told at once, an end, and a review afterwards"
	denialsKept  = "I-46 complete: what was refused is in the history"
)

const gateDoc = `{"version": 1, "authority": {"verify": ["service:verifier"]}, "directory": {
	"people": {"alice": {}, "bob": {}, "carol": {}, "dave": {}, "erin": {}, "frank": {}}, "services": {"deployer": {}, "bot": {"behind": "carol"}, "verifier": {}, "svc": {}},
	"roles": {"sec": ["carol", "dave", "erin"]}}, "policies": [
	{"name": "bypassed", "match": ["kind = break_glass"], "priority": "P3", "tiers": [{"name": "one", "notify": ["user:alice"], "wait": "1w"}]},
	{"name": "p", "priority": "P3", "parties": ["user:erin"], "tiers": [{"name": "one", "notify": ["user:alice"], "wait": "1w"}],
	"gates": [{"name": "g", "operations": ["deploy"], "close": "open", "decision": "hold", "open": "resolved",
		"review": {"by": ["role:sec", "user:frank"], "approvals": 2, "within": "4h", "for": "30m"},
		"break_glass": {"by": ["user:frank"], "for": "1h", "tell": ["user:alice", "user:bob"]}}]}]}`

const (
	opensFor    = 30 * time.Minute
	bypassFor   = time.Hour
	gateSubject = "svc" // the identity that all is about
)

// gateLife is one random life.
type gateLife struct {
	t     *testing.T
	rng   *rand.Rand
	clock *hopping
	out   *scripted
	truth store.Store
	store *crashing
	e     *Engine
	seed  gateSeed
	boots int

	sec       []string // who has the role
	denied    int      // events that were answered rejected
	passed    int      // by the guard
	byOpening int      // of those, by an opening
	violation map[string]string
}

// gateSeed is a bug between the engine and what it relies on, or between the
// host and the engine.
type gateSeed struct {
	store     func(store.Store) store.Store
	directory func(*gateLife, escalation.Directory) escalation.Directory
	check     func(*gateLife) Decision
	use       bool // the guard does not use up what is open
}

func newGateLife(t *testing.T, n uint64, seed gateSeed) *gateLife {
	c := newHopping()
	l := &gateLife{
		t: t, rng: rand.New(rand.NewPCG(n, 33)), clock: c, out: &scripted{clock: c}, truth: store.NewMemory(), seed: seed,
		sec: []string{"carol", "dave", "erin"}, violation: map[string]string{},
	}
	under := l.truth
	if seed.store != nil {
		under = seed.store(under)
	}
	l.store = &crashing{Store: under}
	l.boot()
	return l
}

func (l *gateLife) boot() {
	l.boots++
	doc := docOf(l.t, gateDoc)
	var dir escalation.Directory = &secRole{escalation.NewDirectory(doc), l}
	if l.seed.directory != nil {
		dir = l.seed.directory(l, dir)
	}
	e, err := New(Config{
		Policies: doc, Notifier: l.out, LastResort: &scripted{clock: l.clock}, Clock: l.clock, Store: l.store,
		Salt: rand.NewChaCha8([32]byte{byte(l.boots)}), Directory: dir,
	})
	if err != nil {
		l.t.Fatal(err)
	}
	l.e = e
}

// secRole is a directory in which somebody may lose the role.
type secRole struct {
	escalation.Directory
	l *gateLife
}

func (r *secRole) Resolve(ctx context.Context, qs []escalation.Question) ([]escalation.Answer, error) {
	as, err := r.Directory.Resolve(ctx, qs)
	for i := range as {
		if q := &as[i].Question; q.Kind == escalation.QuestionMember && q.Name == "role:sec" {
			as[i].Yes = slices.Contains(r.l.sec, q.Target.ID)
		}
	}
	return as, err
}

func (l *gateLife) violated(invariant, format string, args ...any) {
	if _, known := l.violation[invariant]; !known {
		l.violation[invariant] = fmt.Sprintf(format, args...)
	}
}

// do does something until it works, as a supervisor and a patient client would.
func (l *gateLife) do(f func(ctx context.Context) error) {
	for range 20 {
		err := f(l.t.Context())
		if err == nil || errors.Is(err, ErrDenied) && !errors.Is(err, errCrash) {
			return
		}
		if !errors.Is(err, errCrash) {
			l.t.Fatal(err)
		}
		if l.store.down {
			l.store.down = false
			l.boot()
		}
	}
	l.t.Fatal("it never works")
}

func (l *gateLife) send(f func(ctx context.Context) (Result, error)) {
	l.do(func(ctx context.Context) error {
		r, err := f(ctx)
		if err == nil && r.Verdict.Kind == escalation.Rejected {
			l.denied++
		}
		return err
	})
}

// settle does what is due now, and then the board must be as the records are.
func (l *gateLife) settle() { l.do(func(ctx context.Context) error { return l.e.Settle(ctx) }) }

// happen lets one thing happen.
func (l *gateLife) happen(i int) {
	rng, of := l.rng, Matter{Gate: "g"}
	key := fmt.Sprint("k", rng.IntN(2))
	id := WithID(fmt.Sprint("ev", i))
	requester := By(policy.Service(pickOf(rng, []string{"deployer", "bot"})))
	who := By(policy.User(pickOf(rng, []string{"alice", "carol", "dave", "dave", "erin", "frank", "frank"})))
	if rng.IntN(6) == 0 {
		l.store.at, l.store.after, l.store.once = l.store.n+1+rng.IntN(8), rng.IntN(2) == 0, rng.IntN(2) == 0
	}
	switch rng.IntN(14) {
	case 0, 1:
		a := alertOf(key)
		a.Identity.ID, a.Identity.CredentialVersion = gateSubject, fmt.Sprint(rng.IntN(2))
		l.send(func(ctx context.Context) (Result, error) { return l.e.Trigger(ctx, a, requester, id) })
	case 2:
		by := By(policy.Service(pickOf(rng, []string{"verifier", "deployer", "svc"})))
		l.send(func(ctx context.Context) (Result, error) { return l.e.Resolve(ctx, key, by, "", id) })
	case 3, 4:
		l.send(func(ctx context.Context) (Result, error) { return l.e.Request(ctx, key, requester, of, "{}", id) })
	case 5, 6, 7:
		for k := range 1 + rng.IntN(3) {
			who := By(policy.User(pickOf(rng, []string{"alice", "carol", "dave", "dave", "erin", "frank", "frank"})))
			vote := pickOf(rng, []string{"approve", "approve", "approve", "approve", "approve", "reject"})
			id := WithID(fmt.Sprint("vote", i, "/", k))
			l.send(func(ctx context.Context) (Result, error) { return l.e.Vote(ctx, key, who, of, vote, id) })
		}
	case 8:
		reason := pickOf(rng, []string{"", "fire"})
		l.send(func(ctx context.Context) (Result, error) { return l.e.BreakGlass(ctx, key, who, "g", reason, id) })
	case 9:
		l.clock.set(l.clock.Now().Add(time.Second)) // what was decided before is of another instant
		l.settle()
		l.sec = []string{"carol", "dave", "erin"}
		if rng.IntN(2) == 0 {
			l.sec = []string{"erin"}
		}
	case 10, 12, 13:
		l.pass()
	case 11:
		l.clock.set(l.clock.Now().Add(time.Duration(rng.IntN(40)) * time.Minute))
		l.judgeCheck() // before anybody has looked
	}
	l.settle()
	l.judgeCheck()
}

// pass has two try to pass the gate at once, by the guard.
func (l *gateLife) pass() {
	for range 2 {
		l.do(func(ctx context.Context) error {
			g := l.e.Gatekeeper()
			if l.seed.use {
				g.Use = func(context.Context, escalation.Author, gate.Place) error { return nil }
			}
			return g.Do(ctx, By(policy.Service("deployer")), gateSubject, "deploy", func(context.Context) error {
				l.judgePass()
				return nil
			})
		})
	}
}

func (l *gateLife) live(things int) {
	l.settle()
	for i := range things {
		l.happen(i)
	}
	l.store.at = 0
	for range 3 {
		l.clock.set(l.clock.Now().Add(2 * time.Hour))
		l.settle()
	}
	l.judgeCheck()
	l.judgeEnd()
}

func (l *gateLife) records(stream string) (list []escalation.Record) {
	for entry, err := range l.truth.History(context.Background(), stream, 0) {
		if err != nil {
			l.t.Fatal(err)
		}
		rec, err := escalation.DecodeRecord(entry.Body)
		if err != nil {
			l.t.Fatal(err)
		}
		list = append(list, rec)
	}
	return list
}

// alerts are the streams of the alerts that have the gate.
func (l *gateLife) alerts() (list []string) {
	for stream, err := range l.truth.Streams(context.Background(), store.StreamQuery{Prefix: alertStreams}) {
		if err != nil {
			l.t.Fatal(err)
		}
		if !strings.Contains(stream, "/break-glass#") {
			list = append(list, stream)
		}
	}
	return list
}

func TestGateInvariants(t *testing.T) {
	passed, byOpening := 0, 0
	for n := range uint64(300) {
		l := newGateLife(t, n, gateSeed{})
		l.live(60)
		for invariant, what := range l.violation {
			t.Errorf("history %d: %s: %s", n, invariant, what)
		}
		if t.Failed() {
			return
		}
		passed, byOpening = passed+l.passed, byOpening+l.byOpening
	}
	t.Logf("the guard let %d through, %d of them by an opening", passed, byOpening)
	if passed < 300 || byOpening < 30 {
		t.Error("so few passed that little was judged")
	}
}
