package engine

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// A page that a process had claimed when it died goes out again, and the record
// of its delivery says why. One that was merely overdue says nothing.
func TestClaimedBefore(t *testing.T) {
	for _, node := range []string{"", "b"} {
		for _, claimed := range []bool{true, false} {
			kept := store.NewMemory()
			old := newBench(t, ladder, func(c *Config) { c.Store = kept })
			if _, err := old.e.Trigger(t.Context(), alertOf("db"), By(policy.Service("test"))); err != nil {
				t.Fatal(err)
			}
			now := policy.InstantOf(epoch)
			if claimed { // and then it died
				items, _, err := kept.Claim(t.Context(), store.Ask{By: now, Limit: 9, Owner: "dead", Until: now.Add(time.Minute)})
				if err != nil || len(items) == 0 {
					t.Fatalf("%d items, %v", len(items), err)
				}
			}
			b := newBench(t, ladder, func(c *Config) { c.Store, c.Node = kept, node })
			b.clock.set(epoch.Add(time.Minute))
			b.to(time.Minute)
			told := b.recorded(func(r Record) bool {
				return r.Record.Event.Kind == escalation.EventReport && r.Record.Event.Report.Result == escalation.ResultDelivered
			})
			said := b.recorded(func(r Record) bool { return strings.Contains(r.Record.Event.Report.Detail, claimedBefore) })
			if !told || said != claimed {
				t.Errorf("node %q, claimed by one who died: %v; told: %v, its record says so: %v", node, claimed, told, said)
			}
		}
	}
}

// A vendor's answer is read again from the record, also where that says more.
func TestDeliveryText(t *testing.T) {
	want := notify.Receipt{ProviderID: "m1"}
	var got notify.Receipt
	text := deliveryText(want, true)
	if err := json.Unmarshal([]byte(text), &got); err != nil || got != want || !strings.Contains(text, claimedBefore) {
		t.Errorf("%s reads as %+v, %v; want %+v", text, got, err, want)
	}
	if text := deliveryText(notify.Receipt{}, false); text != "" {
		t.Errorf("nothing to say is %q", text)
	}
}
