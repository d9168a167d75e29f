package main

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
)

// asChild makes the test's binary the example itself, so that there is a real
// process to kill.
const asChild = "BELFRY_DURABLE_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(asChild) != "" {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		code := program(ctx, os.Args[1:], os.Stdout, os.Stderr)
		stop()
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// fleet is the processes of a test, which share a database and a place to which
// they write: what is written there outlives them.
type fleet struct {
	t    *testing.T
	db   string
	said string // the path of what they print
	r    *rand.Rand
}

func newFleet(t *testing.T, db string) *fleet {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	return &fleet{t: t, db: db, said: filepath.Join(t.TempDir(), "said"), r: rand.New(rand.NewPCG(seed, 0))}
}

// start starts a process.
func (f *fleet) start(args ...string) *exec.Cmd {
	f.t.Helper()
	self, err := os.Executable()
	if err != nil {
		f.t.Fatal(err)
	}
	said, err := os.OpenFile(f.said, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		f.t.Fatal(err)
	}
	defer said.Close() // the process has a copy
	cmd := exec.Command(self, append([]string{"-db", f.db, "-policies", "testdata/fast.yaml"}, args...)...)
	cmd.Env = append(os.Environ(), asChild+"=1")
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
	return cmd
}

// finish runs a process to its end, which must be a good one.
func (f *fleet) finish(args ...string) {
	f.t.Helper()
	if err := f.start(args...).Wait(); err != nil {
		f.t.Errorf("%v: %v\n%s", args, err, f.tail())
	}
}

// pass lets real time pass: the processes have no other.
func (f *fleet) pass(least, most time.Duration) {
	wait := time.NewTimer(least + time.Duration(f.r.Int64N(int64(most-least))))
	defer wait.Stop()
	<-wait.C
}

// text is all that was said so far.
func (f *fleet) text() string {
	b, _ := os.ReadFile(f.said)
	return string(b)
}

func (f *fleet) tail() string {
	text := f.text()
	return text[max(0, len(text)-3000):]
}

