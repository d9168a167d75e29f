package storetest

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/belfry-go/belfry/escalation/store"
)

// raceCases are about several users at once. Each has a handle of its own where
// the suite can give it one.
func raceCases() []testCase {
	return []testCase{
		{
			"RaceCommit",
			"of commits that race for one position exactly one is written",
			checkRaceCommit,
		},
		{
			"RaceOpen",
			"of streams that race to open one key exactly one is open",
			func(c *checker) {
				const users = 6
				for round := range 10 {
					key := fmt.Sprint("k", round)
					commits := make([]*store.Commit, users)
					for u := range users {
						commits[u] = c.newStream(fmt.Sprintf("alert/%s#%d", key, u), key).make(item(0, 0, 0))
					}
					c.together(users, func(u int, s store.Store) { _ = s.Commit(c.ctx, commits[u]) }) // see Err
					won := 0
					for _, k := range commits {
						if k.Err == nil {
							won++
						} else if !errors.Is(k.Err, store.ErrKeyOpen) {
							c.errorf("opening: %v, want none or that the key is open", k.Err)
						}
					}
					if won != 1 || len(c.names(store.StreamQuery{Prefix: "alert/" + key + "#"})) != 1 {
						c.errorf("%d streams of key %q were opened, want 1", won, key)
					}
				}
			},
		},
		{
			"RaceClaim",
			"an item is claimed by one of those who race for it",
			checkRaceClaim,
		},
		{
			"RaceDue",
			"a due stream is taken by one of the owners who race for it",
			func(c *checker) {
				const users, streams = 4, 60
				for i := range streams {
					c.newStream(fmt.Sprintf("s%02d", i), "").commit(due(0))
				}
				took := make([][]store.Snapshot, users)
				c.together(users, func(u int, s store.Store) {
					for {
						// Its own are handed out again, so the limit grows.
						got, _, err := s.Due(c.ctx, store.Ask{By: 0, Limit: len(took[u]) + 7, Owner: fmt.Sprint(u), Until: 10}, nil)
						if err != nil || len(got) <= len(took[u]) {
							return
						}
						took[u] = got
					}
				})
				times := map[string]int{}
				for _, t := range took {
					for _, s := range t {
						times[s.Stream]++
					}
				}
				for i := range streams {
					if name := fmt.Sprintf("s%02d", i); times[name] != 1 {
						c.errorf("%q was taken by %d owners, want 1", name, times[name])
					}
				}
			},
		},
		{
			"RaceRead",
			"a reader sees a commit whole: state, position, subject and history of one moment",
			checkRaceRead,
		},
	}
}

// together runs users at once, and waits for all.
func (c *checker) together(users int, use func(u int, s store.Store)) {
	handles := make([]store.Store, users)
	for u := range handles {
		handles[u] = c.peer(c.store)
	}
	var wg sync.WaitGroup
	start := make(chan struct{})
	for u, s := range handles {
		wg.Go(func() {
			<-start
			use(u, s)
		})
	}
	close(start)
	wg.Wait()
}

func checkRaceCommit(c *checker) {
	const users, rounds = 4, 25
	s := c.alert("k", 1)
	all := make([][]*store.Commit, users) // by user and round
	for u := range all {
		all[u] = make([]*store.Commit, rounds)
	}
	for round := range rounds {
		for u := range all {
			all[u][round] = s.make(item(uint16(u), 0, 0))
		}
		c.together(users, func(u int, s store.Store) { _ = s.Commit(c.ctx, all[u][round]) }) // see Err
		won := 0
		for u := range all {
			if k := all[u][round]; k.Err == nil {
				won++
				s.wrote(k)
			} else if !errors.Is(k.Err, store.ErrConflict) {
				c.errorf("a racing commit: %v, want none or a conflict", k.Err)
			}
		}
		if won != 1 {
			c.fatalf("round %d: %d commits after one position were written, want 1", round, won)
		}
	}
	c.untouched("the race", s)
	if _, names, _ := c.claim(store.Ask{By: 0, Limit: 1000, Until: 10}); len(names) != rounds {
		c.errorf("%d items after %d commits of one each", len(names), rounds)
	}
}

