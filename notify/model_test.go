package notify_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// The model below is the rule of bundles and limits said again as plainly as
// possible: it walks through every instant of a short life, one microsecond at a
// time, and counts. The shipped code computes; both must agree.

const modelLife = 60 // instants

// modelMay reports whether a message may go out at now, after those that
// counted.
func modelMay(ch notify.Channel, counted []policy.Instant, now policy.Instant) bool {
	for _, c := range counted {
		if now < c.Add(ch.Bundle) {
			return false
		}
	}
	for _, l := range ch.Limits {
		in := 0
		for _, c := range counted {
			if now < c.Add(l.Per) {
				in++
			}
		}
		if l.Max > 0 && in >= l.Max {
			return false
		}
	}
	return true
}

func modelCounted(ch notify.Channel, sent []policy.Instant, until policy.Instant) []policy.Instant {
	var counted []policy.Instant
	for now := policy.Instant(0); now <= until; now++ {
		for _, s := range sent {
			if s == now && modelMay(ch, counted, now) {
				counted = append(counted, now)
			}
		}
	}
	return counted
}

func modelFree(ch notify.Channel, sent []policy.Instant, now policy.Instant) policy.Instant {
	counted := modelCounted(ch, sent, now)
	for !modelMay(ch, counted, now) {
		now++
	}
	return now
}

// line is what one message of a life was: when it went out and what it listed.
type sentLine struct {
	At   policy.Instant
	Kind notify.Kind
	Keys []string
}

// modelLive walks through a life and says what goes out when.
func modelLive(ch notify.Channel, life []notify.Pending) []sentLine {
	var out []sentLine
	var sent []policy.Instant
	waiting := slices.Clone(life)
	for now := policy.Instant(0); now < 10*modelLife; now++ {
		free := modelMay(ch, modelCounted(ch, sent, now), now)
		goes := func(p notify.Pending) bool {
			if p.Due > now {
				return false
			}
			if free || p.Urgent() {
				return true
			}
			return p.Kind == notify.KindPage && slices.ContainsFunc(waiting, func(q notify.Pending) bool {
				return q.Kind == notify.KindPage && q.Due == p.Due && q.Urgent()
			})
		}
		for _, k := range []notify.Kind{notify.KindPage, notify.KindNotice, notify.KindOver} {
			var its []notify.Item
			for _, p := range waiting {
				if p.Kind == k && goes(p) {
					its = append(its, p.Item)
				}
			}
			if len(its) > 0 {
				slices.SortStableFunc(its, notify.ByGravity)
				out = append(out, sentLine{now, k, keysOf(its)})
				sent = append(sent, now)
			}
		}
		var left []notify.Pending // decided for all before any leaves
		for _, p := range waiting {
			if !goes(p) {
				left = append(left, p)
			}
		}
		waiting = left
	}
	return out
}

// live is the same with PlanAt, from event to event as an outbox does it, and
// keeping no more of the past than Recent says.
func live(t *testing.T, ch notify.Channel, life []notify.Pending) []sentLine {
	t.Helper()
	var out []sentLine
	var sent []policy.Instant
	var waiting []notify.Pending
	coming := slices.Clone(life)
	slices.SortStableFunc(coming, func(a, b notify.Pending) int { return int(a.Due - b.Due) })
	promised := policy.Never // when what is held may go: kept, whatever happens meanwhile
	for len(coming) > 0 || len(waiting) > 0 {
		now := promised
		if len(coming) > 0 {
			now = min(now, coming[0].Due)
		}
		for len(coming) > 0 && coming[0].Due == now {
			waiting, coming = append(waiting, coming[0]), coming[1:]
		}
		plan := ch.PlanAt(now, sent, waiting)
		checkPlan(t, plan, waiting, now)
		if len(plan.Held) > 0 && promised > now && plan.Next > promised {
			t.Errorf("at %d what is held until %d was postponed to %d", now, promised, plan.Next)
		}
		for _, m := range plan.Now {
			var its []notify.Item
			for _, i := range m.Items {
				its = append(its, waiting[i].Item)
			}
			out = append(out, sentLine{now, m.Kind, keysOf(its)})
			sent = append(sent, now)
		}
		var left []notify.Pending
		for _, i := range plan.Held {
			left = append(left, waiting[i])
		}
		waiting, promised = left, plan.Next
		sent = slices.Clone(ch.Recent(sent, now))
	}
	return out
}

