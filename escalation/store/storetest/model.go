package storetest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// model is a store as plainly as it can be written: maps that are searched and
// sorted for each answer. It is what the stores under test are compared with,
// and is neither quick nor safe for concurrent use.
type model struct {
	streams   map[string]*modelStream
	last      map[string]string // by key
	documents map[policy.Digest][]byte
}

type modelStream struct {
	store.Snapshot
	entries []store.Entry
	seen    map[store.SeenID]store.Seen
	items   []store.Item
	owner   string // of a claim
	until   policy.Instant
}

var _ store.Store = (*model)(nil)

func newModel() *model {
	return &model{
		streams: map[string]*modelStream{}, last: map[string]string{}, documents: map[policy.Digest][]byte{},
	}
}

func (m *model) Namespace(context.Context) (string, error) { return "model", nil }

func (m *model) Load(_ context.Context, stream string, into *store.Snapshot) error {
	s, ok := m.streams[stream]
	if !ok {
		return store.ErrNotFound
	}
	*into = s.copy()
	return nil
}

func (s *modelStream) copy() store.Snapshot {
	c := s.Snapshot
	c.State = bytes.Clone(c.State)
	return c
}

func (m *model) Last(_ context.Context, key string) (store.Incarnation, error) {
	name, ok := m.last[key]
	if !ok || key == "" {
		return store.Incarnation{}, store.ErrNotFound
	}
	return store.Incarnation{Stream: name, Open: m.streams[name].Open}, nil
}

func (m *model) Seen(_ context.Context, stream string, id store.SeenID) (store.Seen, error) {
	if s, ok := m.streams[stream]; ok {
		if seen, ok := s.seen[id]; ok {
			return seen, nil
		}
	}
	return store.Seen{}, store.ErrNotFound
}

func (m *model) Commit(_ context.Context, batch ...*store.Commit) error {
	var first error
	for _, k := range batch {
		k.Err = m.commit(k)
		first = cmp.Or(first, k.Err)
	}
	return first
}

func (m *model) commit(k *store.Commit) error {
	if err := k.Check(); err != nil {
		return err
	}
	s, there := m.streams[k.Stream]
	if !there {
		s = &modelStream{seen: map[store.SeenID]store.Seen{}}
		s.Snapshot = store.Snapshot{Stream: k.Stream, Key: k.Key, Position: store.Genesis(k.Stream)}
	}
	if s.Position != k.After {
		return store.ErrConflict
	}
	if k.Key = s.Key; s.Key != "" {
		if there && k.Open && !s.Open {
			return store.ErrKeyOpen
		}
		if name, ok := m.last[s.Key]; !there && ok && m.streams[name].Open {
			return store.ErrKeyOpen
		}
	}
	for _, l := range k.Remove {
		if s.item(l) < 0 {
			return store.ErrLease
		}
	}
	if !there {
		m.streams[k.Stream], m.last[s.Key] = s, k.Stream
	}
	s.apply(k)
	return nil
}

// apply writes a commit that is admitted.
func (s *modelStream) apply(k *store.Commit) {
	s.owner, s.until = "", 0
	s.Position, s.Open, s.Rank, s.Due, s.Document = k.Position(), k.Open, k.Rank, k.Due, k.Document
	s.State = bytes.Clone(k.State)
	if k.Subject != nil {
		s.Subject, s.SubjectSeq = bytes.Clone(k.Subject), s.Seq
	}
	for _, e := range k.Entries {
		e.Body = bytes.Clone(e.Body)
		s.entries = append(s.entries, e)
	}
	for _, seen := range k.Seen {
		if _, ok := s.seen[seen.SeenID]; !ok {
			s.seen[seen.SeenID] = seen
		}
	}
	for _, l := range k.Remove {
		i := s.item(l)
		s.items = slices.Delete(s.items, i, i+1)
	}
	for _, it := range k.Add {
		it.Stream, it.Attempt, it.First, it.Token, it.Body = s.Stream, 0, policy.Never, 0, bytes.Clone(it.Body)
		s.items = append(s.items, it)
	}
}