func checkRaceClaim(c *checker) {
	const users, items = 4, 60
	s := c.newStream("s", "")
	s.commit(func(k *store.Commit) {
		for i := range uint16(items) {
			item(i, 0, 0)(k)
		}
	})
	claimed := make([][]store.Item, users)
	errs := make([]error, users)
	c.together(users, func(u int, s store.Store) {
		for range 10 * items { // and not for ever, however often they come
			got, next, err := s.Claim(c.ctx, store.Ask{By: 0, Limit: 3, Owner: fmt.Sprint(u), Until: 10})
			errs[u] = cmp.Or(errs[u], err)
			claimed[u] = append(claimed[u], got...)
			// A store may pass over what another is just claiming, and says so.
			if err != nil || len(got) == 0 && next > 0 {
				return
			}
		}
	})
	times := map[uint16]int{}
	for u := range claimed {
		c.must("claim", errs[u])
		for _, it := range claimed[u] {
			times[it.ID.I]++
			if it.Token != 1 {
				c.errorf("item %d was handed out with token %d, want 1", it.ID.I, it.Token)
			}
		}
	}
	for i := range uint16(items) {
		if times[i] != 1 {
			c.errorf("item %d was claimed %d times, want 1", i, times[i])
		}
	}
}

func checkRaceRead(c *checker) {
	s := c.alert("k", 1)
	const commits = 200
	batch := make([]*store.Commit, commits)
	for i := range batch {
		batch[i] = s.make(s.more(3), due(0), func(k *store.Commit) {
			seq := k.After.Seq + 3
			k.State = bytes.Repeat(fmt.Appendf(nil, "%d,", seq), int(seq%30))
			k.Subject = fmt.Appendf(nil, "subject %d", seq)
		})
		s.wrote(batch[i])
	}
	var faults [3]string
	whole := func(snap *store.Snapshot) string {
		if snap.Seq == 1 {
			return ""
		}
		want := bytes.Repeat(fmt.Appendf(nil, "%d,", snap.Seq), int(snap.Seq%30))
		if !bytes.Equal(snap.State, want) || string(snap.Subject) != fmt.Sprintf("subject %d", snap.Seq) || snap.SubjectSeq != snap.Seq || snap.Due != 0 {
			return fmt.Sprintf("at entry %d the state is %.20q, the subject %.20q of entry %d, due %d", snap.Seq, snap.State, snap.Subject, snap.SubjectSeq, snap.Due)
		}
		return ""
	}
	readLoad := func(st store.Store) string {
		var snap store.Snapshot
		if err := st.Load(c.ctx, s.name, &snap); err != nil {
			return err.Error()
		}
		return whole(&snap)
	}
	readDue := func(st store.Store) string {
		snaps, _, err := st.Due(c.ctx, store.Ask{By: 0, Limit: 1}, nil)
		if err != nil {
			return err.Error()
		}
		if len(snaps) == 0 {
			return "" // before the first commit of the race
		}
		return whole(&snaps[0])
	}
	readHistory := func(st store.Store) string {
		end, err := store.Verify(store.Genesis(s.name), st.History(c.ctx, s.name, 0))
		if err != nil || end.Seq%3 != 1 {
			return fmt.Sprintf("the history ends at %d: %v", end.Seq, err)
		}
		return ""
	}
	var done atomic.Bool
	c.together(4, func(u int, st store.Store) {
		if u == 0 {
			defer done.Store(true)
			for _, k := range batch {
				if st.Commit(c.ctx, k) != nil {
					return
				}
			}
			return
		}
		read := []func(store.Store) string{readLoad, readDue, readHistory}[u-1]
		for last := false; !last && faults[u-1] == ""; {
			last = done.Load() // then once more, for what was written last
			faults[u-1] = read(st)
		}
	})
	for _, k := range batch {
		c.must("commit", k.Err)
	}
	for _, f := range faults {
		if f != "" {
			c.errorf("%s", f)
		}
	}
	c.untouched("the race", s)
}
