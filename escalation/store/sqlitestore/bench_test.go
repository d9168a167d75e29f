package sqlitestore_test

import (
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// benchStreams is how many streams the benchmarks write to, at random.
const benchStreams = 10_000

// benchCommit is what a tick commits: an entry of 200 bytes, a state of 64, a
// due instant that moves.
func benchCommit(name string, at store.Position, n int64) *store.Commit {
	k := &store.Commit{
		Stream: name, After: at, Open: true, Rank: uint8(n % 2), Due: policy.Instant(n),
		Entries: []store.Entry{{At: policy.Instant(n), Body: make([]byte, 200)}}, State: make([]byte, 64),
	}
	at.Link(&k.Entries[0], nil)
	return k
}

// benchStore has benchStreams streams, and says where they stand.
func benchStore(b *testing.B) (store.Store, []store.Position) {
	st := open(b, filepath.Join(b.TempDir(), "belfry.db"))
	at := make([]store.Position, benchStreams)
	var batch []*store.Commit
	for i := range at {
		k := benchCommit(benchName(i), store.Genesis(benchName(i)), int64(i))
		at[i] = k.Position()
		if batch = append(batch, k); len(batch) == 500 {
			if err := st.Commit(b.Context(), batch...); err != nil {
				b.Fatal(err)
			}
			batch = batch[:0]
		}
	}
	return st, at
}

func benchName(i int) string { return fmt.Sprintf("alert/prod/db/%06d#1", i) }

// scatter visits streams in no order.
func scatter(n uint64) int {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], n)
	h := sha256.Sum256(b[:])
	return int(binary.BigEndian.Uint64(h[:]) % benchStreams)
}

func perSecond(b *testing.B, n int) {
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "commits/s")
}

func BenchmarkCommit(b *testing.B) {
	for _, size := range []int{1, 100} {
		b.Run(fmt.Sprintf("one caller, %d at once", size), func(b *testing.B) {
			st, at := benchStore(b)
			n := 0
			for b.Loop() {
				batch := make([]*store.Commit, 0, size)
				for range size {
					n++
					i := scatter(uint64(n))
					k := benchCommit(benchName(i), at[i], int64(n)+benchStreams)
					at[i] = k.Position()
					batch = append(batch, k)
				}
				if err := st.Commit(b.Context(), batch...); err != nil {
					b.Fatal(err)
				}
			}
			perSecond(b, n)
		})
	}
	b.Run("64 callers", func(b *testing.B) {
		st, at := benchStore(b)
		var caller atomic.Int64
		b.SetParallelism(32) // on two cores 64
		b.RunParallel(func(pb *testing.PB) {
			me, n := int(caller.Add(1)-1), 0
			for pb.Next() {
				n++
				i := (scatter(uint64(n))/64*64 + me%64) % benchStreams // its own streams
				k := benchCommit(benchName(i), at[i], int64(n)+benchStreams)
				if err := st.Commit(b.Context(), k); err != nil {
					b.Error(err)
					return
				}
				at[i] = k.Position()
			}
		})
		perSecond(b, b.N)
	})
}

// BenchmarkRaw is what SQLite does with the least that a timer needs: a row
// with a due instant that is indexed.
func BenchmarkRaw(b *testing.B) {
	for _, size := range []int{1, 100} {
		b.Run(fmt.Sprintf("%d at once", size), func(b *testing.B) {
			db, err := sql.Open("sqlite", "file:"+filepath.Join(b.TempDir(), "raw.db")+
				"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			for _, s := range []string{
				"CREATE TABLE t (name BLOB PRIMARY KEY, due INTEGER, body BLOB)",
				"CREATE INDEX t_due ON t (due)",
			} {
				if _, err := db.Exec(s); err != nil {
					b.Fatal(err)
				}
			}
			conn, err := db.Conn(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			defer conn.Close()
			up, err := conn.PrepareContext(b.Context(), "INSERT INTO t VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET due = excluded.due, body = excluded.body")
			if err != nil {
				b.Fatal(err)
			}
			n := 0
			put := func(i, size int) {
				exec(b, conn, "BEGIN IMMEDIATE")
				for range size {
					if _, err := up.Exec([]byte(benchName(i)), n, make([]byte, 200)); err != nil {
						b.Fatal(err)
					}
					n++
					i = scatter(uint64(n))
				}
				exec(b, conn, "COMMIT")
			}
			exec(b, conn, "BEGIN IMMEDIATE")
			for i := range benchStreams {
				if _, err := up.Exec([]byte(benchName(i)), i, make([]byte, 200)); err != nil {
					b.Fatal(err)
				}
			}
			exec(b, conn, "COMMIT")
			for b.Loop() {
				put(scatter(uint64(n)), size)
			}
			perSecond(b, n)
		})
	}
}

func exec(b *testing.B, conn *sql.Conn, statement string) {
	if _, err := conn.ExecContext(b.Context(), statement); err != nil {
		b.Fatal(err)
	}
}
