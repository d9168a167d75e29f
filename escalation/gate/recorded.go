package gate

import (
	"context"
	"slices"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// An opening may have to wait: until somebody else than the store has the entry
// that says so (Config.Recorded). Until then an alert's gates say, besides what
// they say now, what they said before. The board knows no order of what is
// stricter over time, so it lets both speak: the strictest answer wins.

// waits puts an alert on the board whose last record is not taken yet. fresh is
// what its gates say by the record seq, that one or one before it.
func (b *Board) waits(name string, seq uint64, fresh []posted, s *escalation.State, p *policy.Policy) {
	a := b.alerts[name]
	subject := s.Alert.Identity.ID
	before := []posted(nil)
	switch {
	case a == nil:
		// Nobody knows what they said before.
		a = &listed{subject: subject}
		b.alerts[name] = a
		before = opened(s, p)
	case a.posted:
		if sheet := b.latest.find(a.subject); sheet != nil {
			for _, g := range sheet.gates {
				if g.alert == name {
					before = append(before, g)
				}
			}
		}
		if a.subject != subject {
			b.replace(a.subject, name, nil)
		}
	}
	all := slices.Clone(fresh)
	for _, g := range before {
		if !slices.ContainsFunc(all, func(x posted) bool { return x.says(&g) }) {
			g.waits = true
			all = append(all, g)
		}
	}
	a.subject, a.posted, a.heard = subject, len(all) > 0, max(a.heard, seq)
	if a.posted {
		b.replace(subject, name, all)
	}
	b.waiting[alertStreams+name] = true
	delete(b.blind, alertStreams+name)
}

// says reports whether two gates say the same from now on for ever. From when a
// first step counts is of no account.
func (p *posted) says(q *posted) bool {
	return p.place.Gate == q.place.Gate && slices.Equal(p.operations, q.operations) &&
		p.steps[0].says == q.steps[0].says && p.steps[0].opened == q.steps[0].opened && slices.Equal(p.steps[1:], q.steps[1:])
}

// opened are the gates of an alert that are open and may have been shut, as if
// they still were.
func opened(s *escalation.State, p *policy.Policy) []posted {
	var list []posted
	for i := range min(len(s.Gates), len(p.Gates)) {
		g := &s.Gates[i]
		if g.Closed && !g.Until.Known() || !g.Gone && !g.Opened && !g.Until.Known() && !s.Resolved.Known() {
			continue // shut anyway, or never shut yet
		}
		list = append(list, posted{
			place: Place{Key: s.Key, Incarnation: s.Incarnation, Gate: p.Gates[i].Name}, alert: nameOf(s), operations: p.Gates[i].Operations,
			steps: []step{{from: beforeAll, says: escalation.Deny}},
		})
	}
	return list
}

// Recheck looks again at the alerts whose last record was not taken yet. An
// engine calls it when its sink of evidence has taken something. An error is the
// store's.
func (b *Board) Recheck(ctx context.Context) error {
	b.looking.Lock()
	defer b.looking.Unlock()
	var snap store.Snapshot
	for _, stream := range b.waitingStreams() {
		if err := b.read(ctx, stream, &snap); err != nil {
			return err
		}
	}
	return nil
}

func (b *Board) waitingStreams() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := make([]string, 0, len(b.waiting))
	for stream := range b.waiting {
		list = append(list, stream)
	}
	slices.Sort(list)
	return list
}
