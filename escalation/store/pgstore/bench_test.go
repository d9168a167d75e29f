package pgstore_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// trigger is what opens an alert: a stream, an entry, a subject, an event id and
// an item.
func trigger(n int64) *store.Commit {
	key := fmt.Sprintf("prod/db/%09d", n)
	name := "alert/" + key + "#1"
	k := &store.Commit{
		Stream: name, Key: key, After: store.Genesis(name), Open: true, Due: policy.Instant(n),
		Entries: []store.Entry{{Body: make([]byte, 200)}}, State: make([]byte, 64), Subject: make([]byte, 200),
		Seen: []store.Seen{{SeenID: store.SeenID{Author: "service:scanner", ID: key}, Seq: 1}},
		Add:  []store.Item{{ID: escalation.EffectID{Seq: 1}, Target: "user:omar", Body: make([]byte, 100)}},
	}
	at := k.After
	at.Link(&k.Entries[0], nil)
	return k
}

func BenchmarkTrigger(b *testing.B) {
	for _, size := range []int{1, 100, 500} {
		b.Run(fmt.Sprintf("one caller, %d at once", size), func(b *testing.B) {
			st := open(b, schema(b))
			n := int64(0)
			for b.Loop() {
				batch := make([]*store.Commit, size)
				for i := range batch {
					n++
					batch[i] = trigger(n)
				}
				if err := st.Commit(b.Context(), batch...); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "commits/s")
		})
	}
	b.Run("64 callers", func(b *testing.B) {
		st := open(b, schema(b))
		var n atomic.Int64
		b.SetParallelism(32) // on two cores 64
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if err := st.Commit(b.Context(), trigger(n.Add(1))); err != nil {
					b.Error(err)
					return
				}
			}
		})
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
	})
}