// item is the index of the item of a lease that holds, or -1.
func (s *modelStream) item(l store.Lease) int {
	return slices.IndexFunc(s.items, func(it store.Item) bool { return it.ID == l.ID && it.Token == l.Token })
}

func (m *model) History(_ context.Context, stream string, from uint64) iter.Seq2[store.Entry, error] {
	return func(yield func(store.Entry, error) bool) {
		if s, ok := m.streams[stream]; ok {
			for _, e := range s.entries {
				if e.Seq >= from && !yield(e, nil) {
					return
				}
			}
		}
	}
}

func (m *model) Streams(_ context.Context, q store.StreamQuery) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, name := range slices.Sorted(maps.Keys(m.streams)) {
			if strings.HasPrefix(name, q.Prefix) && name > q.After && (m.streams[name].Open || !q.Open) && !yield(name, nil) {
				return
			}
		}
	}
}

func (m *model) Due(_ context.Context, ask store.Ask, _ []store.Snapshot) ([]store.Snapshot, policy.Instant, error) {
	all := slices.SortedFunc(maps.Values(m.streams), func(a, b *modelStream) int {
		return cmp.Or(cmp.Compare(a.Rank, b.Rank), cmp.Compare(a.Due, b.Due), cmp.Compare(a.Stream, b.Stream))
	})
	var due []store.Snapshot
	next := policy.Never
	for _, s := range all {
		free := s.Due
		if s.owner != "" && s.owner != ask.Owner {
			free = max(free, s.until)
		}
		if s.Due == policy.Never {
			continue
		}
		if free > ask.By || len(due) >= ask.Limit {
			next = min(next, free)
			continue
		}
		due = append(due, s.copy())
		if ask.Owner != "" {
			s.owner, s.until = ask.Owner, ask.Until
		}
	}
	return due, next, nil
}

func (m *model) Claim(_ context.Context, ask store.Ask) ([]store.Item, policy.Instant, error) {
	var all []*store.Item
	for _, s := range m.streams {
		for i := range s.items {
			all = append(all, &s.items[i])
		}
	}
	slices.SortFunc(all, func(a, b *store.Item) int {
		return cmp.Or(cmp.Compare(a.Rank, b.Rank), cmp.Compare(a.NotBefore, b.NotBefore), cmp.Compare(a.Stream, b.Stream),
			cmp.Compare(a.ID.Seq, b.ID.Seq), cmp.Compare(a.ID.I, b.ID.I))
	})
	var items []store.Item
	next := policy.Never
	for _, it := range all {
		if it.NotBefore <= ask.By && len(items) < ask.Limit {
			it.Token++
			it.NotBefore = ask.Until
			items = append(items, *it)
		}
		next = min(next, it.NotBefore)
	}
	return items, next, nil
}

func (m *model) Settle(_ context.Context, s store.Settlement) error {
	stream, ok := m.streams[s.Stream]
	if !ok {
		return store.ErrLease
	}
	i := stream.item(s.Lease)
	if i < 0 {
		return store.ErrLease
	}
	it := &stream.items[i]
	it.NotBefore, it.Attempt, it.First = s.NotBefore, s.Attempt, s.First
	return nil
}

func (m *model) PutDocument(_ context.Context, d policy.Digest, document []byte) error {
	if _, ok := m.documents[d]; !ok {
		m.documents[d] = bytes.Clone(document)
	}
	return nil
}

func (m *model) Document(_ context.Context, d policy.Digest) ([]byte, error) {
	document, ok := m.documents[d]
	if !ok {
		return nil, store.ErrNotFound
	}
	return document, nil
}

// class is the class of an error that the contract knows, or the error.
func class(err error) error {
	for _, c := range []error{store.ErrNotFound, store.ErrConflict, store.ErrKeyOpen, store.ErrLease, store.ErrInvalid} {
		if errors.Is(err, c) {
			return c
		}
	}
	return err
}
