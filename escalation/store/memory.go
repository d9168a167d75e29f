package store

import (
	"context"
	"crypto/rand"
	"fmt"
	"hash/maphash"
	"iter"
	"slices"
	"strings"
	"sync"

	"github.com/belfry-go/belfry/policy"
)

// Memory is a store in memory. It keeps the whole contract but that nothing
// outlives the process. Streams that are closed stay, with their history, until
// Prune is called: a host that runs for long calls it now and then.
//
// It keeps what it is given in its encodings, in slabs without pointers, under
// one lock. A stream costs about 150 bytes beside its state, its subject and
// its history, whatever its number.
type Memory struct {
	namespace string
	seed      maphash.Seed

	mu      sync.RWMutex
	streams slab[stream]
	names   slab[span] // in texts, by the stream's index
	byName  table
	byKey   table // the last stream of each key

	texts    texts
	states   blocks
	subjects pool[subject]

	history history
	epoch   uint64 // how often it was pruned
	seen    seenIDs
	outbox  outbox
	due     queue
	claims  claims
	changes changes

	pins      []policy.Digest // documents that streams have pinned
	pinned    map[policy.Digest]uint32
	documents map[policy.Digest][]byte

	watch watchers
}

var (
	_ Store   = (*Memory)(nil)
	_ Eraser  = (*Memory)(nil)
	_ Watcher = (*Memory)(nil)
	_ Changer = (*Memory)(nil)
	_ Pruner  = (*Memory)(nil)
)

// stream is what is kept of each stream, beside its name. Its position is that
// of its last entry.
type stream struct {
	due    policy.Instant
	state  block
	last   uint32 // entry
	pin    uint32 // into pins
	about  uint32 // into subjects, from 1; 0: none
	claim  uint32 // into claims, from 1; 0: nobody's
	keyLen uint32 // see Memory.key
	keyOff uint8
	rank   uint8
	flags  uint8
}

const (
	flagOpen uint8 = 1 << iota
	// flagKeyBehind: names has the key behind the name, which does not hold it.
	flagKeyBehind
)

// subject is immutable but replaced whole.
type subject struct {
	body []byte
	seq  uint64
}

// NewMemory returns an empty store with a random namespace.
func NewMemory() *Memory { return NewNamedMemory(rand.Text()) }

// NewNamedMemory returns an empty store with the given namespace, for tests
// whose output must be the same each time. Where messages leave the process a
// namespace must be random, for what receives them knows them by it.
func NewNamedMemory(namespace string) *Memory {
	m := &Memory{
		namespace: namespace,
		seed:      maphash.MakeSeed(),
		pins:      make([]policy.Digest, 1), // 0 is no document
		pinned:    map[policy.Digest]uint32{{}: 0},
		documents: map[policy.Digest][]byte{},
	}
	m.order()
	m.changes.init()
	return m
}

// order makes the queues order streams and items by m's own names.
func (m *Memory) order() {
	m.due.init(func(a, b uint32) bool { return m.name(a) < m.name(b) })
	m.outbox.init(m)
}

// Namespace implements [Store].
func (m *Memory) Namespace(ctx context.Context) (string, error) { return m.namespace, ctx.Err() }

// Load implements [Store].
func (m *Memory) Load(ctx context.Context, name string, into *Snapshot) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	i, ok := m.find(name)
	if !ok {
		return notFound("stream", name)
	}
	m.snapshot(i, into)
	return nil
}

// Last implements [Store].
func (m *Memory) Last(ctx context.Context, key string) (Incarnation, error) {
	if err := ctx.Err(); err != nil {
		return Incarnation{}, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	i, ok := m.lastOf(key)
	if !ok {
		return Incarnation{}, notFound("key", key)
	}
	return Incarnation{Stream: m.name(i), Open: m.streams.at(i).flags&flagOpen != 0}, nil
}

// Seen implements [Store].
func (m *Memory) Seen(ctx context.Context, name string, id SeenID) (Seen, error) {
	if err := ctx.Err(); err != nil {
		return Seen{}, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	if i, ok := m.find(name); ok {
		if s, ok := m.seen.find(m.seed, &m.texts, i, id); ok {
			return s, nil
		}
	}
	return Seen{}, notFound("event id", id.ID)
}

// Streams implements [Store].
func (m *Memory) Streams(ctx context.Context, q StreamQuery) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, name := range m.matching(q) {
			if err := ctx.Err(); err != nil {
				yield("", err)
				return
			}
			if !yield(name, nil) {
				return
			}
		}
	}
}

// matching returns the names that q selects, sorted.
func (m *Memory) matching(q StreamQuery) []string {
	var names []string
	m.mu.RLock()
	for i := range m.streams.n {
		name := m.name(i)
		if q.Open && m.streams.at(i).flags&flagOpen == 0 {
			continue
		}
		if name > q.After && strings.HasPrefix(name, q.Prefix) {
			names = append(names, name)
		}
	}
	m.mu.RUnlock()
	slices.Sort(names)
	return names
}

// PutDocument implements [Store].
func (m *Memory) PutDocument(ctx context.Context, digest policy.Digest, document []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.documents[digest]; !ok {
		m.documents[digest] = slices.Clip(append([]byte{}, document...))
	}
	return nil
}

// Document implements [Store].
func (m *Memory) Document(ctx context.Context, digest policy.Digest) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	d, ok := m.documents[digest]
	if !ok {
		return nil, notFound("document", fmt.Sprintf("%x", digest[:]))
	}
	return d, nil
}

// snapshot fills s from stream i.
func (m *Memory) snapshot(i uint32, s *Snapshot) {
	st := m.streams.at(i)
	s.Stream, s.Key = m.name(i), m.key(i)
	s.Position = m.history.position(st.last)
	s.Open = st.flags&flagOpen != 0
	s.Rank, s.Due = st.rank, st.due
	s.Document = m.pins[st.pin]
	s.State = append(s.State[:0], m.states.at(st.state)...)
	s.Subject, s.SubjectSeq = nil, 0
	if st.about != 0 {
		about := m.subjects.at(st.about - 1)
		s.Subject, s.SubjectSeq = about.body, about.seq
	}
}

// find returns the index of a stream.
func (m *Memory) find(name string) (uint32, bool) {
	return m.byName.find(m.hash(name), func(i uint32) bool { return m.name(i) == name })
}

// lastOf returns the last stream of a key.
func (m *Memory) lastOf(key string) (uint32, bool) {
	if key == "" {
		return 0, false
	}
	return m.byKey.find(m.hash(key), func(i uint32) bool { return m.key(i) == key })
}

func (m *Memory) hash(s string) uint32 { return uint32(maphash.String(m.seed, s)) }

// name returns the name of stream i.
func (m *Memory) name(i uint32) string {
	text := m.texts.at(*m.names.at(i))
	if st := m.streams.at(i); st.flags&flagKeyBehind != 0 {
		return text[:len(text)-int(st.keyLen)]
	}
	return text
}

// key returns the key of stream i. It is part of the name as a rule, and then
// costs nothing.
func (m *Memory) key(i uint32) string {
	text, st := m.texts.at(*m.names.at(i)), m.streams.at(i)
	off := int(st.keyOff)
	if st.flags&flagKeyBehind != 0 {
		off = len(text) - int(st.keyLen)
	}
	return text[off : off+int(st.keyLen)]
}

func notFound(what, name string) error { return fmt.Errorf("%w: %s %q", ErrNotFound, what, name) }
