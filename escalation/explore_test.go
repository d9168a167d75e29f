package escalation_test

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/internal/explore"
	"github.com/belfry-go/belfry/policy"
)

// exploreStates is how many distinct states TestExplore looks at, over all its
// policies; the environment variable BELFRY_EXPLORE says the same.
var exploreStates = flag.Int("explore.states", 0, "distinct states that TestExplore looks at (0: BELFRY_EXPLORE, else 100000, fewer when short or under the race detector)")

func statesToExplore(t *testing.T) int {
	if *exploreStates > 0 {
		return *exploreStates
	}
	if s := os.Getenv("BELFRY_EXPLORE"); s != "" {
		n, err := strconv.Atoi(strings.ReplaceAll(s, "_", ""))
		if err != nil || n < 1 {
			t.Fatalf("BELFRY_EXPLORE is %q; it is the number of states to look at", s)
		}
		return n
	}
	return heavy(100_000)
}

const exploreDirectory = `{
 "people": {"alice": {"contact": [{"via": "push"}, {"via": "sms", "after": "2m"}]}, "bob": {}, "carol": {}, "dave": {}, "erin": {}, "zoe": {}, "mallory": {}},
 "teams": {"pair": ["bob", "carol"]}, "roles": {"nobody": []},
 "services": {"rotator": {"behind": "bob"}, "verifier": {}, "svc-app": {}},
 "hours": {"late": {"timezone": "UTC", "windows": [{"days": ["tue"], "from": "14:25", "to": "15:30"}]}}}`

// explored are the policies whose states are walked through. Each is small, and
// each has what the others lack.
var explored = []struct{ name, policy string }{
	{"ladder", `"rise":"reopen","refire":{"acknowledged":"reopen"},"ack":{"timeout":"20m","remind":"10m","resume":"next"},
	  "exhausted":{"notify":["user:zoe"],"every":"30m"},
	  "tracks":{
	   "main":{"repeat":1,"tiers":[{"name":"1","notify":["user:alice"],"wait":"5m","every":"4m"},{"name":"2","notify":["team:pair"],"wait":"5m","ack":"all"},{"name":"3","notify":["user:dave"],"wait":"5m"}]},
	   "side":{"when":["severity >= high"],"tiers":[{"name":"1","notify":["user:bob"],"wait":"10m"},{"name":"2","notify":["role:nobody"]}]}}`},
	{"gate", `"parties":["user:mallory"],"deadlines":{"fix_by":{"at":"open + 40m"},"contain_by":{"at":"open + 15m","outcome":"contained"}},
	  "ack":{"timeout":"1h","resume":"same"},
	  "tiers":[{"name":"1","notify":["owner"],"wait":"5m"},{"name":"2","notify":["user:bob"]},{"name":"3","notify":["user:dave","user:mallory"],"at":"fix_by - 10m"},{"name":"4","notify":["user:zoe"],"at":"fix_by"}],
	  "gates":[{"name":"deploy","operations":["deploy"],"close":"fix_by","decision":"hold","open":"resolved",
	   "review":{"stages":[{"name":"one","by":["user:erin"]},{"name":"two","by":["user:dave","user:erin"]}],"evidence":["rotated"],"within":"30m","after":"20m","fallback":["user:zoe"],"remind":"10m","for":"15m"},
	   "break_glass":{"by":["user:dave"],"tell":["user:bob","user:carol"],"for":"15m"}}]`},
	{"action", `"rise":"restart","ack":{"timeout":"30m","resume":"restart"},"deadlines":{"fix_by":{"at":"expiry"}},
	  "tracks":{
	   "main":{"tiers":[{"name":"1","notify":["user:alice"],"wait":"5m","run":["disable"]},{"name":"2","notify":[{"to":"user:bob","essential":true}],"wait":"10m"}]},
	   "failed":{"tiers":[{"name":"1","notify":["user:dave"],"at":"action:disable/failed"}]},
	   "second":{"tiers":[{"name":"1","notify":["user:carol"],"at":"exhausted","wait":"10m"}]}},
	  "actions":[{"run":"disable-key","name":"disable","mode":"auto","guard":["severity < critical"],"approve":{"by":["user:erin"],"within":"15m"},"undo":{"within":"1h","approve":{"by":["user:erin"]}}},
	   {"run":"enable-key","name":"enable","mode":"auto","at":"resolved"}],
	  "exhausted":{"notify":["user:zoe"],"every":"30m","run":["freeze"]},
	  "reviews":[{"name":"access","at":"resolved","by":["user:dave"],"within":"1h","answers":["keep","remove"]}]`},
	{"quiet", `"grace":"5m","rise":"ignore","refire":{"acknowledged":"restart","resolved":"reopen"},"ack":{"timeout":"15m","resume":"next"},
	  "tracks":{
	   "main":{"from":"2","repeat":2,"tiers":[{"name":"1","notify":["user:alice","user:bob"],"pick":"next","wait":"5m"},{"name":"2","notify":["user:carol"],"during":"late","wait":"5m"},{"name":"3","notify":["user:dave"],"when":["severity >= critical"],"wait":"5m","unless":"resolved"}]},
	   "tell":{"tiers":[{"name":"1","notify":["channel:room"],"ack":"none","wait":"1m"}]}}`},
	{"informs", `"tiers":[{"name":"1","notify":["user:alice","channel:room"],"ack":"none","wait":"1m"}],
	  "gates":[{"name":"deploy","operations":["deploy"],"close":"open","decision":"deny","open":"review",
	   "review":{"by":["user:erin","user:zoe"],"approvals":1,"within":"1h","for":"15m","exclude":["owner"],"resolve":true}},
	   {"name":"use","operations":["use"],"close":"open","open":"gate:deploy"}]`},
	{"unmatched", ``},
}

