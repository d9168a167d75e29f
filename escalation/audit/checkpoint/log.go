package checkpoint

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/audit"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

const (
	// leavesPerEntry bounds an entry of the log.
	leavesPerEntry = 4096
	// maxConflicts bounds how often a race with another node is run again.
	maxConflicts = 100
)

// Log is the log of heads of one store. It keeps 64 bytes a leaf in memory, and
// the name of each stream. Its methods may be called from many goroutines, and
// several nodes may have the same log open: the store's compare-and-set keeps it
// one.
type Log struct {
	store     store.Store
	origin    string
	stream    string
	namespace string

	mu     sync.Mutex
	pos    store.Position
	hashes []tlog.Hash // as tlog stores them
	size   int64
	last   map[string]head // by stream
}

// head is the newest leaf of a stream.
type head struct {
	pos   audit.Hash
	seq   uint64
	index int64
}

// Open opens the log of a store under an origin, which names it for ever: a URL
// without its scheme, by convention one that the host owns. A log that is not
// there yet begins with its first checkpoint. The error also says when the log in
// the store does not hold.
func Open(ctx context.Context, s store.Store, origin string) (*Log, error) {
	if err := checkOrigin(origin); err != nil {
		return nil, err
	}
	ns, err := s.Namespace(ctx)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: namespace: %w", err)
	}
	l := &Log{store: s, origin: origin, stream: audit.LogPrefix + origin, namespace: ns, last: map[string]head{}}
	l.pos = store.Genesis(l.stream)
	return l, l.read(ctx)
}

// read reads what others have appended since.
func (l *Log) read(ctx context.Context) error {
	before := l.pos.Hash
	for e, err := range l.store.History(ctx, l.stream, l.pos.Seq+1) {
		if err != nil {
			return fmt.Errorf("checkpoint: history of %q: %w", l.stream, err)
		}
		out := audit.EntryOf(l.stream, before, &e)
		from := audit.Head{Stream: l.stream, Seq: l.pos.Seq, At: int64(l.pos.At), Hash: audit.Hash(l.pos.Hash)}
		if err := audit.Follows(from, out); err != nil {
			return fmt.Errorf("checkpoint: the log does not hold: %w", err)
		}
		if err := l.take(string(e.Body)); err != nil {
			return err
		}
		l.pos, before = e.Position(), e.Hash
	}
	return nil
}

// take adds the leaves of an entry's body.
func (l *Log) take(body string) error {
	for text := range strings.SplitSeq(body, "\n") {
		leaf, err := audit.ParseLeaf(text)
		if err != nil {
			return fmt.Errorf("checkpoint: the log does not hold: %w", err)
		}
		more, err := tlog.StoredHashesForRecordHash(l.size, tlog.RecordHash([]byte(text)), l.reader())
		if err != nil {
			return fmt.Errorf("checkpoint: leaf %d: %w", l.size, err)
		}
		l.hashes = append(l.hashes, more...)
		l.last[leaf.Stream] = head{leaf.Hash, leaf.Seq, l.size}
		l.size++
	}
	return nil
}

// reader reads the hashes of the tree.
func (l *Log) reader() tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			if x < 0 || x >= int64(len(l.hashes)) {
				return nil, fmt.Errorf("checkpoint: hash %d of %d", x, len(l.hashes))
			}
			out[i] = l.hashes[x]
		}
		return out, nil
	})
}

// Size is how many leaves the log has, as far as this Log has seen.
func (l *Log) Size() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.size
}

// Checkpoint appends the heads of all streams that have moved since the last, and
// returns the checkpoint over the whole log, signed by each of the signers. at is
// the instant that the log's entries get. It reads where every stream stands, so
// that it costs the store one read a stream.
//
// What the checkpoint covers is durable when it returns. Publish it where the
// store's administrator cannot take it back; it holds nothing but numbers and
// hashes. A stream of which the log knows more than the store has is an error:
// then the store has lost what it had, and the checkpoint is not made.
func (l *Log) Checkpoint(ctx context.Context, at policy.Instant, signers ...note.Signer) ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for range maxConflicts {
		err := l.advance(ctx, at)
		if errors.Is(err, store.ErrConflict) {
			if err := l.read(ctx); err != nil { // another node was faster
				return nil, err
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		root, err := tlog.TreeHash(l.size, l.reader())
		if err != nil {
			return nil, fmt.Errorf("checkpoint: root: %w", err)
		}
		return sign(l.origin, l.size, root, signers)
	}
	return nil, fmt.Errorf("checkpoint: %q: %w, %d times in a row", l.stream, store.ErrConflict, maxConflicts)
}

// advance appends the heads that have moved.
func (l *Log) advance(ctx context.Context, at policy.Instant) error {
	var leaves []string
	var snap store.Snapshot
	before, found := len(l.last), 0
	for stream, err := range l.store.Streams(ctx, store.StreamQuery{}) {
		if err != nil {
			return fmt.Errorf("checkpoint: streams: %w", err)
		}
		if strings.HasPrefix(stream, audit.LogPrefix) {
			continue // a log need not vouch for itself: its root does
		}
		if err := l.store.Load(ctx, stream, &snap); err != nil {
			return fmt.Errorf("checkpoint: load %q: %w", stream, err)
		}
		last, known := l.last[stream]
		if known {
			found++
		}
		hash := audit.Hash(snap.Hash)
		switch {
		case known && last.seq == snap.Seq && last.pos == hash:
			continue
		case known && last.seq >= snap.Seq:
			return fmt.Errorf("checkpoint: stream %q stands at entry %d, %s, and the log has its entry %d, %s: the store has lost or changed what it had", stream, snap.Seq, hash, last.seq, last.pos)
		}
		leaf := audit.Leaf{Namespace: l.namespace, Seq: snap.Seq, Hash: hash, Stream: stream}
		if leaves = append(leaves, leaf.String()); len(leaves) == leavesPerEntry {
			if err := l.append(ctx, at, leaves); err != nil {
				return err
			}
			leaves = leaves[:0]
		}
	}
	if found < before {
		return fmt.Errorf("checkpoint: the log has heads of %d streams, and the store has %d of these: it has lost a stream", before, found)
	}
	if len(leaves) == 0 {
		return nil
	}
	return l.append(ctx, at, leaves)
}

// append commits leaves as one entry of the log.
func (l *Log) append(ctx context.Context, at policy.Instant, leaves []string) error {
	e := store.Entry{At: max(at, l.pos.At), Kind: escalation.EventNote, Body: []byte(strings.Join(leaves, "\n"))}
	if _, err := rand.Read(e.Salt[:]); err != nil {
		return fmt.Errorf("checkpoint: salt: %w", err)
	}
	c := store.Commit{Stream: l.stream, After: l.pos, Due: policy.Never, Open: true}
	pos := l.pos
	pos.Link(&e, nil)
	c.Entries = []store.Entry{e}
	err := l.store.Commit(ctx, &c)
	if err != nil && !store.Refused(err) {
		err = store.Resolve(ctx, l.store, &c)
	}
	if err != nil {
		return err
	}
	l.pos = pos
	return l.take(string(e.Body))
}
