//go:build unix

package nodes

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/anishathalye/porcupine"
	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/escalation/store/pgstore"
)

// entries reads from the store every tier above the first that was entered, as
// operations: called when the tier was due, and returned when a page of it was
// seen. Beside, it holds each history to its chain, and to the machine: replayed,
// it gives the state that the store has.
func (f *fleet) entries(t *testing.T) (ops []porcupine.Operation, ids map[string]bool) {
	t.Helper()
	st, err := pgstore.Open(t.Context(), f.url)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	ids = map[string]bool{}
	for stream, err := range st.Streams(t.Context(), store.StreamQuery{Prefix: "alert/"}) {
		if err != nil {
			t.Fatal(err)
		}
		ops = append(ops, f.climbs(t, st, stream, ids)...)
	}
	return ops, ids
}

// climbs are the entries of one stream; ids get the records that enter tiers.
func (f *fleet) climbs(t *testing.T, st store.Store, stream string, ids map[string]bool) (ops []porcupine.Operation) {
	t.Helper()
	name := strings.TrimPrefix(stream, "alert/")
	key, number, _ := strings.Cut(name, "#")
	n, err := strconv.Atoi(number)
	if err != nil {
		t.Fatalf("%s: %v", stream, err)
	}
	records := f.verified(t, st, stream, uint64(n))
	for i := range records {
		for _, e := range records[i].Effects {
			if e.Kind != escalation.LineTierEntered {
				continue
			}
			ids[recordOf(stream, records[i].Seq)] = true
			if e.Tier == 0 {
				continue // by the trigger
			}
			ops = append(ops, porcupine.Operation{
				Input: input{verb: opEnter, key: key, n: n, tier: int(e.Tier)}, Output: output{sure: true, verdict: "applied"},
				Call: int64(records[i].Event.At), Return: f.told(name, tiers()[e.Tier]),
			})
		}
	}
	return ops
}

// told is when a page of a tier was seen first.
func (f *fleet) told(name, tier string) int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := slices.IndexFunc(f.pages, func(p *sighting) bool { return p.name == name && p.tier == tier })
	if i < 0 {
		return never // it was withdrawn
	}
	return f.pages[i].at
}

// verified reads a history that is whole.
func (f *fleet) verified(t *testing.T, st store.Store, stream string, n uint64) (records []escalation.Record) {
	t.Helper()
	var snap store.Snapshot
	if err := st.Load(t.Context(), stream, &snap); err != nil {
		t.Fatal(err)
	}
	end, err := store.Verify(store.Genesis(stream), st.History(t.Context(), stream, 0))
	if err != nil || end != snap.Position {
		t.Errorf("%s stands at %d, its history ends at %d: %v", stream, snap.Seq, end.Seq, err)
	}
	for e, err := range st.History(t.Context(), stream, 0) {
		if err != nil {
			t.Fatal(err)
		}
		r, err := escalation.DecodeRecord(e.Body)
		if err != nil {
			t.Fatalf("%s: record %d: %v", stream, e.Seq, err)
		}
		records = append(records, r)
	}
	doc, err := ladder()
	if err != nil {
		t.Fatal(err)
	}
	s, err := escalation.Replay(doc, escalation.State{Key: snap.Key, Incarnation: n}, slices.Values(records))
	if err != nil {
		t.Error(err)
	} else if !bytes.Equal(escalation.AppendState(nil, &s), snap.State) {
		t.Errorf("%s: replayed, its history gives another state than the store has", stream)
	}
	return records
}

// recordOf is a record's name, as ids on the wire have it behind the namespace.
func recordOf(stream string, seq uint64) string {
	return strings.TrimPrefix(stream, "alert/") + "/" + strconv.FormatUint(seq, 10)
}