// exploredDocument is the document of one of the explored policies; of no
// policy at all it is one that matches nothing.
func exploredDocument(t testing.TB, fields string) *policy.Document {
	t.Helper()
	rest := `"policies":[{"name":"other","match":["kind = other"],"tiers":[{"name":"1","notify":["user:alice"]}]}]`
	if fields != "" {
		rest = `"default":"p","policies":[{"name":"p","priority":"P3",` + fields + `}]`
	}
	doc, err := policy.Parse("explored.json", []byte(`{"version":1,"authority":{"verify":["service:verifier","responders"],"acknowledge":["people"],"rebase":["user:erin"]},"directory":`+exploreDirectory+`,`+rest+`}`))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func exploredAlert() policy.Alert {
	return policy.Alert{
		Key: "k", Kind: policy.RotationFailed, Severity: policy.SeverityMedium, BlastRadius: policy.BlastService,
		Identity:  policy.Identity{ID: "svc-app", Owner: policy.User("alice"), Criticality: policy.CriticalityMedium},
		ExpiresAt: explore.Base.Add(50 * 60e9).Time(),
	}
}

// few are the letters of the second walk through each policy: with less to
// branch on it goes deeper.
var few = []string{
	"trigger medium", "acknowledge by user:alice", "escalate", "snooze 1h", "silence", "raise", "resolve by alice", "tick",
	"oldest message delivered", "oldest message undeliverable", "note rotated", "tick after a gap of 3h",
}

// permission reports whether a letter is about gates, reviews and actions: those of the
// third walk, whose way to an opening is long.
func permission(l explore.Letter) bool {
	for _, word := range [...]string{"trigger medium", "request", "vote", "use", "break glass", "note rotated", "resolve", "succeeded", "run of"} {
		if strings.HasPrefix(l.Name, word) {
			return true
		}
	}
	return l.Name == "tick" || l.Name == "raise" || l.Name == "trigger, graver"
}

// TestExplore walks breadth-first through what the machine can reach, under
// everything that can happen, and holds every step to the invariants. Each cell
// of event and status must have been seen.
func TestExplore(t *testing.T) {
	t.Parallel()
	total := statesToExplore(t)
	cells := map[explore.Cell]int{}
	states, transitions := 0, 0
	const walks = 3 // of each policy
	for i := range walks * len(explored) {
		x, depth := explored[i/walks], "broad"
		doc := exploredDocument(t, x.policy)
		letters := explore.AlphabetOf(doc.Policies[doc.Default], exploredAlert())
		switch i % walks {
		case 1:
			depth = "deep"
			letters = slices.DeleteFunc(letters, func(l explore.Letter) bool { return !slices.Contains(few, l.Name) })
		case 2:
			depth = "gates"
			letters = slices.DeleteFunc(letters, func(l explore.Letter) bool { return !permission(l) })
		}
		e := explore.Explorer{
			Doc: doc, Alphabet: letters, Dir: escalation.NewDirectory(doc),
			States: (total - states) / (walks*len(explored) - i), Workers: min(runtime.GOMAXPROCS(0), 4), Faults: 10,
		}
		r := e.Run()
		for _, f := range r.Faults {
			t.Errorf("%s: %v", x.name, f.Error())
		}
		t.Logf("%-10s %-5s %8d states, %9d transitions, depth %2d, all there are: %t", x.name, depth, r.States, r.Transitions, r.Depth, r.All)
		for c, n := range r.Cells {
			cells[c] += n
		}
		states += r.States
		transitions += r.Transitions
	}
	missing := uncovered(cells)
	t.Logf("%d distinct states, %d transitions, %d cells of event and status, %d of them not covered", states, transitions, len(cells), len(missing))
	if len(missing) > 0 {
		t.Errorf("never seen: %s", strings.Join(missing, ", "))
	}
	if states < total {
		t.Errorf("%d distinct states, wanted %d", states, total)
	}
}

// alertStatuses are the statuses that an alert can have; none: not opened.
var alertStatuses = []escalation.Status{
	escalation.StatusNone, escalation.StatusPending, escalation.StatusSilenced, escalation.StatusResolved, escalation.StatusExhausted,
	escalation.StatusTriggered, escalation.StatusSnoozed, escalation.StatusAcknowledged, escalation.StatusInformed,
}

func uncovered(cells map[explore.Cell]int) []string {
	var missing []string
	for _, s := range alertStatuses {
		for k := escalation.EventTrigger; k <= escalation.EventTick; k++ {
			if cells[explore.Cell{Status: s, Event: k}] == 0 {
				missing = append(missing, fmt.Sprintf("%s in %q", k, s))
			}
		}
	}
	return missing
}
