package escalation_test

import (
	"flag"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/internal/explore"
	"github.com/belfry-go/belfry/policy"
)

// randomWalks is how many alerts TestStepRandomWalk takes through random events.
var randomWalks = flag.Int("explore.walks", 0, "alerts that TestStepRandomWalk takes through random events (0: 800, fewer when short or under the race detector)")

// firstWalk is the seed of the first of them.
var firstWalk = flag.Int("explore.seed", 0, "seed of TestStepRandomWalk's first alert")

// randomDocument draws until a document is valid.
func randomDocument(t testing.TB, c explore.Chooser, draws int) *policy.Document {
	t.Helper()
	var err error
	for range draws {
		var doc *policy.Document
		text := explore.RandomDocument(c)
		if doc, err = policy.Parse("random.json", text); err == nil {
			return doc
		}
	}
	return nil
}

// walk takes an alert of doc through n random events, and returns the first
// fault, with its story.
func walk(c explore.Chooser, doc *policy.Document, n int) (w *explore.Walk, told string, fault error) {
	w = &explore.Walk{Doc: doc, Dir: explore.RandomAnswers(c, doc), State: escalation.State{Key: "k", Incarnation: 1}}
	ev := explore.RandomOpening(c)
	for i := range n {
		if i > 0 {
			ev = explore.RandomEvent(c, doc, &w.State)
		}
		if v, err := w.Step(ev); err != nil {
			return w, story(w, &ev), fmt.Errorf("%s, %s: %w", ev.Kind, v, err)
		}
	}
	return w, "", nil
}

// story is a walk for people: the document, what happened, and what went wrong.
func story(w *explore.Walk, last *escalation.Event) string {
	s := fmt.Sprintf("document: %s\n", w.Doc.Canonical())
	for i := range w.Records {
		r := &w.Records[i]
		s += fmt.Sprintf("%3d %s %-14s %s by %s track %q\n", r.Seq, r.Event.At, r.Event.Kind, r.Verdict, r.Event.By.Principal, r.Event.Track)
		for k := range r.Effects {
			e := &r.Effects[k]
			s += fmt.Sprintf("      %s %s track %d tier %d pass %d %s to %s via %s %s %s %s\n", e.Kind, e.Message, e.Track, e.Tier, e.Pass, e.Reason, e.To, e.Via, e.Status, e.Result, e.Until)
		}
	}
	return s + fmt.Sprintf("then %+v\non %+v", *last, w.State)
}

func TestStepRandomWalk(t *testing.T) {
	t.Parallel()
	walks, steps := heavy(800), 60
	if *randomWalks > 0 {
		walks = *randomWalks
	}
	var verdicts [escalation.Need + 1]int
	found := map[string]int{} // faults that differ in more than numbers
	digits := regexp.MustCompile(`[0-9]+`)
	for seed := *firstWalk; seed < *firstWalk+walks; seed++ {
		c := explore.Seeded(uint64(seed))
		doc := randomDocument(t, c, 100)
		if doc == nil {
			t.Fatalf("seed %d: a hundred documents and none is valid", seed)
		}
		w, told, err := walk(c, doc, steps)
		for i := range w.Records {
			verdicts[w.Records[i].Verdict.Kind]++
		}
		if err == nil {
			continue
		}
		line, _, _ := strings.Cut(err.Error(), "\n")
		line = digits.ReplaceAllString(line, "0")
		if found[line]++; found[line] == 1 {
			t.Errorf("seed %d: %v\n%s", seed, err, told)
		}
	}
	for line, n := range found {
		t.Logf("%d walks: %s", n, line)
	}
	for _, k := range []escalation.VerdictKind{escalation.Applied, escalation.Ignored, escalation.Rejected} {
		if verdicts[k] < walks {
			t.Errorf("only %d events of %d walks were %s", verdicts[k], walks, k)
		}
	}
}

func FuzzStep(f *testing.F) {
	for seed := range 8 {
		c := explore.Seeded(uint64(seed))
		b := make([]byte, 600)
		for i := range b {
			b[i] = byte(c(256))
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c := explore.Bytes(b)
		doc := randomDocument(t, c, 1)
		if doc == nil {
			t.Skip("no valid document")
		}
		if _, told, err := walk(c, doc, min(len(b)/4, 200)); err != nil {
			t.Fatalf("%v\n%s", err, told)
		}
	})
}
