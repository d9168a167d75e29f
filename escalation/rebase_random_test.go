package escalation_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/internal/explore"
	"github.com/belfry-go/belfry/policy"
)

// rebaseDocument draws until a document is valid, and erin may rebase its alerts.
func rebaseDocument(c explore.Chooser, draws int) *policy.Document {
	for range draws {
		text := explore.RandomDocument(c)
		if !bytes.Contains(text, []byte(`"authority"`)) {
			text = bytes.Replace(text, []byte(`"policies"`), []byte(`"authority":{"verify":["service:verifier","responders"],"rebase":["user:erin"]},"policies"`), 1)
		}
		if doc, err := policy.Parse("random.json", text); err == nil && len(doc.Authority.Rebase) > 0 {
			return doc
		}
	}
	return nil
}

// rebaseWalk takes an alert through random events, from one document to another
// and back, and returns what became of the rebases.
func rebaseWalk(c explore.Chooser, docs [2]*policy.Document) (verdicts []escalation.Verdict, told string, fault error) {
	w := &explore.Walk{Doc: docs[0], Dir: explore.RandomAnswers(c, docs[0]), State: escalation.State{Key: "k", Incarnation: 1}}
	ev := escalation.Event{Kind: escalation.EventTrigger, At: explore.Base, ClaimedAt: policy.Never, Alert: explore.RandomAlert(c, explore.Base)}
	for i := range 40 {
		if i > 0 {
			ev = explore.RandomEvent(c, w.Doc, &w.State)
		}
		if i%10 == 9 {
			to := docs[(i/10+1)%2]
			if c.Chance(3) {
				to = w.Doc
			}
			ev = escalation.Event{
				Kind: escalation.EventRebase, At: ev.At, ClaimedAt: policy.Never, By: by("erin"),
				Policy:  []string{"", "p0", "p1", policy.Unmatched}[c(4)],
				Mapping: escalation.Mapping{Dry: c.Chance(5)}.Bound(to),
			}
			w.To, w.Dir = to, explore.RandomAnswers(c, to)
		}
		v, err := w.Step(ev)
		if err != nil {
			return verdicts, fmt.Sprintf("%s\nfrom %s\nto %s", story(w, &ev), docs[0].Canonical(), docs[1].Canonical()), fmt.Errorf("%s, %s: %w", ev.Kind, v, err)
		}
		if ev.Kind == escalation.EventRebase && ev.Mapping != nil {
			verdicts = append(verdicts, v)
		}
		w.Dir = explore.RandomAnswers(c, w.Doc)
	}
	return verdicts, "", replayed(w, docs[:])
}

// replayed checks that the history, as it is written, gives the state again.
func replayed(w *explore.Walk, docs []*policy.Document) error {
	var records []escalation.Record
	for i := range w.Records {
		r, err := escalation.DecodeRecord(escalation.AppendRecord(nil, &w.Records[i]))
		if err != nil {
			return err
		}
		records = append(records, r)
	}
	s, err := escalation.Replay(docs[0], escalation.State{Key: "k", Incarnation: 1}, func(yield func(escalation.Record) bool) {
		for i := range records {
			if !yield(records[i]) {
				return
			}
		}
	}, docs...)
	if err != nil {
		return err
	}
	if !bytes.Equal(escalation.AppendState(nil, &s), escalation.AppendState(nil, &w.State)) {
		return fmt.Errorf("the history gives another state:\n%+v\n%+v", s, w.State)
	}
	return nil
}

// Wherever an alert stands, a rebase keeps its promises (see the package
// explore), and the machine goes on as ever under the new policy.
func TestRebaseRandomWalk(t *testing.T) {
	t.Parallel()
	walks := heavy(600)
	applied := 0
	found := map[string]int{}
	digits := regexp.MustCompile(`[0-9]+`)
	for seed := range walks {
		c := explore.Seeded(uint64(seed))
		docs := [2]*policy.Document{rebaseDocument(c, 1000), rebaseDocument(c, 1000)}
		if docs[0] == nil || docs[1] == nil {
			t.Fatalf("seed %d: a thousand documents and none is valid", seed)
		}
		verdicts, told, err := rebaseWalk(c, docs)
		for _, v := range verdicts {
			if v.Kind == escalation.Applied {
				applied++
			}
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
	if applied < walks/2 {
		t.Errorf("only %d rebases of %d walks were applied", applied, walks)
	}
}

func FuzzRebase(f *testing.F) {
	for seed := range 16 {
		c := explore.Seeded(uint64(seed))
		b := make([]byte, 1200)
		for i := range b {
			b[i] = byte(c(256))
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c := explore.Bytes(b)
		docs := [2]*policy.Document{rebaseDocument(c, 1), rebaseDocument(c, 1)}
		if docs[0] == nil || docs[1] == nil {
			t.Skip("no valid documents")
		}
		if _, told, err := rebaseWalk(c, docs); err != nil {
			t.Fatalf("%v\n%s", err, told)
		}
	})
}
