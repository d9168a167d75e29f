package benchmarks

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/benbjohnson/clock"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/engine"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

const (
	// written is how many streams or rows are written to, at random.
	written = 10_000
	// entryBody, stateBody and itemBody are the usual sizes of an alert's.
	entryBody, stateBody, itemBody = 200, 64, 100
)

func streamNumber(i int) string { return fmt.Sprintf("alert/prod/db/%07d#1", i) }

// climb is what a tick commits: an entry, a state, a due instant that moves.
func climb(name string, at store.Position, n int) *store.Commit {
	k := &store.Commit{
		Stream: name, After: at, Open: true, Rank: uint8(n % 2), Due: policy.Instant(n),
		Entries: []store.Entry{{At: policy.Instant(n), Body: make([]byte, entryBody)}}, State: make([]byte, stateBody),
	}
	at.Link(&k.Entries[0], nil)
	return k
}

// opening is what a trigger commits: a stream, an entry, the alert, an event id
// and a page.
func opening(n int) *store.Commit {
	name := streamNumber(n)
	k := climb(name, store.Genesis(name), n)
	k.Key, k.Subject = fmt.Sprintf("prod/db/%07d", n), make([]byte, 200)
	k.Seen = []store.Seen{{SeenID: store.SeenID{Author: "service:rotator", Kind: escalation.EventTrigger, ID: k.Key}, Seq: 1}}
	k.Add = []store.Item{{ID: escalation.EffectID{Seq: 1}, Target: "user:alice", Body: make([]byte, itemBody)}}
	return k
}

// BenchmarkDurableCommit is P7: commits to SQLite with full sync, beside the
// least that a durable timer needs there: a row with a due instant that is
// indexed.
func BenchmarkDurableCommit(b *testing.B) {
	for _, batch := range []int{1, 100} {
		b.Run(fmt.Sprintf("who=belfry/callers=1/batch=%d", batch), func(b *testing.B) { commitBatches(b, batch) })
		b.Run(fmt.Sprintf("who=raw/callers=1/batch=%d", batch), func(b *testing.B) { upsertBatches(b, batch) })
	}
	b.Run("who=belfry/callers=64/batch=1", commitTogether)
}

// standing is a store with written streams.
func standing(b *testing.B) (store.Store, []store.Position) {
	st, at := file(b).open(b), make([]store.Position, written)
	for from := 0; from < written; from += 500 {
		batch := make([]*store.Commit, 500)
		for i := range batch {
			batch[i] = climb(streamNumber(from+i), store.Genesis(streamNumber(from+i)), from+i)
			at[from+i] = batch[i].Position()
		}
		if err := st.Commit(b.Context(), batch...); err != nil {
			b.Fatal(err)
		}
	}
	return st, at
}

func commitBatches(b *testing.B, size int) {
	st, at := standing(b)
	random := rand.New(rand.NewPCG(1, 2))
	n := 0
	for b.Loop() {
		batch := make([]*store.Commit, size)
		for i := range batch {
			n++
			s := random.IntN(written)
			batch[i] = climb(streamNumber(s), at[s], written+n)
			at[s] = batch[i].Position()
		}
		if err := st.Commit(b.Context(), batch...); err != nil {
			b.Fatal(err)
		}
	}
	rate(b, n)
}

