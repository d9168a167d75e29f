package checkpoint_test

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/belfry-go/belfry/escalation/audit"
	"github.com/belfry-go/belfry/escalation/audit/checkpoint"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

const (
	origin = "belfry.example.com/test"
	epoch  = policy.Instant(1_773_151_200_000_000)
)

func TestCheckpointHolds(t *testing.T) {
	b := newBench(t)
	empty := b.checkpoint(t)
	write(t, b.store, "alert/db#1", "opened", "told")
	write(t, b.store, "silence/ a%\xff", "silenced")
	first := b.checkpoint(t)
	write(t, b.store, "alert/db#1", "acknowledged")
	write(t, b.store, "alert/new#1", "opened")
	second := b.checkpoint(t)
	if again := b.checkpoint(t); !bytes.Equal(again, second) {
		t.Errorf("nothing moved, and the checkpoint is another:\n%s\n%s", second, again)
	}
	write(t, b.store, "alert/db#1", "resolved")
	v := b.verify(t, export(t, b.store), empty, first, second)
	if !v.Whole() {
		t.Fatalf("faults: %v", v.Faults)
	}
	want := []audit.Covered{{Origin: origin}, {Origin: origin, Size: 2, Streams: 2, Entries: 3}, {Origin: origin, Size: 4, Streams: 3, Entries: 5}}
	if !slices.Equal(v.Covered, want) {
		t.Errorf("covered %+v; want %+v", v.Covered, want)
	}
	if _, err := note.Open(second, note.VerifierList(verifier(t, b.vkey))); err != nil {
		t.Errorf("another reader of signed notes: %v", err)
	}
	if _, err := audit.Verify(bytes.NewReader(nil), audit.Trust{Keys: []string{strings.Replace(b.vkey, "+", "x+", 1)}}); err == nil {
		t.Error("a key under another name than it was made for is taken")
	}
}

