package store

import (
	"fmt"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/policy"
)

// MaxName is the longest that a stream's name and a key may be, in bytes. Names,
// keys, ids and targets may hold any bytes, and are compared and ordered as
// bytes.
const MaxName = 1024

// Commit is one atomic write to one stream.
type Commit struct {
	Stream string
	// After is where the stream must stand: the position of the snapshot that
	// was stepped from; Genesis of the stream if there was none.
	After Position
	// Entries is at least one, linked to After and to each other by
	// [Position.Link].
	Entries []Entry

	// State replaces the stream's.
	State []byte
	// Subject replaces the stream's; nil leaves it.
	Subject []byte
	// Document, Open, Rank and Due replace the stream's.
	Document policy.Digest
	Open     bool
	Rank     uint8
	Due      policy.Instant // Never: nothing is due
	// Key is read when the stream is committed to for the first time, and kept.
	// Of the streams of one key at most one is open, and one that was closed
	// does not open again. Streams with the key "" have no part in this.
	Key string

	// Posted makes Changes tell of the commit: others go by what it says.
	Posted bool

	// Seen are the event ids of the entries, for the store's Seen. An id that
	// the stream has already stays as it is.
	Seen []Seen
	// Add are the effects of the entries that leave, in the order of their ids.
	// Stream, Token, Attempt and First of them are not read: an item begins
	// with none.
	Add []Item
	// Remove are the leases of items of this stream whose effect has ended, in
	// the order of their ids.
	Remove []Lease

	// Err is the outcome, set by Store.Commit.
	Err error
}

// SeenID names an event inside a stream, as its author named it.
type SeenID struct {
	Author string // a target's text
	Kind   escalation.EventKind
	ID     string
}

// Seen is an event id and how the event was answered.
type Seen struct {
	SeenID
	Content Hash   // of what the event said, however the committer counts that
	Seq     uint64 // of the entry
	Verdict escalation.VerdictKind
	Reason  escalation.VerdictReason
}

// Position returns where the stream stands once the commit is written.
func (c *Commit) Position() Position {
	if n := len(c.Entries); n > 0 {
		return c.Entries[n-1].Position()
	}
	return c.After
}

// Check returns nil, or an error that wraps ErrInvalid and says what is not in
// form. Every store calls it before it writes. It does not check the hashes,
// which costs as much as making them: that is for [Verify].
func (c *Commit) Check() error {
	switch {
	case c.Stream == "":
		return c.invalid("it has no stream")
	case len(c.Stream) > MaxName || len(c.Key) > MaxName:
		return c.invalid("its name or its key is longer than %d bytes", MaxName)
	case len(c.Entries) == 0:
		return c.invalid("it has no entry")
	case c.Rank > MaxRank:
		return c.invalid("rank %d is over %d", c.Rank, MaxRank)
	}
	at := c.After
	for i := range c.Entries {
		e := &c.Entries[i]
		if e.Seq != at.Seq+1 {
			return c.invalid("entry %d has number %d instead of %d", i, e.Seq, at.Seq+1)
		}
		if e.At < at.At {
			return c.invalid("entry %d of %s is before its predecessor of %s", i, e.At, at.At)
		}
		if e.Erased {
			return c.invalid("entry %d is erased", i)
		}
		at = e.Position()
	}
	return c.checkEffects(at.Seq)
}

// checkEffects holds seen ids and items to the entries that they cite.
func (c *Commit) checkEffects(last uint64) error {
	for i := range c.Seen {
		if s := &c.Seen[i]; s.ID == "" || s.Seq <= c.After.Seq || s.Seq > last {
			return c.invalid("seen id %q cites entry %d, which the commit has not", s.ID, s.Seq)
		}
	}
	var before escalation.EffectID
	for i := range c.Add {
		it := &c.Add[i]
		switch {
		case it.ID.Seq <= c.After.Seq || it.ID.Seq > last:
			return c.invalid("item %d.%d cites an entry that the commit has not", it.ID.Seq, it.ID.I)
		case i > 0 && compareEffects(it.ID, before) <= 0:
			return c.invalid("item %d.%d is not behind %d.%d", it.ID.Seq, it.ID.I, before.Seq, before.I)
		case it.Rank > MaxRank:
			return c.invalid("item %d.%d has rank %d, over %d", it.ID.Seq, it.ID.I, it.Rank, MaxRank)
		}
		before = it.ID
	}
	for i := range c.Remove {
		l := &c.Remove[i]
		switch {
		case l.Stream != c.Stream:
			return c.invalid("it removes an item of stream %q", l.Stream)
		case i > 0 && compareEffects(l.ID, c.Remove[i-1].ID) <= 0:
			return c.invalid("the removal of item %d.%d is out of order or twice", l.ID.Seq, l.ID.I)
		}
	}
	return nil
}

func (c *Commit) invalid(format string, args ...any) error {
	return fmt.Errorf("%w to stream %q: %s", ErrInvalid, c.Stream, fmt.Sprintf(format, args...))
}
