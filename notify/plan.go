package notify

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/belfry-go/belfry/policy"
)

// Pending is one alert's message to one recipient by one channel that was due
// and has not gone out.
type Pending struct {
	Kind Kind
	Due  policy.Instant // the instant for which it was asked
	Item Item
}

// Message is what goes out as one: the positions of its items in the list that
// was planned, the gravest first.
type Message struct {
	Kind  Kind
	Items []int
}

// Plan says what to do at an instant with all that is pending for one recipient
// by one channel.
type Plan struct {
	// Now are the messages to send at once, in order.
	Now []Message
	// Held are the positions of what waits, in the order given.
	Held []int
	// Next is the first instant at which what is held may go out; Never when
	// nothing is.
	Next policy.Instant
}

// PlanAt decides what of pending goes out at the instant at, and when the rest
// may. Pending is for one recipient by one channel; sent are the instants of
// the messages that went there before, as for [Channel.Free].
//
// Where the channel is free, everything goes: one message a [Kind], in the
// order page, review, notice, reminder, update, over. Where it is not, three
// things still go: what is [Pending.Urgent]; the pages due at the same instant
// as an urgent page, since pages of one instant are one message; nothing else.
// The rest waits for Next, which no urgent message ever moves back.
//
// Nothing is dropped: each position is in Now or in Held, once. What was
// acknowledged or resolved meanwhile is for the caller to leave out before it
// plans.
func (ch Channel) PlanAt(at policy.Instant, sent []policy.Instant, pending []Pending) Plan {
	free := ch.Free(sent, at)
	goes := func(int) bool { return true }
	if free > at {
		goes = leavesEarly(pending)
	}
	var p Plan
	p.Next = policy.Never
	byKind := map[Kind]int{} // position in p.Now
	for i := range pending {
		if !goes(i) {
			p.Held, p.Next = append(p.Held, i), free
			continue
		}
		k := pending[i].Kind
		m, ok := byKind[k]
		if !ok {
			m = len(p.Now)
			byKind[k] = m
			p.Now = append(p.Now, Message{Kind: k})
		}
		p.Now[m].Items = append(p.Now[m].Items, i)
	}
	for _, m := range p.Now {
		slices.SortStableFunc(m.Items, func(a, b int) int {
			return ByGravity(pending[a].Item, pending[b].Item)
		})
	}
	slices.SortFunc(p.Now, func(a, b Message) int { return cmp.Compare(kindRank(a.Kind), kindRank(b.Kind)) })
	return p
}

// leavesEarly returns which of pending goes out although the channel is not
// free.
func leavesEarly(pending []Pending) func(int) bool {
	with := map[policy.Instant]bool{} // the due instants of urgent pages; a storm has many
	for i := range pending {
		if p := &pending[i]; p.Kind == KindPage && p.Urgent() {
			with[p.Due] = true
		}
	}
	return func(i int) bool {
		p := &pending[i]
		return p.Urgent() || p.Kind == KindPage && with[p.Due]
	}
}

// Urgent reports whether p is never held back: its item is [Urgent], or it is
// for the last resort.
func (p Pending) Urgent() bool { return p.Kind == KindLastResort || Urgent(p.Item) }

// Urgent reports whether a message about it is never held back: the alert has
// priority P1 or is of a leak kind. A priority that is not of the scale is P1,
// as everywhere.
func Urgent(it Item) bool {
	l, _ := it.Priority.Level()
	top, _ := policy.P1.Level()
	return l == top || it.Alert != nil && it.Alert.Kind.Leak()
}

// ByGravity orders the alerts of a message, the gravest first: by priority,
// then severity, then key. A value that is not of its scale counts as the
// worst. It is for slices.SortStableFunc.
func ByGravity(a, b Item) int {
	pa, _ := a.Priority.Level()
	pb, _ := b.Priority.Level()
	return cmp.Or(cmp.Compare(pb, pa), cmp.Compare(severityOf(b), severityOf(a)), strings.Compare(a.Key, b.Key))
}

func severityOf(it Item) policy.Level {
	var s policy.Severity
	if it.Alert != nil {
		s = it.Alert.Severity
	}
	l, _ := s.Level()
	return l
}

// kindRank is the order of messages that leave at one instant: what asks for
// something comes before what informs.
func kindRank(k Kind) int {
	i := slices.Index([]Kind{KindLastResort, KindPage, KindReview, KindNotice, KindReminder, KindUpdate, KindOver}, k)
	if i < 0 {
		return int(numKinds)
	}
	return i
}

// Free returns the first instant, not before at, at which one more message may
// go out to the recipient whose messages by this channel went out at the
// instants sent (in any order; those after at are left out: they have not
// happened). The bundle window lasts for [t, t+Bundle) after a message at t;
// each limit looks back over the interval (at−Per, at].
//
// A message that went out while the channel was not free, as urgent ones do,
// counts neither for the window nor for a limit. So what is held is held no
// longer than was said when it was held, however many urgent messages follow:
// to be postponed for ever is to be dropped.
func (ch Channel) Free(sent []policy.Instant, at policy.Instant) policy.Instant {
	return ch.next(ch.counted(sent, at), at)
}

// Recent returns those of sent that can still matter to [Channel.Free] at the
// instant at or later, oldest first: what a caller needs to keep.
func (ch Channel) Recent(sent []policy.Instant, at policy.Instant) []policy.Instant {
	span := max(ch.Bundle, 0)
	for _, l := range ch.Limits {
		if binds(l) {
			span = max(span, l.Per)
		}
	}
	c := ch.counted(sent, at)
	i := 0
	for i < len(c) && c[i].Add(span) <= at {
		i++
	}
	return c[i:]
}

// counted returns, oldest first, those of sent up to at that went out while
// the channel was free.
func (ch Channel) counted(sent []policy.Instant, at policy.Instant) []policy.Instant {
	all := slices.Sorted(slices.Values(sent))
	c := all[:0] // never overtakes the reader: at most one is kept for one read
	for _, t := range all {
		if t <= at && ch.next(c, t) == t {
			c = append(c, t)
		}
	}
	return c
}

// next is Free for messages that all count, oldest first. Between at and the
// result none goes out, so that each bound may be looked at by itself.
func (ch Channel) next(counted []policy.Instant, at policy.Instant) policy.Instant {
	n := len(counted)
	if n > 0 && ch.Bundle > 0 {
		at = max(at, counted[n-1].Add(ch.Bundle))
	}
	for _, l := range ch.Limits {
		if binds(l) && n >= l.Max {
			at = max(at, counted[n-l.Max].Add(l.Per))
		}
	}
	return at
}

func binds(l Limit) bool { return l.Max > 0 && l.Per >= time.Microsecond }
