package audit_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/belfry-go/belfry/escalation/audit"
)

// seal makes e follow on from a hash, as a forger would who knows the format.
func seal(e *audit.Entry, previous audit.Hash) audit.Hash {
	e.Previous = previous
	if !e.Erased {
		e.Sum = sha256.Sum256(slices.Concat([]byte{0}, e.Salt, e.Body))
	}
	b := append([]byte{1}, previous[:]...)
	b = binary.BigEndian.AppendUint64(b, e.Seq)
	b = binary.BigEndian.AppendUint64(b, uint64(e.At))
	b = append(b, e.Kind)
	e.Hash = sha256.Sum256(append(b, e.Sum[:]...))
	return e.Hash
}

// chainOf is a stream of n entries, each of which change may forge before it is
// sealed.
func chainOf(stream string, n int, change func(i int, e *audit.Entry)) []audit.Entry {
	at := audit.Hash(sha256.Sum256(append([]byte{2}, stream...)))
	var list []audit.Entry
	for i := range n {
		e := audit.Entry{Stream: stream, Seq: uint64(i + 1), At: int64(epoch) + int64(i), Kind: 19, Salt: make([]byte, 16), Body: fmt.Appendf(nil, "body %d", i)}
		if change != nil {
			change(i, &e)
		}
		at = seal(&e, at)
		list = append(list, e)
	}
	return list
}

// fileOf is an export of entries, with further lines before them.
func fileOf(t *testing.T, entries []audit.Entry, more ...string) []byte {
	t.Helper()
	b := bytes.NewBufferString(`{"type":"history","version":1,"namespace":"ns"}` + "\n" + strings.Join(more, ""))
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	for i := range entries {
		if err := enc.Encode(struct {
			Type string `json:"type"`
			*audit.Entry
		}{"entry", &entries[i]}); err != nil {
			t.Fatal(err)
		}
	}
	b.WriteString("{}\n")
	return ended(b.Bytes())
}

// Forgeries that are well made, each but for one thing.
func TestVerifyFindsForgeries(t *testing.T) {
	if v := verify(t, fileOf(t, append(chainOf("a", 3, nil), chainOf("b", 2, nil)...)), audit.Trust{}); !v.Whole() {
		t.Fatal(v.Faults)
	}
	first := func(change func(*audit.Entry)) []audit.Entry {
		return chainOf("a", 3, func(i int, e *audit.Entry) {
			if i == 1 {
				change(e)
			}
		})
	}
	remade := chainOf("a", 3, nil)
	remade[0].Body = []byte("another")
	seal(&remade[0], remade[0].Previous)
	tests := []struct {
		name    string
		entries []audit.Entry
		more    string
		want    string
	}{
		{"one entry is made anew", remade, "", `line 3: stream "a": entry 2: it does not follow from the entry before it`},
		{"another stream's history", chainOf("b", 3, func(_ int, e *audit.Entry) { e.Stream = "a" }), "", `line 2: stream "a": entry 1: it does not follow`},
		{"time goes back", first(func(e *audit.Entry) { e.At = int64(epoch) - 1 }), "", "entry 2: its instant is before its predecessor's"},
		{"a number is left out", first(func(e *audit.Entry) { e.Seq = 3 }), "", "entry 3: entry 3 follows entry 1"},
		{"erased, with a body", first(func(e *audit.Entry) { e.Erased, e.Salt = true, nil }), "", "entry 2: it is marked erased and has a body or a salt"},
		{"a short salt", first(func(e *audit.Entry) { e.Salt = e.Salt[:15] }), "", "entry 2: its salt has 15 bytes, not 16"},
		{"streams in another order", append(chainOf("b", 1, nil), chainOf("a", 1, nil)...), "", `line 3: stream "a": it stands behind stream "b"`},
		{"a stream in two pieces", append(append(chainOf("a", 1, nil), chainOf("b", 1, nil)...), chainOf("a", 2, nil)[1:]...), "", `line 4: stream "a": its entries do not stand together`},
		{"another document", chainOf("a", 1, nil), `{"type":"document","digest":"` + strings.Repeat("00", 32) + `","document":"e30="}` + "\n", "line 2: document 0000"},
		{"a field of nobody's", chainOf("a", 1, nil), `{"type":"document","digest":"` + strings.Repeat("00", 32) + `","document":"e30=","note":"x"}` + "\n", "line 2: it is not in canonical form"},
		{"fields of two types", chainOf("a", 1, nil), `{"type":"history","digest":"` + strings.Repeat("00", 32) + `"}` + "\n", "line 2: it is no history line as the format has it"},
		{"a second beginning", chainOf("a", 1, nil), `{"type":"history","version":1}` + "\n", "line 2: a file begins with one history line"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := verify(t, fileOf(t, tt.entries, tt.more), audit.Trust{})
			if len(v.Faults) == 0 || !strings.Contains(v.Faults[0].Error(), tt.want) {
				t.Errorf("faults %v; want first one that says %q", v.Faults, tt.want)
			}
		})
	}
}

// A log that says something else than the streams is found, and one whose leaves
// were made anew does not give the root that was signed.
func TestVerifyHoldsStreamsToTheLog(t *testing.T) {
	a := chainOf("alert/a#1", 2, nil)
	leaf := func(h audit.Hash) string {
		l := audit.Leaf{Namespace: "ns", Seq: 2, Hash: h, Stream: "alert/a#1"}
		return l.String()
	}
	logOf := func(h audit.Hash) []audit.Entry {
		return chainOf(audit.LogPrefix+"belfry.example.com/test", 1, func(_ int, e *audit.Entry) {
			e.Body = []byte(strings.Repeat(leaf(h)+"\n", 3) + leaf(h))
		})
	}
	if v := verify(t, fileOf(t, append(slices.Clone(a), logOf(a[1].Hash)...)), audit.Trust{}); !v.Whole() {
		t.Error(v.Faults)
	}
	v := verify(t, fileOf(t, append(slices.Clone(a), logOf(a[0].Hash)...)), audit.Trust{})
	if v.Whole() || !strings.Contains(v.Faults[0].Error(), "with another hash") {
		t.Errorf("faults %v; want one about another hash", v.Faults)
	}
	trust := audit.Trust{Checkpoints: [][]byte{vector(t, "newer.txt")}, Keys: []string{string(vector(t, "vkey.txt"))}}
	v = verify(t, fileOf(t, append(slices.Clone(a), logOf(a[1].Hash)...)), trust)
	if v.Whole() || !strings.Contains(v.Faults[0].Error(), "the root over the first 4 heads") || len(v.Covered) > 0 {
		t.Errorf("faults %v, covered %v; want one about the root", v.Faults, v.Covered)
	}
}