// checkPlan: each position once, nothing urgent held, Next after now.
func checkPlan(t *testing.T, p notify.Plan, ps []notify.Pending, now policy.Instant) {
	t.Helper()
	all := slices.Clone(p.Held)
	for _, m := range p.Now {
		all = append(all, m.Items...)
	}
	slices.Sort(all)
	for i := range ps {
		if i >= len(all) || all[i] != i {
			t.Fatalf("positions %v of %d pending; want each once", all, len(ps))
		}
	}
	for _, i := range p.Held {
		if ps[i].Urgent() {
			t.Errorf("%q is urgent and held", ps[i].Item.Key)
		}
	}
	if p.Next <= now || (p.Next == policy.Never) != (len(p.Held) == 0) {
		t.Errorf("at %d: %d held, next %d", now, len(p.Held), p.Next)
	}
}

func keysOf(its []notify.Item) []string {
	var ks []string
	for _, it := range its {
		ks = append(ks, it.Key)
	}
	return ks
}

func randomChannel(r *rand.Rand) notify.Channel {
	ch := notify.Channel{Bundle: time.Duration(r.IntN(8)) * time.Microsecond}
	for range r.IntN(3) {
		ch.Limits = append(ch.Limits, notify.Limit{Max: r.IntN(4), Per: time.Duration(1+r.IntN(20)) * time.Microsecond})
	}
	return ch
}

func randomLife(r *rand.Rand) []notify.Pending {
	kinds := []notify.Kind{notify.KindPage, notify.KindPage, notify.KindNotice, notify.KindOver}
	prios := []policy.Priority{policy.P1, policy.P2, policy.P3, policy.P3, policy.P3, policy.P4}
	life := make([]notify.Pending, r.IntN(25))
	for i := range life {
		it := item(string(rune('a'+i)), prios[r.IntN(len(prios))], policy.SeverityAt(policy.Level(1+r.IntN(5))))
		if r.IntN(12) == 0 {
			it.Alert.Kind = policy.AnomalousUse
		}
		life[i] = notify.Pending{Kind: kinds[r.IntN(len(kinds))], Due: policy.Instant(r.IntN(modelLife)), Item: it}
	}
	slices.SortStableFunc(life, func(a, b notify.Pending) int { return int(a.Due - b.Due) })
	return life
}

func TestFreeAgreesWithTheModel(t *testing.T) {
	for seed := range uint64(5000) {
		r := rand.New(rand.NewPCG(seed, 1))
		ch := randomChannel(r)
		sent := make([]policy.Instant, r.IntN(12))
		for i := range sent {
			sent[i] = policy.Instant(r.IntN(modelLife))
		}
		now := policy.Instant(r.IntN(modelLife))
		want := modelFree(ch, sent, now)
		if got := ch.Free(sent, now); got != want {
			t.Fatalf("seed %d: Free(%v) of %+v at %d = %d; want %d", seed, sent, ch, now, got, want)
		}
		later := now + policy.Instant(r.IntN(modelLife))
		sent = slices.DeleteFunc(sent, func(s policy.Instant) bool { return s > now })
		if got, want := ch.Free(ch.Recent(sent, now), later), modelFree(ch, sent, later); got != want {
			t.Fatalf("seed %d: Free at %d after Recent(%v) of %+v at %d = %d; want %d", seed, later, sent, ch, now, got, want)
		}
	}
}

func TestPlanAgreesWithTheModel(t *testing.T) {
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 2))
		ch, life := randomChannel(r), randomLife(r)
		if diff := cmp.Diff(modelLive(ch, life), live(t, ch, life)); diff != "" {
			t.Fatalf("seed %d, %+v (-model +got):\n%s", seed, ch, diff)
		}
		if t.Failed() {
			t.Fatalf("seed %d, %+v", seed, ch)
		}
	}
}

// TestUrgentFloodDelaysNobody: whatever is held goes out although urgent
// messages never stop.
func TestUrgentFloodDelaysNobody(t *testing.T) {
	life := []notify.Pending{pending(0, "first", policy.P3), pending(time.Second, "held", policy.P3)}
	for d := 2 * time.Second; d < time.Hour; d += 7 * time.Second {
		life = append(life, pending(d, "urgent", policy.P1))
	}
	for _, l := range live(t, sms, life) {
		if slices.Contains(l.Keys, "held") {
			if got, want := l.At, at(2*time.Minute); got != want {
				t.Errorf("held page went out at +%v; want +%v", got.Sub(epoch), want.Sub(epoch))
			}
			return
		}
	}
	t.Error("held page never went out")
}