func commitTogether(b *testing.B) {
	st, at := standing(b)
	b.ResetTimer()
	err := each(callers, b.N, func(i int) error {
		s := (i*2_654_435_761%(written/callers))*callers + i%callers // each has streams of its own
		k := climb(streamNumber(s), at[s], written+i)
		err := st.Commit(b.Context(), k)
		at[s] = k.Position()
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	rate(b, b.N)
}

func upsertBatches(b *testing.B, size int) {
	db := must[*sql.DB](b)(sql.Open("sqlite", "file:"+filepath.Join(b.TempDir(), "raw.db")+
		"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"))
	defer db.Close()
	db.SetMaxOpenConns(1)
	run := func(statement string) {
		b.Helper()
		if _, err := db.ExecContext(b.Context(), statement); err != nil {
			b.Fatal(err)
		}
	}
	run("CREATE TABLE t (name BLOB PRIMARY KEY, due INTEGER, body BLOB)")
	run("CREATE INDEX t_due ON t (due)")
	up := must[*sql.Stmt](b)(db.PrepareContext(b.Context(),
		"INSERT INTO t VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET due = excluded.due, body = excluded.body"))
	put := func(i, due int) {
		if _, err := up.Exec([]byte(streamNumber(i)), due, make([]byte, entryBody)); err != nil {
			b.Fatal(err)
		}
	}
	run("BEGIN IMMEDIATE")
	for i := range written {
		put(i, i)
	}
	run("COMMIT")
	random := rand.New(rand.NewPCG(1, 2))
	n := 0
	for b.Loop() {
		run("BEGIN IMMEDIATE")
		for range size {
			n++
			put(random.IntN(written), written+n)
		}
		run("COMMIT")
	}
	rate(b, n)
}

// connections is how many there are at most to PostgreSQL, as many as pgstore
// has, and callers how many trigger and insert over them.
const connections, callers = 16, 64

// BenchmarkDurableTrigger is the first part of P8: alerts are triggered at an
// engine, each by itself, beside as many jobs that are inserted so.
func BenchmarkDurableTrigger(b *testing.B) {
	b.Run("who=belfry", func(b *testing.B) {
		o := &outage{place: shared(b), doc: must[*policy.Document](b)(policy.Parse("outage.json", []byte(outageLadder)))}
		e := o.engine(b, clock.New(), taker("notifier"), "one")
		if _, err := e.Tick(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.ResetTimer()
		err := each(callers, b.N, func(i int) error {
			_, err := e.Trigger(b.Context(), alertNumber(i), engine.By(policy.Service("rotator")), engine.WithID(streamNumber(i)))
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
		rate(b, b.N)
	})
	b.Run("who=river", func(b *testing.B) {
		q := newRiver(b, connections)
		b.ResetTimer()
		err := each(callers, b.N, func(i int) error {
			_, err := q.client.Insert(b.Context(), riverJobNumber(i), nil)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
		rate(b, b.N)
	})
}

// BenchmarkDurableBatch is the second part of P8: what triggers commit, a
// thousand at once, beside as many jobs at once by COPY.
func BenchmarkDurableBatch(b *testing.B) {
	const batch, callers = 1000, 4 // who bring a batch each
	b.Run("who=belfry", func(b *testing.B) {
		st := shared(b).open(b)
		b.ResetTimer()
		err := each(callers, b.N, func(i int) error {
			commits := make([]*store.Commit, batch)
			for j := range commits {
				commits[j] = opening(i*batch + j)
			}
			return st.Commit(b.Context(), commits...)
		})
		if err != nil {
			b.Fatal(err)
		}
		rate(b, b.N*batch)
	})
	b.Run("who=river", func(b *testing.B) {
		q := newRiver(b, connections)
		b.ResetTimer()
		if err := q.insert(b.Context(), b.N*batch, batch, callers); err != nil {
			b.Fatal(err)
		}
		rate(b, b.N*batch)
	})
}

// BenchmarkDurableDue is the third part of P8: tiers that are due are claimed,
// stepped and put in the outbox by two engines, beside jobs that are fetched and
// completed.
func BenchmarkDurableDue(b *testing.B) {
	const due = 20_000
	b.Run("who=belfry", func(b *testing.B) {
		b.StopTimer()
		for range b.N {
			o := newOutage(b, shared(b), due)
			b.StartTimer()
			o.tick(b)
			b.StopTimer()
			o.check(b)
		}
		rate(b, b.N*due)
	})
	b.Run("who=river", func(b *testing.B) {
		b.StopTimer()
		for range b.N {
			q := newRiver(b, connections)
			if err := q.insert(b.Context(), due, 1000, 4); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
			if err := q.work(context.WithoutCancel(b.Context()), due); err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
		}
		rate(b, b.N*due)
	})
}
