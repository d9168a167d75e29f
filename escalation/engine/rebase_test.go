package engine

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// rebased is a document with the given rest of its one policy, p.
func rebased(rest string) string {
	return `{"version": 1, "authority": {"rebase": ["user:alice"]}, "policies": [{"name": "p", "priority": "P3", ` + rest + `}]}`
}

// load loads a document.
func (b *bench) load(doc string) *policy.Document {
	b.t.Helper()
	d := docOf(b.t, doc)
	if err := b.e.Load(b.t.Context(), d); err != nil {
		b.t.Fatal(err)
	}
	return d
}

// A dry run changes nothing and says what would become of the alert; the rebase
// that was seen is carried out, or none.
func TestRebaseAsPlanned(t *testing.T) {
	b := newBench(t, rebased(`"deadlines": {"fix": {"at": "open + 2h"}}, "tiers": [{"name": "one", "notify": ["user:alice"], "wait": "5m"}, {"name": "two", "notify": ["user:bob"], "wait": "1d"}]`))
	b.trigger(alertOf("db"))
	b.to(m)
	b.told("+0s page user:alice via default db#1 initial")
	b.load(rebased(`"deadlines": {"fix": {"at": "open + 1h"}}, "tiers": [{"name": "first", "notify": ["user:alice"]}, {"name": "two", "notify": ["user:carol"], "wait": "1d"}]`))
	plan := func() *escalation.Mapping {
		t.Helper()
		r, err := b.e.Rebase(t.Context(), "db", alice, "", true)
		b.must("applied")(r, err)
		if r.State.Document == b.e.current.Load().Digest || r.Mapping == nil || !r.Mapping.Dry {
			t.Fatalf("a dry run moved the alert, or says nothing: %+v", r)
		}
		return r.Mapping
	}
	stale := plan()
	if got, want := fmt.Sprint(stale.Tracks), "[main: one becomes two]"; got != want {
		t.Errorf("the plan is %s; want %s", got, want)
	}
	want := []escalation.DeadlineMove{{Name: "fix", From: policy.InstantOf(epoch.Add(2 * h)), To: policy.InstantOf(epoch.Add(h))}}
	if !slices.Equal(stale.Deadlines, want) {
		t.Errorf("the plan has the deadlines %+v; want %+v", stale.Deadlines, want)
	}
	if !b.recorded(func(r Record) bool {
		x := r.Record.Event.Mapping
		return x != nil && x.Dry && slices.Equal(x.Tracks, stale.Tracks)
	}) {
		t.Error("the record of the dry run has no mapping")
	}
	b.to(6 * m) // two was entered meanwhile
	r, err := b.e.Rebase(t.Context(), "db", alice, "", false, AsPlanned(stale))
	b.must("ignored(stale)")(r, err)

	good := plan()
	b.load(rebased(`"tiers": [{"name": "other", "notify": ["user:mallory"]}]`))
	r, err = b.e.Rebase(t.Context(), "db", alice, "", false, AsPlanned(good))
	b.must("applied")(r, err)
	if r.State.Document != good.Document {
		t.Error("the alert is not pinned to the document of the plan")
	}
	b.to(h)
	b.told("+5m0s page user:bob via default db#1 no_ack_timeout") // two stands, and goes on
}

// What is under way at the time of a rebase goes on under the numbers of the new
// document.
func TestRebaseWithMessagesUnderWay(t *testing.T) {
	b := newBench(t, rebased(`"tiers": [{"name": "one", "notify": ["user:alice"], "wait": "1d"}]`))
	busy := true
	b.out.answer = func(notify.Notification) outcome {
		if busy {
			return outcome{err: notify.Temporary(errors.New("busy"))}
		}
		return outcome{}
	}
	b.trigger(alertOf("db"))
	b.to(2 * s)
	b.load(rebased(`"tracks": {
		"other": {"when": ["severity >= critical"], "tiers": [{"name": "x", "notify": ["user:bob"]}]},
		"main": {"tiers": [{"name": "new", "notify": ["user:bob"]}, {"name": "one", "notify": ["user:alice"], "wait": "1d"}]}}`))
	r, err := b.e.Rebase(t.Context(), "db", alice, "p", false)
	b.must("applied")(r, err)
	busy = false
	b.to(m)
	last := b.out.seen[len(b.out.seen)-1]
	if it := last.Alerts[0]; last.To != policy.User("alice") || last.Attempt < 2 || it.Track != "main" || it.Tier != "one" {
		t.Errorf("the last attempt is %d to %s, of %s/%s; want the retried page of main/one", last.Attempt, last.To, it.Track, it.Tier)
	}
	if tr := b.recs[len(b.recs)-1].State.Tracks; len(tr) != 2 || !tr[1].Reached {
		t.Errorf("the report of the page did not reach its track: %+v", tr)
	}
}

