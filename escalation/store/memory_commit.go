package store

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/belfry-go/belfry/policy"
)

// Commit implements [Store].
func (m *Memory) Commit(ctx context.Context, batch ...*Commit) error {
	var first error
	for _, c := range batch {
		if c.Err = ctx.Err(); c.Err == nil {
			c.Err = c.Check()
		}
	}
	m.mu.Lock()
	for _, c := range batch {
		if c.Err == nil {
			c.Err = m.commit(c)
		}
		if first == nil {
			first = c.Err
		}
	}
	m.mu.Unlock()
	m.watch.signal()
	return first
}

// commit refuses c, or writes all of it: every check comes before every write.
func (m *Memory) commit(c *Commit) error {
	i, there := m.find(c.Stream)
	if err := m.admit(c, i, there); err != nil {
		return err
	}
	if err := m.outbox.admit(i, c.Remove); err != nil {
		return err
	}
	if !there {
		i = m.create(c)
	}
	st := m.streams.at(i)
	for j := range c.Entries {
		st.last = m.history.add(&c.Entries[j], st.last)
	}
	st.state = m.states.set(st.state, c.State)
	if c.Subject != nil {
		m.setSubject(st, c.Subject, c.Position().Seq)
	}
	st.flags &^= flagOpen
	if c.Open {
		st.flags |= flagOpen
	}
	if m.pins[st.pin] != c.Document {
		st.pin = m.pin(c.Document)
	}
	m.claims.release(st)
	if there {
		m.due.move(i, st.rank, st.due, c.Rank, c.Due)
	} else {
		m.due.add(i, c.Rank, c.Due)
	}
	st.rank, st.due = c.Rank, c.Due
	if c.Posted {
		m.changes.note(i)
	}

	for j := range c.Seen {
		m.seen.add(m.seed, &m.texts, i, &c.Seen[j])
	}
	for j := range c.Remove {
		m.outbox.remove(i, c.Remove[j].ID)
	}
	m.outbox.add(i, c.Add)
	return nil
}

// admit answers whether the stream, if it is there, and its key are as the
// commit takes them to be.
func (m *Memory) admit(c *Commit, i uint32, there bool) error {
	var at Position
	if there {
		at = m.history.position(m.streams.at(i).last)
	} else {
		at = Genesis(c.Stream)
	}
	if at != c.After {
		return fmt.Errorf("%w: %q stands at %d (%.8s), not at %d (%.8s)",
			ErrConflict, c.Stream, at.Seq, at.Hash, c.After.Seq, c.After.Hash)
	}
	if there {
		st := m.streams.at(i)
		if st.keyLen > 0 && c.Open && st.flags&flagOpen == 0 {
			return fmt.Errorf("%w: %q was closed", ErrKeyOpen, c.Stream)
		}
		return nil
	}
	if other, ok := m.lastOf(c.Key); ok && m.streams.at(other).flags&flagOpen != 0 {
		return fmt.Errorf("%w: %q is open in %q", ErrKeyOpen, c.Key, m.name(other))
	}
	return nil
}

// create makes a stream, as yet without content.
func (m *Memory) create(c *Commit) uint32 {
	i := m.streams.add()
	m.names.add()
	st := m.streams.at(i)
	*st = stream{last: noEntry, due: policy.Never, keyLen: uint32(len(c.Key))}
	behind := ""
	switch off := strings.Index(c.Stream, c.Key); {
	case c.Key == "":
	case off < 0 || off > math.MaxUint8:
		st.flags, behind = flagKeyBehind, c.Key
	default:
		st.keyOff = uint8(off)
	}
	*m.names.at(i) = m.texts.keep(c.Stream, behind)

	m.byName.add(m.hash(c.Stream), i)
	if c.Key != "" {
		h := m.hash(c.Key)
		if was, ok := m.lastOf(c.Key); ok {
			m.byKey.replace(h, was, i)
		} else {
			m.byKey.add(h, i)
		}
	}
	return i
}

// setSubject replaces a stream's subject. The former may be in a caller's hand
// and is left alone.
func (m *Memory) setSubject(st *stream, body []byte, seq uint64) {
	if st.about == 0 {
		st.about = m.subjects.take() + 1
	}
	*m.subjects.at(st.about - 1) = subject{body: append(make([]byte, 0, len(body)), body...), seq: seq}
}

// pin returns the number of a pinned document.
func (m *Memory) pin(d policy.Digest) uint32 {
	n, ok := m.pinned[d]
	if !ok {
		n = uint32(len(m.pins))
		m.pins = append(m.pins, d)
		m.pinned[d] = n
	}
	return n
}
