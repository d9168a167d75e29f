package storetest

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// modelCases compare the store with the model.
func modelCases() []testCase {
	return []testCase{{
		"Model",
		"every answer is that of a plain list of the same commits, claims and settlements",
		func(c *checker) {
			for seed := range uint64(4) {
				t := trial{checker: c, model: newModel(), r: rand.New(rand.NewPCG(seed, 1))}
				t.run(300)
				c.store = c.open()
			}
		},
	}}
}

// trial does the same random things to the store and to the model. Few names,
// instants and ids, so that they meet.
type trial struct {
	*checker
	model *model
	r     *rand.Rand
	known []store.Lease
	now   policy.Instant
	steps []string // what was done
}

func (t *trial) run(steps int) {
	for range steps {
		before := len(t.steps)
		switch n := t.r.IntN(20); {
		case n < 10:
			t.commit(1)
		case n < 12:
			t.commit(1 + t.r.IntN(4))
		case n < 15:
			t.claim()
		case n < 17:
			t.settle()
		case n < 19:
			t.dueNow()
		default:
			t.now += policy.Instant(t.r.IntN(5))
		}
		if len(t.steps) > before {
			t.look()
		}
	}
}

// same ends the case when the store and the model answer differently.
func (t *trial) same(what string, got, want any) {
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		from := max(0, len(t.steps)-12)
		t.fatalf("%s: the store says %.300s\nthe model says %.300s\nafter %d steps, the last of them\n\t%s",
			what, g, w, len(t.steps), strings.Join(t.steps[from:], "\n\t"))
	}
}

func (t *trial) did(format string, args ...any) {
	t.steps = append(t.steps, fmt.Sprintf(format, args...))
}

// pick returns a stream's name and key.
func (t *trial) pick() (name, key string) {
	key = fmt.Sprintf("k%d", t.r.IntN(3))
	name = fmt.Sprintf("alert/%s#%d", key, t.r.IntN(3))
	if t.r.IntN(4) == 0 {
		return fmt.Sprintf("budget/%d", t.r.IntN(3)), ""
	}
	return name, key
}

func (t *trial) commit(n int) {
	var mine, theirs []*store.Commit
	for range n {
		k := t.newCommit()
		twin := *k
		mine, theirs = append(mine, k), append(theirs, &twin)
		t.did("commit to %q after %d, open %t, due %d, rank %d, items %d, remove %v", k.Stream, k.After.Seq, k.Open, k.Due, k.Rank, len(k.Add), k.Remove)
	}
	_ = t.model.Commit(t.ctx, theirs...) // see Err
	err := t.store.Commit(t.ctx, mine...)
	var first error
	for i, k := range mine {
		t.same("a commit", class(k.Err), class(theirs[i].Err))
		if first == nil {
			first = k.Err
		}
	}
	t.same("the batch", class(err), class(first))
}

// newCommit makes a commit that fits as a rule, and now and then does not.
func (t *trial) newCommit() *store.Commit {
	name, key := t.pick()
	w := stream{c: t.checker, name: name, key: key, at: store.Genesis(name)}
	if s, ok := t.model.streams[name]; ok {
		w.at = s.Position
		if t.r.IntN(10) == 0 { // an old position
			w.at = s.entries[t.r.IntN(len(s.entries))].Position()
		}
	}
	k := w.make(w.more(1+t.r.IntN(3)), func(k *store.Commit) {
		k.Open, k.Rank, k.Document = t.r.IntN(3) > 0, uint8(t.r.IntN(3)), policy.Digest{byte(t.r.IntN(3))}
		if t.r.IntN(3) > 0 {
			k.Due = t.now + policy.Instant(t.r.IntN(8)-2)
		}
		if t.r.IntN(3) == 0 {
			k.Subject = fmt.Appendf(nil, "subject %d", t.salt)
		}
		k.State = []byte(strings.Repeat("s", t.r.IntN(40)))
		for i := range uint16(t.r.IntN(3)) {
			item(i, t.now+policy.Instant(t.r.IntN(6)-2), uint8(t.r.IntN(3)))(k)
		}
		if t.r.IntN(2) == 0 {
			seen(store.SeenID{Author: "user:a", Kind: escalation.EventKind(t.r.IntN(2)), ID: fmt.Sprint(t.r.IntN(4))}, byte(t.salt))(k)
		}
	})
	if len(t.known) > 0 && t.r.IntN(3) == 0 {
		if l := t.known[t.r.IntN(len(t.known))]; l.Stream == name {
			k.Remove = []store.Lease{l}
		}
	}
	return k
}

