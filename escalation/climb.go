package escalation

import "github.com/belfry-go/belfry/policy"

// climb is the machine's short way for what it does most: a tick at which one
// track's wait is over and nothing else is due, and the next tier is a plain one
// of one target that resolved to people who are to be told at once. It does what
// the long way does, and nothing unless it can do all of it; that the two agree
// is a property that the tests hold it to. With Need, ev.asked is what to ask; 0
// says that this is nothing for the short way.
func climb(next *State, doc *policy.Document, prev *State, ev *Event, buf []Effect) ([]Effect, VerdictKind) {
	if ev.Kind != EventTick || ev.Down != nil || prev.Due != ev.At || prev.More != nil || prev.Resolved.Known() || len(ev.Answers) > 1 {
		return buf, 0
	}
	ti, rest := alone(doc, prev, ev.At)
	if ti < 0 {
		return buf, 0
	}
	t := &prev.Tracks[ti]
	p, spec := specOf(doc, t)
	j := int(t.Tier) + 1
	if t.Status != StatusClimbing || t.Tier < 0 || j >= len(spec.Tiers) || t.Entered>>j != 0 || spec.Anchored != 0 || t.Deferred != 0 || t.Cause != 0 || p.Uses&(1<<policy.AnchorTier) != 0 {
		return buf, 0
	}
	tier := &spec.Tiers[j]
	if !plain(tier) || len(p.Parties) > 0 || len(prev.Alert.Parties) > 0 || p.Index != prev.Policy || tier.Notify[0].To.Kind == policy.TargetOwner || len(tier.Notify[0].Via) > 0 {
		return buf, 0
	}
	above := standsOn(prev, ti)
	if above < 0 || stoodOn(prev, ti, j) {
		return buf, 0
	}
	if len(ev.Answers) == 0 {
		ev.asked[0] = Question{Kind: QuestionResolve, Target: tier.Notify[0].To, Subject: prev.Alert.Identity.ID, At: ev.At}
		return buf, Need
	}
	lists := ev.Answers[0].solely(tier.Notify)
	if lists == nil || ev.Answers[0].Question.At != ev.At || ev.Answers[0].Question.Subject != prev.Alert.Identity.ID || !simple(lists.Rosters[0]) {
		return buf, 0
	}
	return rise(next, prev, ev, buf, step{ti, j, above, tier, lists, rest}), Applied
}

// step is what climb has found out.
type step struct {
	ti, j, above int
	tier         *policy.Tier
	lists        *Lists
	rest         policy.Instant // the earliest of all other timers
}

// plain reports whether a tier has nothing but a target and a wait.
func plain(t *policy.Tier) bool {
	return t.Wait > 0 && t.When.Len() == 0 && t.During == "" && !t.PickNext && t.Every == 0 && len(t.Run) == 0 && len(t.Notify) == 1
}

// simple reports whether a roster is people with a rule that is due at once.
func simple(r []Responder) bool {
	for i := range r {
		rules := r[i].Rules
		if r[i].To.Kind != policy.TargetUser || len(rules) == 0 || rules[0].After != 0 || rules[0].Depends || len(rules) > 1 && (rules[1].After == 0 || rules[1].Depends) {
			return false
		}
	}
	return len(r) > 0
}

// standsOn returns the entry that track ti stands on; -1 when it is not the last
// one of the track, or somebody in it has not been told.
func standsOn(s *State, ti int) int {
	t := &s.Tracks[ti]
	for i := len(s.Entries) - 1; i >= 0; i-- {
		e := &s.Entries[i]
		if int(e.Track) != ti {
			continue
		}
		if e.Tier != t.Tier || e.Pass != t.Pass || e.Extra || len(e.Lists.Rosters) != 1 || e.Remind.Known() {
			return -1
		}
		told := 0
		for k := range s.Contacts {
			if c := &s.Contacts[k]; int(c.Entry) == i && c.Told {
				told++
			}
		}
		if told != len(e.Lists.Rosters[0]) {
			return -1
		}
		return i
	}
	return -1
}

// stoodOn reports whether track ti has stood on tier j in this pass and was taken
// back above it since: the earlier telling is then no longer the tier.
func stoodOn(s *State, ti, j int) bool {
	for i := range s.Entries {
		if e := &s.Entries[i]; int(e.Track) == ti && int(e.Tier) == j && e.Pass == s.Tracks[ti].Pass && !e.Extra {
			return true
		}
	}
	return false
}

