package storetest

import (
	"fmt"

	"github.com/belfry-go/belfry/escalation/store"
)

// changesCases are about stores that say what has changed.
func changesCases() []testCase {
	return []testCase{
		{
			"Changes",
			"Changes tells of each stream with a commit posted since the mark, and of the others not at the first look",
			checkChanges,
		},
		{
			"RaceChanges",
			"what was committed before Changes is called is in its answer or was in an earlier one, whoever committed it",
			checkRaceChanges,
		},
	}
}

func posted(k *store.Commit) { k.Posted = true }

// follower keeps what Changes has told, as a projection does.
type follower struct {
	c     *checker
	from  store.Changer
	mark  uint64
	known map[string]uint64
	wrong []string // found by many at once, and told by one
}

func (c *checker) follower(s store.Store) *follower {
	changer, ok := s.(store.Changer)
	if !ok {
		c.skip("the store does not say what has changed")
		panic(stop{})
	}
	return &follower{c: c, from: changer, known: map[string]uint64{}}
}

// look asks once, and returns how many streams it was told of.
func (f *follower) look() int {
	changed, mark, err := f.from.Changes(f.c.ctx, f.mark)
	if err != nil {
		f.wrong = append(f.wrong, fmt.Sprintf("changes since %d: %v", f.mark, err))
		return 0
	}
	f.mark = mark
	for _, x := range changed {
		f.known[x.Stream] = max(f.known[x.Stream], x.Seq)
	}
	return len(changed)
}

func (f *follower) want(what string, streams ...*stream) {
	for _, s := range streams {
		f.wantSeq(what, s.name, s.at.Seq)
	}
}

func (f *follower) wantSeq(what, stream string, seq uint64) {
	if got := f.known[stream]; got < seq {
		f.wrong = append(f.wrong, fmt.Sprintf("%s: %q is known up to entry %d, want %d", what, stream, got, seq))
	}
}

// tell notes what was found.
func (f *follower) tell() {
	for _, what := range f.wrong {
		f.c.fail(what)
	}
}

func checkChanges(c *checker) {
	f := c.follower(c.peer(c.store))
	defer f.tell()
	if n := f.look(); n != 0 {
		c.errorf("an empty store has %d changes", n)
	}
	a, b, quiet := c.alert("a", 1, posted), c.alert("b", 1), c.alert("quiet", 1)
	b.commit(posted)
	f.look()
	f.want("after the first commits", a, b)
	a.commit(posted, a.more(3))
	f.look()
	f.want("after one more", a)
	b.commit(closed, posted)
	lost := a.make(posted)
	lost.After.Seq++
	lost.Entries[0].Seq++
	c.wantErr("a commit that does not follow on", c.store.Commit(c.ctx, lost), store.ErrConflict)
	f.look()
	f.want("after a stream was closed", b)
	anew := c.follower(c.peer(c.store))
	defer anew.tell()
	if n := anew.look(); n != 2 {
		c.errorf("one who begins is told of %d streams, want the 2 that were posted", n)
	}
	anew.want("one who begins", a, b)
	if seq := f.known[quiet.name] + anew.known[quiet.name]; seq != 0 {
		c.errorf("%q was never posted, and is told of", quiet.name)
	}
	if c.store = c.reopen(c.store); c.store != nil {
		f.from = c.store.(store.Changer)
		a.commit(posted)
		f.look()
		f.want("by its mark after a crash", a)
	}
}

// checkRaceChanges has users commit, each to a stream of its own, and look after
// each commit for their own and for all that was committed before.
func checkRaceChanges(c *checker) {
	const users, rounds = 6, 30
	var streams [users]*stream
	var commits [users][rounds]*store.Commit
	var followers [users]*follower
	for u := range users {
		s := c.alert(fmt.Sprint("k", u), 1, posted)
		for i := range rounds {
			commits[u][i] = s.make(posted)
			s.wrote(commits[u][i])
		}
		streams[u] = s
	}
	stores := make([]store.Store, users)
	for u := range users {
		stores[u] = c.peer(c.store)
		followers[u] = c.follower(stores[u])
	}
	c.together(users, func(u int, _ store.Store) {
		f := followers[u]
		for _, k := range commits[u] {
			if err := stores[u].Commit(c.ctx, k); err != nil {
				f.wrong = append(f.wrong, fmt.Sprintf("commit to %q: %v", k.Stream, err))
				return
			}
			f.look()
			f.wantSeq("after one's own commit", k.Stream, k.Position().Seq)
		}
	})
	for _, f := range followers {
		f.look()
		f.want("when all have ended", streams[:]...)
		f.tell()
	}
}
