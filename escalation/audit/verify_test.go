package audit_test

import (
	"bytes"
	"go/parser"
	"go/token"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/audit"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

func small(t testing.TB) (store.Store, []byte) {
	s := store.NewMemory()
	rng := rand.New(rand.NewPCG(1, 2))
	if err := s.PutDocument(t.Context(), policy.Digest{1}, nil); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"alert/db#1", "alert/ключ <&>#2", "engine/main", "silence/\xff"} {
		appendTo(t, s, rng, name, 3)
	}
	return s, export(t, s)
}

func TestVerifyWhole(t *testing.T) {
	s, file := small(t)
	v := verify(t, file, audit.Trust{})
	if !v.Whole() || v.Streams != 4 || v.Entries != 12 || v.Erased != 0 {
		t.Errorf("%+v; want whole, 4 streams, 12 entries", v)
	}
	if again := export(t, s); !bytes.Equal(again, file) {
		t.Error("two exports of one store differ")
	}
	if err := s.(store.Eraser).Erase(t.Context(), "alert/db#1", 2); err != nil {
		t.Fatal(err)
	}
	erased := export(t, s)
	if v := verify(t, erased, audit.Trust{}); !v.Whole() || v.Erased != 2 {
		t.Errorf("after an erasure: %+v; want whole, 2 erased", v)
	}
	if bytes.Equal(erased, file) {
		t.Error("nothing was erased")
	}
}

// What has no checkpoint is found by the chain: each byte of a small export is
// changed in two ways, with its end line left as it was, and made anew as who
// changes a file would.
// What was pruned is in no later export, which is whole all the same.
func TestVerifyAfterPrune(t *testing.T) {
	t.Parallel()
	s := store.NewMemory()
	rng := rand.New(rand.NewPCG(7, 7))
	appendTo(t, s, rng, "alert/db#1", 3)
	appendTo(t, s, rng, "alert/web#1", 3)
	var snap store.Snapshot
	if err := s.Load(t.Context(), "alert/db#1", &snap); err != nil {
		t.Fatal(err)
	}
	e := store.Entry{At: snap.Position.At, Kind: escalation.EventResolve, Body: []byte("over")}
	c := store.Commit{Stream: "alert/db#1", After: snap.Position, Due: policy.Never}
	snap.Position.Link(&e, nil)
	c.Entries = []store.Entry{e}
	if err := s.Commit(t.Context(), &c); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Prune(t.Context(), e.At+1, 10); n != 1 || err != nil {
		t.Fatalf("%d pruned, %v", n, err)
	}
	if v := verify(t, export(t, s), audit.Trust{}); !v.Whole() || v.Streams != 1 || v.Entries != 3 {
		t.Errorf("%+v", v)
	}
}

func TestVerifyFindsEveryFlip(t *testing.T) {
	_, file := small(t)
	head := bytes.IndexByte(file, '\n')
	tail := bytes.LastIndexByte(file[:len(file)-1], '\n')
	for i := range file {
		for _, mask := range []byte{0x01, 0x20} {
			bad := bytes.Clone(file)
			bad[i] ^= mask
			if v := verify(t, bad, audit.Trust{}); v.Whole() {
				t.Fatalf("byte %d changed from %q to %q is not found", i, file[i], bad[i])
			}
			// The first line says of which store it is: only a checkpoint vouches
			// for that.
			if i > head && i < tail {
				if v := verify(t, ended(bad), audit.Trust{}); v.Whole() {
					t.Fatalf("byte %d changed from %q to %q under a new end is not found:\n%s", i, file[i], bad[i], bad)
				}
			}
		}
	}
}

// The chain alone finds what is left out, put in or moved, but for the end of a
// history and the whole of one.
func TestVerifyFindsLines(t *testing.T) {
	_, file := small(t)
	lines := bytes.SplitAfter(bytes.TrimSuffix(file, []byte("\n")), []byte("\n"))
	for i := range lines {
		cut := ended(append(bytes.Join(append(append([][]byte{}, lines[:i]...), lines[i+1:]...), nil), '\n'))
		last := i > 0 && i < 13 && i%3 == 0 // of its stream
		if v := verify(t, cut, audit.Trust{}); i < 13 && v.Whole() != last {
			t.Errorf("without line %d: whole is %v, %v", i+1, v.Whole(), v.Faults)
		}
		for j := range lines {
			if j == i {
				continue
			}
			moved := append([][]byte{}, lines...)
			moved[i], moved[j] = moved[j], moved[i]
			if v := verify(t, append(bytes.Join(moved, nil), '\n'), audit.Trust{}); v.Whole() {
				t.Errorf("lines %d and %d exchanged are not found", i+1, j+1)
			}
		}
		if i == 13 {
			continue // the end line, which `ended` replaces
		}
		twice := ended(append(bytes.Join(append(append(append([][]byte{}, lines[:i+1]...), lines[i]), lines[i+1:]...), nil), '\n'))
		if v := verify(t, twice, audit.Trust{}); v.Whole() {
			t.Errorf("line %d twice is not found", i+1)
		}
	}
	for n := range len(file) {
		if v := verify(t, file[:n], audit.Trust{}); v.Whole() {
			t.Fatalf("the file cut to %d bytes is not found", n)
		}
	}
}