// An action under way is reported to the action of its name, wherever that
// stands now; one that is gone is withdrawn before it starts.
func TestRebaseWithActionsUnderWay(t *testing.T) {
	const tiers = `"tiers": [{"name": "one", "notify": ["user:alice"], "wait": "1d"}], `
	const fix = `{"run": "rotate", "name": "fix", "at": "open + 1m", "mode": "auto"}`
	act := &acting{after: 10 * s}
	b := newBench(t, rebased(tiers+`"actions": [`+fix+`]`), func(c *Config) { c.Actions = map[string]Action{"rotate": act, "other": act} })
	b.trigger(alertOf("db"))
	b.to(m)
	b.load(rebased(tiers + `"actions": [{"run": "other", "name": "before", "at": "open + 1d", "mode": "auto"}, ` + fix + `]`))
	r, err := b.e.Rebase(t.Context(), "db", alice, "p", false)
	b.must("applied")(r, err)
	b.to(2 * m)
	st := b.recs[len(b.recs)-1].State
	if len(act.got) != 1 || act.got[0].Run != "rotate" || len(st.Actions) != 2 || st.Actions[0].Phase != escalation.PhaseIdle || st.Actions[1].Phase != escalation.PhaseDone {
		t.Errorf("run %d times, actions %+v; want the second one done, once", len(act.got), st.Actions)
	}

	b.trigger(alertOf("db2"))
	b.clock.set(epoch.Add(3*m + s))
	if _, err := b.e.Tick(t.Context()); err != nil { // fix is asked for, and not carried out
		t.Fatal(err)
	}
	b.load(rebased(tiers + `"actions": [{"run": "other", "name": "before", "at": "open + 1d", "mode": "auto"}]`))
	r, err = b.e.Rebase(t.Context(), "db2", alice, "p", false)
	b.must("applied")(r, err)
	b.to(5 * m)
	if len(act.got) != 1 {
		t.Errorf("an action that the new policy does not have was run: %+v", act.got[1:])
	}
}

// A gate that is shut stays shut, whatever the new document says.
func TestRebaseOpensNoGate(t *testing.T) {
	const tiers = `"tiers": [{"name": "one", "notify": ["user:alice"], "wait": "1d"}]`
	b := newBench(t, rebased(tiers+`, "gates": [{"name": "g", "operations": ["deploy"], "close": "open", "open": "resolved"}]`))
	b.trigger(alertOf("db"))
	for _, gates := range []string{
		``,
		`, "gates": [{"name": "other", "operations": ["deploy"], "close": "open", "open": "resolved"}]`,
		`, "gates": [{"name": "g", "operations": ["use"], "close": "open", "open": "resolved"}]`,
	} {
		b.load(rebased(tiers + gates))
		r, err := b.e.Rebase(t.Context(), "db", alice, "p", false)
		b.must("rejected(not_authorised)")(r, err)
	}
	for _, gates := range []string{
		`, "gates": [{"name": "h", "operations": ["use"], "close": "open + 1d", "open": "resolved"}, {"name": "g", "operations": ["deploy", "use"], "close": "open + 1d", "open": "resolved"}]`,
		`, "gates": [{"name": "g", "operations": ["use", "deploy"], "close": "never", "open": "resolved"}]`,
	} {
		b.load(rebased(tiers + gates))
		r, err := b.e.Rebase(t.Context(), "db", alice, "p", false)
		b.must("applied")(r, err)
		if d := b.e.Check("svc-db", "deploy"); d.Decision != escalation.Deny || !slices.Equal(d.Gates(), []string{"g"}) {
			t.Errorf("after the rebase deploy is %s by %v; want deny by g", d.Decision, d.Gates())
		}
	}
}

// `pick: next` goes on with the turns of the document that the alert moves to,
// and a restart with the document that it moved to.
func TestRebaseThenRestart(t *testing.T) {
	b := newBench(t, rebased(`"tiers": [{"name": "one", "notify": ["user:alice"], "wait": "5m"}]`))
	b.trigger(alertOf("db"))
	b.to(m)
	b.load(rebased(`"tiers": [{"name": "ring", "pick": "next", "notify": ["user:bob", "user:carol"], "wait": "10m"}, {"name": "last", "notify": ["user:dan"], "wait": "1d"}]`))
	r, err := b.e.Rebase(t.Context(), "db", alice, "p", false)
	b.must("applied")(r, err)
	b.to(2 * m)
	b.told("+0s page user:alice via default db#1 initial", "+1m0s page user:dan via default db#1 manual")
	again := newBench(t, ladder, func(c *Config) { c.Store = b.e.store })
	again.clock.set(epoch.Add(3 * m))
	r, err = again.e.Reassign(t.Context(), "db", alice, policy.User("bob"))
	again.must("applied")(r, err)
	if name := again.e.docs.find(r.State.Document).Policies[0].Tracks[0].Tiers[r.State.Tracks[0].Tier].Name; name != "last" {
		t.Errorf("after the restart it stands on %q; want last", name)
	}
}
