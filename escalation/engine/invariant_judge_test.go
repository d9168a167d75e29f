package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// judged is the estate under the eyes of the invariants.
type judged struct {
	*estate
	h *history
}

func (j *judged) Act(ctx context.Context, req ActionRequest) (ActionResult, error) {
	h := j.h
	h.judgeRun(&req)
	luck := h.rng.IntN(8)
	switch {
	case h.outage:
		luck = 0
	case !h.faulty:
		luck = 7
	}
	switch luck {
	case 0:
		return ActionResult{}, errNetwork
	case 1:
		return ActionResult{}, Unknown(errNetwork)
	case 2:
		return ActionResult{}, Refused(errNetwork)
	}
	h.before[req.ID] = map[string]bool{}
	for _, s := range req.Subjects {
		h.before[req.ID][s.ID] = j.accounts[s.ID].disabled
	}
	res, err := j.estate.Act(ctx, req)
	h.marks[req.ID] = nil
	for _, s := range req.Subjects {
		h.marks[req.ID] = append(h.marks[req.ID], j.accounts[s.ID].changes)
	}
	delete(h.touched, req.ID)
	switch luck {
	case 3:
		return ActionResult{}, Unknown(errNetwork)
	case 4:
		panic("bug")
	}
	return res, err
}

func (j *judged) Undo(ctx context.Context, req ActionRequest) (ActionResult, error) {
	j.h.judgeUndo(&req)
	res, err := j.estate.Undo(ctx, req)
	if j.h.faulty && j.h.rng.IntN(6) == 0 {
		return ActionResult{}, Unknown(errNetwork)
	}
	return res, err
}

func (j *judged) Verify(ctx context.Context, req ActionRequest) (Standing, error) {
	if j.h.faulty && j.h.rng.IntN(8) == 0 {
		return Standing{}, errNetwork
	}
	return j.estate.Verify(ctx, req)
}

// kept reads the deed of a request's action as it is committed.
func (h *history) kept(req *ActionRequest) (d deed) {
	var snap store.Snapshot
	stream := deedStream(alertStream(req.Key, req.Incarnation), req.Name)
	if h.truth.Load(context.Background(), stream, &snap) == nil {
		d, _ = sideState[deed](&snap)
	}
	return d
}

func (h *history) alert(key string, n uint64) (s escalation.State, open bool) {
	var snap store.Snapshot
	if err := h.truth.Load(context.Background(), alertStream(key, n), &snap); err != nil {
		return s, false
	}
	if err := escalation.DecodeState(snap.State, &s); err != nil {
		h.t.Fatal(err)
	}
	return s, snap.Open
}

// judgeRun judges a run that begins.
func (h *history) judgeRun(req *ActionRequest) {
	now := policy.InstantOf(h.clock.Now())
	d := h.kept(req)
	if len(d.Subjects) == 0 {
		h.violated(journaled, "%s begins, and nothing is kept of it", req.ID)
	}
	sum := 0
	for _, s := range req.Subjects {
		at := slices.IndexFunc(d.Subjects, func(o Subject) bool { return o.ID == s.ID && o.CredentialVersion == s.CredentialVersion })
		if at < 0 || h.w.accounts[s.ID].version != s.CredentialVersion {
			h.violated(targetBinding, "%s is done to %+v; captured were %+v", req.ID, s, d.Subjects)
		}
		if h.shielded[s.ID] {
			h.violated(protectedSet, "%s is done to %s", req.ID, s.ID)
		}
		sum += s.weight(weightUnknown)
	}
	if h.w.done[req.ID] > 0 && !h.touched[req.ID] {
		h.violated(noBlindRepeat, "%s took effect, and is done again", req.ID)
	}
	var k killSwitch
	var b breaker
	var snap store.Snapshot
	if h.truth.Load(context.Background(), switchStream, &snap) == nil {
		k, _ = sideState[killSwitch](&snap)
	}
	if k.Stopped {
		h.violated(killSwitched, "%s begins", req.ID)
	}
	if h.truth.Load(context.Background(), breakerStreams+req.Run, &snap) == nil {
		b, _ = sideState[breaker](&snap)
	}
	if b.Open && b.Probe != req.ID {
		h.violated(breakerHolds, "%s begins, and %q tries", req.ID, b.Probe)
	}
	if open := h.broken(now); open.Known() {
		h.violated(breakerHolds, "%s begins at %s, and the breaker opened at %s", req.ID, now, open)
	}
	if _, open := h.alert(req.Key, req.Incarnation); open && now > h.crashed.Add(h.e.cfg.Lease) && !slices.ContainsFunc(h.out.seen, func(n notify.Notification) bool {
		return n.Kind == notify.KindPage && slices.ContainsFunc(n.Alerts, func(it notify.Item) bool { return it.Key == req.Key && it.Incarnation == req.Incarnation })
	}) {
		h.violated(pageFirst, "%s begins at %s, decided at %s; the last crash was at %s", req.ID, now, req.At, h.crashed)
	}
	s, _ := h.alert(req.Key, req.Incarnation)
	if granted(&s, 0) {
		h.judgeVotes(&s, escalation.ReviewAction, req.ID)
		return
	}
	if req.Attempt == 1 {
		h.begun = append(h.begun, weighed{now, len(req.Subjects), sum})
	}
	// What was spent just before a crash may be done a little later.
	n, weight := 0, 0
	for _, o := range h.begun {
		if o.at.Add(5*m) > now {
			n, weight = n+o.n, weight+o.sum
		}
	}
	if n > 4 || weight > 12 {
		h.violated(blastRadius, "with %s %d were acted on, of weight %d", req.ID, n, weight)
	}
}

