package pgstore_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/engine"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// stairs has a second tier that falls due soon after the first.
const stairs = `{"version": 1, "policies": [{"name": "p", "priority": "P3", "tiers": [
	{"name": "one", "notify": ["user:omar"], "wait": "3s"}, {"name": "two", "notify": ["user:nina"], "wait": "1h"}]}]}`

// outageNode is an engine in Run whose way to the server can be cut.
type outageNode struct {
	eng   *engine.Engine
	proxy *proxy
	told  taken
	last  taken
}

func startNode(t *testing.T, url, name string) *outageNode {
	t.Helper()
	doc, err := policy.Parse("policies.json", []byte(stairs))
	if err != nil {
		t.Fatal(err)
	}
	n := &outageNode{told: make(taken, 99), last: make(taken, 99)}
	p, through := newProxy(t, url)
	n.proxy = p
	n.eng, err = engine.New(engine.Config{
		Policies: doc, Notifier: n.told, LastResort: n.last, Store: open(t, through), Node: name, LookAgain: 200 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	ran := make(chan error, 1)
	go func() { ran <- n.eng.Run(context.Background()) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := n.eng.Close(ctx); err != nil {
			t.Errorf("close %q: %v", name, err)
		}
		if err := <-ran; err != nil {
			t.Errorf("run %q: %v", name, err)
		}
	})
	return n
}

// next waits for a message.
func (n taken) next(t *testing.T) notify.Notification {
	t.Helper()
	select {
	case said := <-n:
		return said
	case <-time.After(time.Minute):
		t.Fatal("nobody was told for a minute")
		return notify.Notification{}
	}
}

// TestOutage takes the server from engines in mid-ladder: the tier that falls due
// is told to the last resort, unjournaled, and once the server is back it is
// recorded and told to whom it was for.
func TestOutage(t *testing.T) {
	for name, nodes := range map[string][]string{"one node": {""}, "two nodes": {"a", "b"}} {
		t.Run(name, func(t *testing.T) {
			url := schema(t) + impatient
			var all []*outageNode
			for _, node := range nodes {
				all = append(all, startNode(t, url, node))
			}
			a := all[0]
			alert := policy.Alert{Key: "db", Kind: policy.RotationFailed, Severity: policy.SeverityHigh}
			if _, err := a.eng.Trigger(t.Context(), alert, engine.By(policy.Service("rotator"))); err != nil {
				t.Fatal(err)
			}
			first := a.told
			if len(all) > 1 {
				first = merged(a.told, all[1].told)
			}
			if said := first.next(t); said.To != policy.User("omar") {
				t.Fatalf("first told: %+v; want omar", said)
			}
			for _, n := range all {
				n.proxy.hang()
			}
			// That nothing can be recorded is told, too; and the first page, where
			// the other node told it, and this one cannot know.
			said := a.last.next(t)
			for !said.Unjournaled || said.Alerts[0].Target == policy.User("omar") {
				said = a.last.next(t)
			}
			if it := said.Alerts[0]; it.Key != "db" || it.Target != policy.User("nina") || !strings.Contains(it.Text, "user:nina") {
				t.Errorf("told unjournaled: %+v; want that nina would have been told of db", said)
			}
			for _, n := range all {
				n.proxy.heal()
			}
			if said := first.next(t); said.To != policy.User("nina") || said.Unjournaled {
				t.Errorf("told afterwards: %+v; want nina", said)
			}
			awaitNote(t, url, "unjournaled: the last resort was told")
		})
	}
}

// merged hands on what two notifiers are told.
func merged(a, b taken) taken {
	both := make(taken, cap(a)+cap(b))
	for _, from := range []taken{a, b} {
		go func() {
			for said := range from {
				both <- said
			}
		}()
	}
	return both
}

// awaitNote waits until the history of the alert has a note.
func awaitNote(t *testing.T, url, text string) {
	t.Helper()
	st := open(t, url)
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		for entry, err := range st.History(t.Context(), "alert/db#1", 0) {
			if err != nil {
				t.Fatal(err)
			}
			r, err := escalation.DecodeRecord(entry.Body)
			if err != nil {
				t.Fatal(err)
			}
			if r.Event.Kind == escalation.EventNote && strings.HasPrefix(r.Event.Text, text) {
				return
			}
		}
	}
	t.Errorf("no note says %q", text)
}
