package store_test

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// fill opens n alerts in a new store, each with a state of stateSize bytes and
// a due instant of its own within the hour.
func fill(b *testing.B, n, stateSize int) *store.Memory {
	b.Helper()
	m := store.NewNamedMemory("bench")
	state := make([]byte, stateSize)
	c := store.Commit{Entries: make([]store.Entry, 1), State: state, Open: true}
	var scratch []byte
	for i := range n {
		c.Key = "prod/service-" + strconv.Itoa(i)
		c.Stream = "alert/" + c.Key + "#1"
		c.After = store.Genesis(c.Stream)
		c.Due = policy.Instant(uint64(i) * 0x9e3779b97f4a7c15 >> 32) // spread over 71 minutes
		at := c.After
		c.Entries[0] = store.Entry{At: 0, Kind: escalation.EventTrigger}
		scratch = at.Link(&c.Entries[0], scratch)
		if err := m.Commit(context.Background(), &c); err != nil {
			b.Fatal(err)
		}
	}
	return m
}

// BenchmarkEvent is what one due event costs beside the step: read what is due,
// link a record of 120 bytes, commit it with the next due instant, a state of
// 100 bytes and one item; claim the item, and commit the report that ends it.
func BenchmarkEvent(b *testing.B) {
	for _, n := range []int{1_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			m := fill(b, n, 100)
			ctx := context.Background()
			var snaps []store.Snapshot
			var scratch []byte
			body, state := make([]byte, 120), make([]byte, 100)
			item := []store.Item{{Target: "user:alice", Body: body[:60]}}
			c := store.Commit{Entries: make([]store.Entry, 1), State: state, Open: true}
			commit := func(s *store.Snapshot, due policy.Instant) {
				c.Stream, c.After, c.Due = s.Stream, s.Position, due
				c.Entries[0] = store.Entry{At: due, Kind: escalation.EventTick, Body: body}
				scratch = s.Link(&c.Entries[0], scratch)
				if err := m.Commit(ctx, &c); err != nil {
					b.Fatal(err)
				}
			}
			_, now, _ := m.Due(ctx, store.Ask{}, nil)
			ask := store.Ask{Limit: 1}
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				var err error
				ask.By = now
				snaps, now, err = m.Due(ctx, ask, snaps)
				if err != nil || len(snaps) != 1 {
					b.Fatal(len(snaps), err)
				}
				s := &snaps[0]
				item[0].ID, item[0].NotBefore = escalation.EffectID{Seq: s.Seq + 1}, s.Due
				c.Add, c.Remove = item, nil
				next := s.Due.Add(time.Hour + time.Duration(s.Due%1e9)*time.Microsecond)
				commit(s, next)
				items, _, err := m.Claim(ctx, store.Ask{By: ask.By, Limit: 1, Until: policy.Never - 1})
				if err != nil || len(items) != 1 {
					b.Fatal(len(items), err)
				}
				c.Add, c.Remove = nil, []store.Lease{items[0].Lease()}
				commit(s, next)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(2*b.N), "ns/record")
		})
	}
}

// BenchmarkCommit is one commit of one record, hashes included.
func BenchmarkCommit(b *testing.B) {
	m := fill(b, 1000, 100)
	ctx := context.Background()
	var s store.Snapshot
	if err := m.Load(ctx, "alert/prod/service-7#1", &s); err != nil {
		b.Fatal(err)
	}
	c := store.Commit{Stream: s.Stream, Entries: make([]store.Entry, 1), State: s.State, Open: true}
	var scratch []byte
	body := make([]byte, 120)
	b.ReportAllocs()
	for b.Loop() {
		c.After, c.Due = s.Position, s.At
		c.Entries[0] = store.Entry{At: s.At + 1, Kind: escalation.EventTick, Body: body}
		scratch = s.Link(&c.Entries[0], scratch)
		if err := m.Commit(ctx, &c); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSmallStore is a store that lives for one alert, as in a test.
func BenchmarkSmallStore(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		fill(b, 1, 100)
	}
}

func BenchmarkLink(b *testing.B) {
	at := store.Genesis("alert/prod/service-7#1")
	e := store.Entry{Body: make([]byte, 120)}
	var scratch []byte
	b.ReportAllocs()
	for b.Loop() {
		scratch = at.Link(&e, scratch)
	}
}

func BenchmarkLoad(b *testing.B) {
	m := fill(b, 100_000, 100)
	var s store.Snapshot
	b.ReportAllocs()
	for b.Loop() {
		if err := m.Load(context.Background(), "alert/prod/service-7#1", &s); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMemory reports what an open alert takes: all that the store holds,
// less its history and its state.
func BenchmarkMemory(b *testing.B) {
	const n, stateSize = 1_000_000, 100
	for range b.N {
		before := heap()
		m := fill(b, n, stateSize)
		all := float64(heap()-before) / n
		start := b.Elapsed()
		runtime.GC()
		b.ReportMetric(float64((b.Elapsed()-start).Microseconds())/1000, "ms/gc")
		history := float64(m.HistorySize()) / n
		b.ReportMetric(all, "B/alert-all")
		b.ReportMetric(history, "B/alert-history")
		b.ReportMetric(all-history, "B/alert")
		b.ReportMetric(all-history-stateSize, "B/alert-less-state")
		runtime.KeepAlive(m)
	}
}

func heap() uint64 {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}