// broken tells from the reports in the histories that the breaker must be open,
// and since when: Never where it need not be.
func (h *history) broken(now policy.Instant) policy.Instant {
	var failed []policy.Instant
	lastDone := policy.Instant(0)
	for _, key := range h.keys {
		undos := map[escalation.EffectID]bool{}
		for entry, err := range h.truth.History(context.Background(), alertStream(key, 1), 0) {
			rec, bad := escalation.DecodeRecord(entry.Body)
			if err != nil || bad != nil {
				h.t.Fatal(err, bad)
			}
			for i := range rec.Effects {
				undos[rec.Effects[i].ID] = rec.Effects[i].Kind == escalation.EffectUndo
			}
			rep := &rec.Event.Report
			switch {
			case rec.Event.Kind != escalation.EventReport || undos[rep.Effect]:
			case rep.Result == escalation.ResultFailed || rep.Result == escalation.ResultUnverified:
				failed = append(failed, rec.Event.At)
			case rep.Result == escalation.ResultDone:
				lastDone = max(lastDone, rec.Event.At)
			}
		}
	}
	slices.Sort(failed)
	streak := failed[:0]
	for _, at := range failed {
		if len(streak) > 0 && streak[len(streak)-1].Add(breakerSpan) <= at {
			streak = streak[:0]
		}
		if at > lastDone {
			streak = append(streak, at)
		}
	}
	if len(streak) < breakerTrips || now <= streak[breakerTrips-1] || now >= streak[breakerTrips-1].Add(breakerRest) {
		return policy.Never
	}
	return streak[breakerTrips-1]
}

// judgeVotes judges that a granted review has its votes, when it was granted.
func (h *history) judgeVotes(s *escalation.State, of escalation.ReviewOf, id string) {
	for _, r := range s.More.Reviews {
		if r.Of != of || !r.Granted {
			continue
		}
		people := map[policy.Target]bool{}
		for _, v := range r.Votes {
			people[v.Who] = true
			if v.Who == r.Requester.Principal || !slices.Contains([]string{"carol", "dave", "erin"}, v.Who.ID) {
				h.violated(quorum, "%s has the vote of %s", id, v.Who)
			}
		}
		if len(people) < 2 {
			h.violated(quorum, "%s has the votes of %d people", id, len(people))
		}
	}
}

// judgeUndo judges an undo that begins.
func (h *history) judgeUndo(req *ActionRequest) {
	h.undos[req.ID]++
	if h.undos[req.ID] > 1 {
		h.violated(undoRestores, "%s is taken back twice", req.ID)
	}
	s, _ := h.alert(req.Key, req.Incarnation)
	h.judgeVotes(&s, escalation.ReviewUndo, req.ID)
	d := h.kept(req)
	run := h.e.effectID(alertStream(req.Key, req.Incarnation), escalation.EffectID{Seq: d.Run.Seq, I: d.Run.I})
	for i, sub := range req.Subjects {
		if marks := h.marks[run]; i >= len(marks) || marks[i] != h.w.accounts[sub.ID].changes {
			h.violated(undoRestores, "%s was changed since %s, and is taken back", sub.ID, run)
		}
		if was := fmt.Sprintf("%s=%v", sub.ID, h.before[run][sub.ID]); !strings.Contains(req.Handle, was) {
			h.violated(undoRestores, "%s is put back by %q; it was %s", sub.ID, req.Handle, was)
		}
		for stream := range h.open() {
			leak, _ := h.alert(strings.TrimPrefix(stream, alertStreams)[:strings.Index(stream, "#")-len(alertStreams)], incarnationOf(stream))
			if leak.Key == "leak-"+sub.ID {
				h.violated(neverRevives, "%s is given back by %s", sub.ID, req.ID)
			}
		}
	}
}