func (t *trial) claim() {
	ask := t.ask()
	t.did("claim %+v", ask)
	got, gotNext, err := t.store.Claim(t.ctx, ask)
	t.must("claim", err)
	want, wantNext, _ := t.model.Claim(t.ctx, ask)
	t.same("claim", got, want)
	t.same("claim's next", gotNext, wantNext)
	for _, it := range got {
		t.known = append(t.known, it.Lease())
	}
}

func (t *trial) settle() {
	if len(t.known) == 0 {
		return
	}
	s := store.Settlement{
		Lease: t.known[t.r.IntN(len(t.known))], NotBefore: t.now + policy.Instant(t.r.IntN(8)-2), Attempt: t.r.IntN(3), First: t.now,
	}
	t.did("settle %+v", s)
	got := t.store.Settle(t.ctx, s)
	t.same("settle", class(got), class(t.model.Settle(t.ctx, s)))
}

func (t *trial) dueNow() {
	ask := t.ask()
	t.did("due %+v", ask)
	got, gotNext, err := t.store.Due(t.ctx, ask, nil)
	t.must("due", err)
	want, wantNext, _ := t.model.Due(t.ctx, ask, nil)
	t.same("due", got, want)
	t.same("due's next", gotNext, wantNext)
}

func (t *trial) ask() store.Ask {
	return store.Ask{
		By: t.now + policy.Instant(t.r.IntN(3)), Limit: t.r.IntN(5), Owner: []string{"", "one", "two"}[t.r.IntN(3)],
		Until: t.now + 3 + policy.Instant(t.r.IntN(5)),
	}
}

// look compares all that is read of one stream, and the names of all.
func (t *trial) look() {
	name, key := t.pick()
	var got, want store.Snapshot
	err, wantErr := t.store.Load(t.ctx, name, &got), t.model.Load(t.ctx, name, &want)
	t.same("load "+name, class(err), wantErr)
	if err == nil {
		if d := snapshotDiff(got, want); d != "" {
			t.same("load "+name, d, "")
		}
		t.wantEntries(fmt.Sprintf("history of %q", name), t.history(name, 0), t.model.streams[name].entries)
	}
	last, err := t.store.Last(t.ctx, key)
	wantLast, wantErr := t.model.Last(t.ctx, key)
	t.same("last "+key, fmt.Sprint(last, class(err)), fmt.Sprint(wantLast, wantErr))

	id := store.SeenID{Author: "user:a", Kind: escalation.EventKind(t.r.IntN(2)), ID: fmt.Sprint(t.r.IntN(4))}
	seen, err := t.store.Seen(t.ctx, name, id)
	wantSeen, wantErr := t.model.Seen(t.ctx, name, id)
	t.same("seen in "+name, fmt.Sprint(seen, class(err)), fmt.Sprint(wantSeen, wantErr))

	q := store.StreamQuery{Prefix: "alert/", Open: t.r.IntN(2) == 0}
	var wantNames []string
	for name, err := range t.model.Streams(t.ctx, q) {
		if err != nil {
			t.fatalf("the model: %v", err)
		}
		wantNames = append(wantNames, name)
	}
	t.same("streams", t.names(q), wantNames)
}
