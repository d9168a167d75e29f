package escalationtest

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/internal/golden"
	"github.com/belfry-go/belfry/policy"
)

// The journals are histories that released versions have written, and that each
// later one must replay: testdata/journals has a directory for each version,
// and in it a history for each case below, as Case.Export writes it, and the
// digests of the states that they give.
//
// What is in `next` will be released next, and is written anew by -update. A
// release takes a copy of it, under its own name, that nobody changes again:
//
//	go test ./escalation/escalationtest -run TestJournals -update
//	cp -r escalation/escalationtest/testdata/journals/next escalation/escalationtest/testdata/journals/v0.1.0
const (
	journals     = "testdata/journals"
	journalsNext = "next"
	journalEnd   = ".jsonl"
)

// journalCases are the files whose first case is a journal: each thing that the
// machine does is in one.
func journalCases() []string {
	return []string{
		"cases/S01", "cases/S02", "cases/S03", "cases/S04", "cases/H16", "cases/H24", "cases/G55", "cases/O06", "cases/X01",
		"rules/acknowledge", "rules/actions", "rules/anchors", "rules/budgets", "rules/decline-quorum", "rules/down",
		"rules/expectations", "rules/gates", "rules/leaks", "rules/quiet", "rules/quorum", "rules/reached", "rules/rebase",
		"rules/resolve", "rules/reviews", "rules/undo", "rules/unmatched",
	}
}

// TestJournals replays the histories of every version.
func TestJournals(t *testing.T) {
	for _, name := range journalCases() {
		if !golden.Update() {
			break
		}
		c := Load("testdata/" + name + ".test.yaml").Cases[0]
		golden.Check(t, "journals/"+journalsNext+"/"+filepath.Base(name)+journalEnd, writeJournal(t, c))
	}
	versions, err := os.ReadDir(journals)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range versions {
		t.Run(v.Name(), func(t *testing.T) { replayVersion(t, v.Name()) })
	}
}

// writeJournal plays a case and returns its journal: what Case.Export writes,
// and the case's documents. An export has only those that an alert is pinned to
// at its end, and none that was left by a rebase.
func writeJournal(t *testing.T, c *Case) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := c.Export(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	documents := []*policy.Document{c.Document}
	for i := range c.Steps {
		if doc := c.Steps[i].Document; doc != nil {
			documents = append(documents, doc)
		}
	}
	for _, doc := range documents {
		line, err := json.Marshal(map[string][]byte{"document": doc.Canonical()})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(b.Bytes(), line[1:len(line)-1]) {
			b.Write(append(line, '\n'))
		}
	}
	return b.Bytes()
}

// replayVersion replays all that a version has written.
func replayVersion(t *testing.T, version string) {
	names, err := filepath.Glob(filepath.Join(journals, version, "*"+journalEnd))
	if err != nil || len(names) < len(journalCases()) {
		t.Fatalf("%d journals, %v; want %d", len(names), err, len(journalCases()))
	}
	var states strings.Builder
	alerts, records := 0, 0
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		j, err := readJournal(name, text)
		if err != nil {
			t.Fatal(err)
		}
		for _, stream := range j.streams {
			s, err := j.replay(stream)
			if err != nil {
				t.Errorf("%s: %s: %v", name, stream, err)
				continue
			}
			alerts++
			records += len(j.records[stream])
			fmt.Fprintf(&states, "%s %s rev %d %x\n", filepath.Base(name), stream, s.Rev, sha256.Sum256(escalation.AppendState(nil, &s)))
		}
	}
	golden.Check(t, "journals/"+version+"/states.txt", []byte(states.String()))
	if alerts < len(names) {
		t.Errorf("only %d alerts were replayed", alerts)
	}
	t.Logf("%d journals, %d alerts, %d records", len(names), alerts, records)
}

// journal is a history that was exported.
type journal struct {
	documents []*policy.Document
	streams   []string // of alerts
	records   map[string][]escalation.Record
}

func readJournal(name string, text []byte) (*journal, error) {
	j := &journal{records: map[string][]escalation.Record{}}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var l struct {
			Stream   string
			Document []byte
			Body     []byte
		}
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		switch {
		case l.Document != nil:
			doc, err := policy.Parse(name, l.Document)
			if err != nil {
				return nil, err
			}
			j.documents = append(j.documents, doc)
		case strings.HasPrefix(l.Stream, "alert/"):
			r, err := escalation.DecodeRecord(l.Body)
			if err != nil {
				return nil, fmt.Errorf("%s: %s: %w", name, l.Stream, err)
			}
			if j.records[l.Stream] == nil {
				j.streams = append(j.streams, l.Stream)
			}
			j.records[l.Stream] = append(j.records[l.Stream], r)
		}
	}
	return j, lines.Err()
}

// replay gives an alert's state. The document under which it opened is the one
// that replays it.
func (j *journal) replay(stream string) (escalation.State, error) {
	key, number, _ := cutLast(strings.TrimPrefix(stream, "alert/"), "#")
	start := escalation.State{Key: key}
	if _, err := fmt.Sscan(number, &start.Incarnation); err != nil {
		return start, err
	}
	failed := errors.New("the journal has no document")
	far := uint64(0)
	for _, doc := range j.documents {
		s, err := escalation.Replay(doc, start, slices.Values(j.records[stream]), j.documents...)
		if err == nil {
			return s, nil
		}
		if s.Seq >= far {
			far, failed = s.Seq, err
		}
	}
	return start, failed
}

// TestEveryHistoryReplays replays what every case leaves behind: what the engine
// wrote is what the machine gives.
func TestEveryHistoryReplays(t *testing.T) {
	names, err := filepath.Glob("testdata/*/*.test.yaml")
	if err != nil {
		t.Fatal(err)
	}
	alerts := 0
	for _, name := range names {
		for _, c := range Load(name).Cases {
			if c.Err != nil {
				continue // TestRules says so
			}
			j, err := readJournal(name, writeJournal(t, c))
			if err != nil {
				t.Fatal(err)
			}
			for _, stream := range j.streams {
				alerts++
				if _, err := j.replay(stream); err != nil {
					t.Errorf("%s: %s: %s: %v", name, c.Name, stream, err)
				}
			}
		}
	}
	if alerts < 400 {
		t.Errorf("only %d alerts were replayed", alerts)
	}
}