// about is every line that names an alert.
func (f *fleet) about(name string) string {
	var lines []string
	for line := range strings.Lines(f.text()) {
		if strings.Contains(line, name) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}

// story is what the processes have said.
type story struct {
	opened map[string]bool     // keys whose trigger was answered
	acked  map[string]uint64   // by key, the record of its acknowledgement
	pages  map[string][]string // ids of pages by key and tier, each as often as it was said
}

// read reads what was said.
func read(text string) story {
	s := story{opened: map[string]bool{}, acked: map[string]uint64{}, pages: map[string][]string{}}
	for line := range strings.Lines(text) {
		w := strings.Fields(line)
		switch {
		case len(w) > 2 && w[0] == "trigger":
			s.opened[strings.TrimSuffix(w[1], ":")] = true
		case len(w) > 3 && w[0] == "record" && w[2] == "acknowledge" && w[3] == "applied":
			key, seq := place(strings.TrimSuffix(w[1], ":"))
			s.acked[key] = seq
		case len(w) > 7 && w[0] == "page":
			key, _ := place(w[1])
			at := key + " " + w[7]
			s.pages[at] = append(s.pages[at], w[1])
		}
	}
	return s
}

// place reads an id, namespace:key#n/seq or namespace:key#n/seq/i.
func place(id string) (key string, seq uint64) {
	_, rest, _ := strings.Cut(id, ":")
	key, rest, _ = strings.Cut(rest, "#1/")
	number, _, _ := strings.Cut(rest, "/")
	seq, _ = strconv.ParseUint(number, 10, 64)
	return key, seq
}

// tiers are the tiers of the policy, as pages name them, and the last resort
// that follows when nobody has answered, which is of no tier.
func tiers() []string { return []string{`"owner"`, `"soc"`, `"lead"`, `"manager"`, `""`} }

// verdict is what is counted.
type verdict struct{ opened, acked, missing, forgotten, twice, again int }

func (v *verdict) add(w verdict) {
	v.opened += w.opened
	v.acked += w.acked
	v.missing += w.missing
	v.forgotten += w.forgotten
	v.twice += w.twice
	v.again += w.again
}

func (v verdict) String() string {
	return fmt.Sprintf("%d alerts opened, %d acknowledged: %d pages missing, %d acknowledgements forgotten, "+
		"%d tiers told under two ids, %d pages said again under their id",
		v.opened, v.acked, v.missing, v.forgotten, v.twice, v.again)
}

// judge holds the story to what was promised: of every alert that was opened and
// not acknowledged every tier was told; no tier under two ids; nothing above an
// acknowledgement.
func (s story) judge() (v verdict, faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	for _, key := range slices.Sorted(maps.Keys(s.opened)) {
		v.opened++
		acked, ok := s.acked[key]
		if ok {
			v.acked++
		}
		for _, tier := range tiers() {
			ids := s.pages[key+" "+tier]
			if len(ids) == 0 && !ok {
				v.missing++
				fault("%s: tier %s was never told", key, tier)
			}
			for i, id := range ids {
				if id != ids[0] {
					v.twice++
					fault("%s: tier %s was told under %s and %s", key, tier, ids[0], id)
				}
				if i > 0 {
					v.again++
				}
				if _, seq := place(id); ok && seq > acked {
					v.forgotten++
					fault("%s: tier %s was told by record %d, behind the acknowledgement in record %d", key, tier, seq, acked)
				}
			}
		}
	}
	return v, faults
}

// judge is the story's, and reports what is wrong.
func (f *fleet) judge() verdict {
	f.t.Helper()
	v, faults := read(f.text()).judge()
	for _, fault := range faults {
		key, _, _ := strings.Cut(fault, ":")
		f.t.Errorf("%s; of it was said:\n%s", fault, f.about(key+"#1"))
	}
	if len(faults) > 0 {
		f.t.Log(f.tail())
	}
	return v
}

// verify holds every history to its chain, and every page that was said again to
// its record, which must say why.
func (f *fleet) verify(st store.Store) {
	f.t.Helper()
	ctx := f.t.Context()
	words := map[string]string{} // of the delivery, by page
	for name, err := range st.Streams(ctx, store.StreamQuery{}) {
		if err != nil {
			f.t.Fatal(err)
		}
		end, err := store.Verify(store.Genesis(name), st.History(ctx, name, 0))
		if err != nil {
			f.t.Errorf("%q: %v", name, err)
		}
		var snap store.Snapshot
		if err := st.Load(ctx, name, &snap); err != nil || snap.Position != end {
			f.t.Errorf("%q stands at %d (%v), its history ends at %d", name, snap.Seq, err, end.Seq)
		}
		if alert, ok := strings.CutPrefix(name, "alert/"); ok {
			f.reports(st, name, alert, words)
		}
	}
	for at, ids := range read(f.text()).pages {
		_, id, _ := strings.Cut(ids[0], ":")
		if len(ids) > 1 && !strings.Contains(words[id], "claimed before") {
			f.t.Errorf("%s: the page %s was said %d times, and no record says why", at, id, len(ids))
		}
	}
}

// reports reads what is recorded of the deliveries of an alert.
func (f *fleet) reports(st store.Store, stream, alert string, words map[string]string) {
	f.t.Helper()
	for e, err := range st.History(f.t.Context(), stream, 0) {
		if err != nil {
			f.t.Fatal(err)
		}
		r, err := escalation.DecodeRecord(e.Body)
		if err != nil {
			f.t.Fatalf("%q, record %d: %v", stream, e.Seq, err)
		}
		if rep := &r.Event.Report; r.Event.Kind == escalation.EventReport && rep.Detail != "" {
			words[fmt.Sprintf("%s/%d/%d", alert, rep.Effect.Seq, rep.Effect.I)] = rep.Detail
		}
	}
}

// rounds is how many rounds are asked for.
func rounds(t *testing.T, normally int) int {
	t.Helper()
	text := os.Getenv("BELFRY_ROUNDS")
	if text == "" {
		return normally
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("BELFRY_ROUNDS=%q is no number of rounds", text)
	}
	return n
}

func keyOf(round int) []string {
	return []string{"-key", fmt.Sprintf("k%d", round), "-id", fmt.Sprintf("leak-%d", round)}
}
