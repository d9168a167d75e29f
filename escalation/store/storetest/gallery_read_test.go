package storetest

import (
	"iter"
	"path"
	"slices"
	"strings"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// readFaults are faults of reading.
func readFaults() []seeded {
	return []seeded{
		{"the namespace is a constant", func() store.Store { return store.NewNamedMemory("belfry") }, []string{"Namespace"}},
		{"a snapshot keeps what it held", func() store.Store {
			return &faulty{Store: store.NewMemory(), load: func(s store.Store, stream string, into *store.Snapshot) error {
				subject, seq := into.Subject, into.SubjectSeq
				err := s.Load(bg, stream, into)
				if into.SubjectSeq == 0 {
					into.Subject, into.SubjectSeq = subject, seq
				}
				return err
			}}
		}, []string{"LoadOverwrites"}},
		{"a read comes from a cache", func() store.Store {
			cache := map[string]store.Snapshot{}
			return &faulty{Store: store.NewMemory(), load: func(s store.Store, stream string, into *store.Snapshot) error {
				if old, ok := cache[stream]; ok && old.Seq%3 != 0 {
					delete(cache, stream)
					*into = old
					return nil
				}
				err := s.Load(bg, stream, into)
				if err == nil {
					kept := *into
					kept.State = slices.Clone(into.State)
					cache[stream] = kept
				}
				return err
			}}
		}, []string{"StateReplaced"}},
		{"the last seen wins over the first", func() store.Store {
			latest := map[string]store.Seen{}
			name := func(stream string, id store.SeenID) string {
				return strings.Join([]string{stream, id.Author, id.Kind.String(), id.ID}, "\x01")
			}
			return &faulty{
				Store: store.NewMemory(),
				commit: one(func(s store.Store, k *store.Commit) error {
					err := s.Commit(bg, k)
					for _, seen := range k.Seen {
						if err == nil {
							latest[name(k.Stream, seen.SeenID)] = seen
						}
					}
					return err
				}),
				seen: func(s store.Store, stream string, id store.SeenID) (store.Seen, error) {
					seen, err := s.Seen(bg, stream, id)
					if l, ok := latest[name(stream, id)]; ok && err == nil {
						seen = l
					}
					return seen, err
				},
			}
		}, []string{"SeenKept"}},
		{"event ids are forgotten after a while", func() store.Store {
			return &faulty{Store: store.NewMemory(), seen: func(s store.Store, stream string, id store.SeenID) (store.Seen, error) {
				seen, err := s.Seen(bg, stream, id)
				if position(s, stream).Seq > seen.Seq+20 {
					return store.Seen{}, store.ErrNotFound
				}
				return seen, err
			}}
		}, []string{"SeenKept"}},
		{"event ids are one for all authors", func() store.Store {
			return &faulty{
				Store: store.NewMemory(),
				commit: one(func(s store.Store, k *store.Commit) error {
					for i := range k.Seen {
						k.Seen[i].Author = ""
					}
					return s.Commit(bg, k)
				}),
				seen: func(s store.Store, stream string, id store.SeenID) (store.Seen, error) {
					author := id.Author
					id.Author = ""
					seen, err := s.Seen(bg, stream, id)
					if seen.Author = author; err != nil {
						return store.Seen{}, err
					}
					return seen, err
				},
			}
		}, []string{"SeenApart"}},
		{"the history is reordered at a page's end", func() store.Store {
			return historyFault(func(all []store.Entry) []store.Entry {
				if len(all) > 64 {
					all[63], all[64] = all[64], all[63]
				}
				return all
			})
		}, []string{"HistoryOrder", "Chain"}},
		{"the history is cut at its beginning", func() store.Store {
			return historyFault(func(all []store.Entry) []store.Entry { return all[max(0, len(all)-100):] })
		}, []string{"HistoryOrder", "HistoryKeepsAll"}},
		{"the history lacks its last entry", func() store.Store {
			return historyFault(func(all []store.Entry) []store.Entry { return all[:max(0, len(all)-1)] })
		}, []string{"FirstCommit", "Chain", "Model"}},
		{"an instant loses its microseconds", func() store.Store {
			return historyFault(func(all []store.Entry) []store.Entry {
				for i := range all {
					all[i].At -= all[i].At % 1000
				}
				return all
			})
		}, []string{"FirstCommit", "Chain"}},
		{"a prefix is a pattern", func() store.Store {
			return &faulty{Store: store.NewMemory(), streams: func(s store.Store, q store.StreamQuery) iter.Seq2[string, error] {
				pattern := strings.NewReplacer("%", "*", "_", "?").Replace(q.Prefix)
				q.Prefix = ""
				return func(yield func(string, error) bool) {
					for name, err := range s.Streams(bg, q) {
						head := name[:min(len(name), len(pattern))]
						if ok, _ := path.Match(pattern, head); ok && !yield(name, err) {
							return
						}
					}
				}
			}}
		}, []string{"Streams"}},
		{"the name asked to begin behind is in the answer", func() store.Store {
			return &faulty{Store: store.NewMemory(), streams: func(s store.Store, q store.StreamQuery) iter.Seq2[string, error] {
				if q.After != "" {
					q.After = q.After[:len(q.After)-1]
				}
				return s.Streams(bg, q)
			}}
		}, []string{"Streams"}},
		{"a document is overwritten", func() store.Store {
			documents := map[policy.Digest][]byte{}
			return &faulty{
				Store: store.NewMemory(),
				put: func(_ store.Store, d policy.Digest, document []byte) error {
					documents[d] = slices.Clone(document)
					return nil
				},
				document: documentOf(documents),
			}
		}, []string{"Documents"}},
		{"a document is kept in the caller's memory", func() store.Store {
			documents := map[policy.Digest][]byte{}
			return &faulty{
				Store: store.NewMemory(),
				put: func(_ store.Store, d policy.Digest, document []byte) error {
					if _, ok := documents[d]; !ok {
						documents[d] = document
					}
					return nil
				},
				document: documentOf(documents),
			}
		}, []string{"CallerReuses"}},
	}
}

func documentOf(documents map[policy.Digest][]byte) func(store.Store, policy.Digest) ([]byte, error) {
	return func(_ store.Store, d policy.Digest) ([]byte, error) {
		if document, ok := documents[d]; ok {
			return document, nil
		}
		return nil, store.ErrNotFound
	}
}

// historyFault is a store whose whole histories go through change.
func historyFault(change func([]store.Entry) []store.Entry) store.Store {
	return &faulty{Store: store.NewMemory(), history: func(s store.Store, stream string, from uint64) iter.Seq2[store.Entry, error] {
		return func(yield func(store.Entry, error) bool) {
			var all []store.Entry
			for e, err := range s.History(bg, stream, from) {
				if err != nil {
					yield(e, err)
					return
				}
				all = append(all, e)
			}
			for _, e := range change(all) {
				if !yield(e, nil) {
					return
				}
			}
		}
	}}
}