// alone returns the only track whose wait is over at an instant when nothing
// else is due, and the earliest of the other timers; -1 otherwise.
func alone(doc *policy.Document, s *State, at policy.Instant) (ti int, rest policy.Instant) {
	ti, rest = -1, s.Grace
	for i := range s.Tracks {
		t := &s.Tracks[i]
		if t.End == at && ti < 0 {
			ti = i
		} else {
			rest = least(rest, t.End)
		}
		rest = least(rest, least(least(t.Next, t.AckEnd), least(t.Snooze, t.Again)))
		if _, spec := specOf(doc, t); spec.Anchored != 0 {
			return -1, rest
		}
	}
	for i := range s.Deadlines {
		if d := &s.Deadlines[i]; !d.Met && !d.Missed {
			rest = least(rest, d.At)
		}
	}
	for i := range s.Entries {
		rest = least(rest, s.Entries[i].Remind)
	}
	for i := range s.Contacts {
		rest = least(rest, s.Contacts[i].Due)
	}
	for i := range s.Gates {
		if g := &s.Gates[i]; !g.Gone {
			rest = least(rest, least(g.Close, g.Until))
		}
	}
	for i := range s.Actions {
		rest = least(rest, s.Actions[i].At)
	}
	if rest <= at || len(doc.Policies[s.Policy].Reviews) > 0 {
		return -1, rest
	}
	return ti, rest
}

// room is what a fresh state of a small alert needs, in one piece.
type room struct {
	tracks   [2]Track
	entries  [4]Entry
	contacts [6]Contact
	open     [4]OpenMessage
	effects  [3]Effect
}

// roomFor gives next room for what prev has, and for n more contacts, and
// returns room for the effects.
func roomFor(next, prev *State, n int) []Effect {
	var r *room
	if len(prev.Tracks) <= len(r.tracks) && len(prev.Entries) < len(r.entries) && len(prev.Contacts)+n <= len(r.contacts) &&
		len(prev.Open)+n <= len(r.open) && n < len(r.effects) {
		r = new(room)
		next.Tracks, next.Entries, next.Contacts, next.Open = r.tracks[:0], r.entries[:0], r.contacts[:0], r.open[:0]
		return r.effects[:0]
	}
	next.Entries = make([]Entry, 0, len(prev.Entries)+1)
	next.Contacts = make([]Contact, 0, len(prev.Contacts)+n)
	next.Open = make([]OpenMessage, 0, len(prev.Open)+n)
	return make([]Effect, 0, n+1)
}

// rise writes the next state and its effects.
func rise(next, prev *State, ev *Event, buf []Effect, st step) []Effect {
	n := len(st.lists.Rosters[0])
	if next.Tracks == nil && buf == nil { // a fresh state: room for what is added
		buf = roomFor(next, prev, n)
	}
	next.copyFrom(prev)
	next.Seq++
	next.At = most(prev.At, ev.At)
	t := &next.Tracks[st.ti]
	up := &prev.Entries[st.above]
	reason := policy.ReasonUnreachable
	for k := range prev.Contacts {
		c := &prev.Contacts[k]
		if int(c.Entry) == st.above && c.Reached && up.Lists.Rosters[c.Target][c.Who].To.Kind == policy.TargetUser {
			reason = policy.ReasonNoAckTimeout
		}
	}
	base := len(buf)
	buf = append(buf, nowhere)
	line := &buf[base]
	line.ID, line.Kind, line.At, line.Reason = EffectID{next.Seq, 0}, LineTierEntered, ev.At, reason
	line.Track, line.Tier, line.Pass = int16(st.ti), int16(st.j), t.Pass
	line.PassedOver, line.Waited = up.Lists.Rosters[0], t.End.Sub(t.Start)

	t.Tier, t.Start, t.Told = int16(st.j), t.End, true
	t.Entered |= 1 << st.j
	t.Next, t.Again = policy.Never, policy.Never
	t.End = t.Start.Add(st.tier.Wait)
	due := least(st.rest, t.End)

	ei := int16(len(next.Entries))
	next.Entries = append(next.Entries, Entry{Track: int16(st.ti), Tier: int16(st.j), Pass: t.Pass, Kind: MessagePage, Reason: reason, Lists: st.lists, At: ev.At, Remind: policy.Never, Live: true})
	for w := range st.lists.Rosters[0] {
		r := &st.lists.Rosters[0][w]
		c := Contact{Entry: ei, Who: int16(w), Told: true, Next: 1, Due: policy.Never}
		if len(r.Rules) > 1 {
			c.Due = ev.At.Add(r.Rules[1].After)
			due = least(due, c.Due)
		}
		id := EffectID{next.Seq, uint16(len(buf) - base)}
		buf = append(buf, nowhere)
		f := &buf[len(buf)-1]
		f.ID, f.Kind, f.At, f.Reason, f.Message = id, EffectNotify, ev.At, reason, MessagePage
		f.Track, f.Tier, f.Pass = int16(st.ti), int16(st.j), t.Pass
		f.To, f.Target, f.Via = r.To, st.tier.Notify[0].To, r.Rules[0].Via
		next.Open = append(next.Open, OpenMessage{ID: id, Contact: int16(len(next.Contacts))}) // rule 0, its own
		next.Contacts = append(next.Contacts, c)
	}
	next.Due = due
	return buf
}