// A fault says where it is.
func TestVerifyNamesTheFault(t *testing.T) {
	_, file := small(t)
	lines := strings.SplitAfter(string(file), "\n")
	tests := []struct {
		name string
		file string
		want string
	}{
		{"empty", "", "the file is empty"},
		{"left out", strings.Replace(string(file), lines[2], "", 1), `line 3: stream "alert/db#1": entry 3: entry 3 follows entry 1`},
		{"changed", strings.Replace(string(file), `"at":1773151200000002`, `"at":1773151200000003`, 1), `line 3: stream "alert/db#1": entry 2: its hash is not that of its content`},
		{"body", strings.Replace(string(file), `"body":"Y`, `"body":"Z`, 1), `line 2: stream "alert/db#1": entry 1: its body or its salt was changed`},
		{"blank", strings.Replace(string(file), `,"seq"`, `, "seq"`, 1), "line 2: it is not in canonical form"},
		{"capital", strings.Replace(string(file), `"seq"`, `"Seq"`, 1), "line 2: it is not in canonical form"},
		{"cut", string(file[:len(file)-1]), "the last line is cut off"},
		{"no end", strings.Join(lines[:len(lines)-2], ""), "the file has no end line: it is cut off"},
		{"garbage", "hello\n", "line 1: it is no line of an export"},
		{"version", strings.Replace(string(file), `"version":1`, `"version":2`, 1), "it is in version 2 of the format; this reads 1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := verify(t, []byte(tt.file), audit.Trust{})
			if v.Whole() || !strings.Contains(v.Faults[0].Error(), tt.want) {
				t.Errorf("faults %v; want one that says %q first", v.Faults, tt.want)
			}
		})
	}
}

// Any flip of a large history is found; here some at random.
func TestVerifyFindsRandomFlips(t *testing.T) {
	s := store.NewMemory()
	rng := rand.New(rand.NewPCG(7, 7))
	appendTo(t, s, rng, "alert/large#1", 5000)
	file := export(t, s)
	for range 20 {
		bad := bytes.Clone(file)
		i := rng.IntN(len(bad))
		bad[i] ^= byte(1 << rng.IntN(8))
		if v := verify(t, bad, audit.Trust{}); v.Whole() {
			t.Errorf("byte %d changed is not found", i)
		}
	}
}

// The two implementations of the chain agree on entries at random.
func TestVerifyAgreesWithTheStore(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		stream := strconv.FormatUint(rng.Uint64(), 36)
		pos := store.Genesis(stream)
		var entries []audit.Entry
		for range 1 + rng.IntN(4) {
			e := store.Entry{At: max(pos.At, 0) + policy.Instant(rng.IntN(3)), Body: []byte(strings.Repeat("b", rng.IntN(70)))}
			e.Kind++
			for i := range e.Salt {
				e.Salt[i] = byte(rng.Uint32())
			}
			before := pos.Hash
			pos.Link(&e, nil)
			entries = append(entries, audit.EntryOf(stream, before, &e))
		}
		if err := audit.Follows(audit.Head{Stream: stream}, entries...); err != nil {
			t.Fatal(err)
		}
		entries[rng.IntN(len(entries))].Kind++
		if err := audit.Follows(audit.Head{Stream: stream}, entries...); err == nil {
			t.Fatal("a changed kind is not found")
		}
	}
}

// The verifier is a second implementation only as long as it does not call the
// first.
func TestVerifierStandsAlone(t *testing.T) {
	for _, file := range []string{"chain.go", "line.go", "merkle.go", "note.go", "verify.go", "follow.go"} {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, imp := range f.Imports {
			if strings.Contains(imp.Path.Value, ".") {
				t.Errorf("%s imports %s; the verifier imports the standard library alone", file, imp.Path.Value)
			}
		}
	}
}

func FuzzVerify(f *testing.F) {
	_, file := small(f)
	f.Add(file)
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		v, err := audit.Verify(bytes.NewReader(src), audit.Trust{Checkpoints: [][]byte{src}})
		if err != nil {
			t.Fatal(err)
		}
		if v.Whole() {
			t.Error("an export is whole under a checkpoint that nobody signed")
		}
	})
}