func verifier(t testing.TB, vkey string) note.Verifier {
	t.Helper()
	v, err := note.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Whatever is changed behind a checkpoint is found, though every chain was made
// anew and the log of heads with it: each byte of each body, each entry left out,
// put in or moved, each history cut at each place, each stream dropped.
func TestCheckpointFindsEveryForgery(t *testing.T) {
	b := newBench(t)
	write(t, b.store, "alert/a#1", "one", "two", "three")
	b.checkpoint(t)
	write(t, b.store, "alert/a#1", "four")
	write(t, b.store, "alert/b#1", "five", "six")
	signed := b.checkpoint(t)
	logStream := audit.LogPrefix + origin
	whole := historyOf(t, b.store)
	tried := 0
	try := func(what string, change func(h history)) {
		t.Helper()
		for _, remade := range []string{"left", "remade"} {
			h := history{}
			for stream, bodies := range whole {
				h[stream] = slices.Clone(bodies)
			}
			change(h)
			s := h.forged(t)
			if remade == "remade" { // the forger makes the log of heads anew, too
				delete(h, logStream)
				s = h.forged(t)
				forger, err := checkpoint.Open(t.Context(), s, origin)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := forger.Checkpoint(t.Context(), epoch, b.signer); err != nil {
					t.Fatal(err)
				}
			}
			tried++
			if v := b.verify(t, export(t, s), signed); v.Whole() {
				t.Errorf("%s, with the log %s, is not found", what, remade)
			}
		}
	}
	if v := b.verify(t, export(t, whole.forged(t)), signed); !v.Whole() {
		t.Fatalf("a true copy: %v", v.Faults)
	}
	for stream, bodies := range whole {
		try("dropping "+stream, func(h history) { delete(h, stream) })
		for i, body := range bodies {
			for j := range len(body) {
				changed := []byte(body)
				changed[j] ^= 1
				try(fmt.Sprintf("byte %d of entry %d of %s", j, i+1, stream), func(h history) {
					h[stream][i] = string(changed)
				})
			}
			if i > 0 {
				try(fmt.Sprintf("cutting %s to %d", stream, i), func(h history) { h[stream] = h[stream][:i] })
				try(fmt.Sprintf("exchanging entries %d and %d of %s", i, i+1, stream), func(h history) {
					h[stream][i], h[stream][i-1] = h[stream][i-1], h[stream][i]
				})
			}
			try(fmt.Sprintf("leaving out entry %d of %s", i+1, stream), func(h history) {
				if h[stream] = slices.Delete(h[stream], i, i+1); len(h[stream]) == 0 {
					delete(h, stream)
				}
			})
			if stream != logStream { // behind what was signed, the log may have more
				try(fmt.Sprintf("putting one in before entry %d of %s", i+1, stream), func(h history) { h[stream] = slices.Insert(h[stream], i, "x") })
			}
		}
	}
	t.Logf("%d forgeries", tried)
}

// Every byte of a small export is changed, its end line made anew: with a
// checkpoint all is found, the store's name included.
func TestCheckpointFindsEveryFlip(t *testing.T) {
	b := newBench(t)
	write(t, b.store, "alert/a#1", "one", "two")
	write(t, b.store, "engine/main", "three")
	signed := b.checkpoint(t)
	file := export(t, b.store)
	if v := b.verify(t, file, signed); !v.Whole() {
		t.Fatal(v.Faults)
	}
	for i := range file {
		bad := bytes.Clone(file)
		bad[i] ^= 1
		if v := b.verify(t, bad, signed); v.Whole() {
			t.Errorf("byte %d of the export is not found", i)
		}
	}
	for i := range signed {
		bad := bytes.Clone(signed)
		bad[i] ^= 1
		if v := b.verify(t, file, bad); v.Whole() {
			t.Errorf("byte %d of the checkpoint, %q, is not found", i, signed[i])
		}
	}
}

// A large log: random forgeries, and proofs at random sizes that another
// implementation checks.
func TestCheckpointLarge(t *testing.T) {
	b := newBench(t)
	rng := rand.New(rand.NewPCG(5, 6))
	type tree struct {
		size   int64
		root   tlog.Hash
		signed []byte
	}
	var trees []tree
	for range 30 {
		for range 20 {
			write(t, b.store, fmt.Sprintf("alert/k%d#1", rng.IntN(60)), fmt.Sprint(rng.Uint64()))
		}
		signed := b.checkpoint(t)
		c, err := audit.ParseCheckpoint(string(signed[:bytes.Index(signed, []byte("\n\n"))+1]))
		if err != nil {
			t.Fatal(err)
		}
		trees = append(trees, tree{int64(c.Size), tlog.Hash(c.Root), signed})
	}
	last := trees[len(trees)-1]
	for _, old := range trees {
		proof, err := b.log.Consistency(old.size)
		if err != nil {
			t.Fatal(err)
		}
		if err := tlog.CheckTree(proof, last.size, last.root, old.size, old.root); err != nil {
			t.Errorf("from %d to %d: %v", old.size, last.size, err)
		}
	}
	for i := range 60 {
		leaf, index, proof, err := b.log.Inclusion(fmt.Sprintf("alert/k%d#1", i))
		if err != nil {
			t.Fatal(err)
		}
		if err := tlog.CheckRecord(proof, last.size, last.root, index, tlog.RecordHash([]byte(leaf.String()))); err != nil {
			t.Errorf("inclusion of %v: %v", leaf, err)
		}
	}
	whole := historyOf(t, b.store)
	for range 30 {
		h := history{}
		for stream, bodies := range whole {
			h[stream] = slices.Clone(bodies)
		}
		stream := fmt.Sprintf("alert/k%d#1", rng.IntN(60))
		i := rng.IntN(len(h[stream]))
		if rng.IntN(2) == 0 && i > 0 {
			h[stream] = h[stream][:i]
		} else {
			h[stream][i] += "!"
		}
		if v := b.verify(t, export(t, h.forged(t)), last.signed); v.Whole() {
			t.Errorf("entry %d of %s changed or cut is not found", i+1, stream)
		}
	}
}

// A store that lost what it had gets no checkpoint.
func TestCheckpointRefusesALoss(t *testing.T) {
	b := newBench(t)
	write(t, b.store, "alert/a#1", "one", "two")
	write(t, b.store, "alert/b#1", "one")
	b.checkpoint(t)
	whole := historyOf(t, b.store)
	for what, change := range map[string]func(h history){
		"cut":     func(h history) { h["alert/a#1"] = h["alert/a#1"][:1] },
		"changed": func(h history) { h["alert/a#1"][1] = "three" },
		"dropped": func(h history) { delete(h, "alert/b#1") },
	} {
		h := history{}
		for stream, bodies := range whole {
			h[stream] = slices.Clone(bodies)
		}
		change(h)
		log, err := checkpoint.Open(t.Context(), h.forged(t), origin)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := log.Checkpoint(t.Context(), epoch, b.signer); err == nil || !strings.Contains(err.Error(), "lost") {
			t.Errorf("%s: error %v; want one that says that the store has lost something", what, err)
		}
	}
}

// Two nodes write one log.
func TestCheckpointOfTwoNodes(t *testing.T) {
	b := newBench(t)
	other, err := checkpoint.Open(t.Context(), b.store, origin)
	if err != nil {
		t.Fatal(err)
	}
	var notes [][]byte
	for i := range 10 {
		write(t, b.store, fmt.Sprintf("alert/k%d#1", i), "x")
		log := b.log
		if i%3 == 0 {
			log = other
		}
		signed, err := log.Checkpoint(t.Context(), epoch, b.signer)
		if err != nil {
			t.Fatal(err)
		}
		notes = append(notes, signed)
	}
	if v := b.verify(t, export(t, b.store), notes...); !v.Whole() || v.Covered[9].Streams != 10 {
		t.Errorf("%+v; want whole, the last over 10 streams", v)
	}
}

// What is behind a checkpoint may be erased, but for the log itself.
func TestCheckpointAndErasure(t *testing.T) {
	b := newBench(t)
	write(t, b.store, "alert/a#1", "one", "two")
	signed := b.checkpoint(t)
	mem := b.store.(*named).Store.(store.Eraser)
	if err := mem.Erase(t.Context(), "alert/a#1", 2); err != nil {
		t.Fatal(err)
	}
	if v := b.verify(t, export(t, b.store), signed); !v.Whole() || v.Erased != 2 {
		t.Errorf("%+v; want whole, 2 erased", v)
	}
	if err := mem.Erase(t.Context(), audit.LogPrefix+origin, 1); err != nil {
		t.Fatal(err)
	}
	if v := b.verify(t, export(t, b.store), signed); v.Whole() {
		t.Error("an erased log of heads is not found")
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, bad := range []string{"", "a b", "a+b", "a\nb", strings.Repeat("x", 1024)} {
		if _, err := checkpoint.Open(t.Context(), newNamed(), bad); err == nil {
			t.Errorf("origin %q is taken", bad)
		}
	}
	if _, err := newBench(t).log.Checkpoint(t.Context(), epoch); err == nil {
		t.Error("a checkpoint that nobody signs is made")
	}
}

var update = flag.Bool("update", false, "write the vectors anew")

// vectors are an export and its checkpoints, made by this package with the
// libraries that it stands on; the verifier's own tests read them without.
const vectors = "../testdata/checkpoint"

// What the vectors hold, this package would write again, but for salts and keys.
func TestVectors(t *testing.T) {
	read := func(name string) []byte {
		t.Helper()
		src, err := os.ReadFile(filepath.Join(vectors, name))
		if err != nil {
			t.Fatal(err)
		}
		return src
	}
	if *update {
		b := newBench(t)
		write(t, b.store, "alert/a#1", "one", "two")
		write(t, b.store, "alert/b c#1", "three")
		older := b.checkpoint(t)
		write(t, b.store, "alert/a#1", "four")
		write(t, b.store, "engine/\xff%", "five")
		for name, content := range map[string][]byte{
			"older.txt": older, "newer.txt": b.checkpoint(t), "vkey.txt": []byte(b.vkey + "\n"), "export.jsonl": export(t, b.store),
		} {
			if err := os.WriteFile(filepath.Join(vectors, name), content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	n, err := note.Open(read("newer.txt"), note.VerifierList(verifier(t, strings.TrimSpace(string(read("vkey.txt"))))))
	if err != nil {
		t.Fatal(err)
	}
	c, err := audit.ParseCheckpoint(n.Text)
	if err != nil || c.Origin != origin || c.Size != 4 {
		t.Errorf("%+v, %v", c, err)
	}
}
