package checkpoint

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/belfry-go/belfry/escalation/audit"
)

// Inclusion proves that a stream's newest leaf is in the log: it returns the leaf,
// its index, and the proof in the tree of the log's present size, which
// [tlog.CheckRecord] checks against a checkpoint's root without the log. The leaf's
// hash is tlog.RecordHash of its text.
func (l *Log) Inclusion(stream string) (leaf audit.Leaf, index int64, proof tlog.RecordProof, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	h, ok := l.last[stream]
	if !ok {
		return leaf, 0, nil, fmt.Errorf("checkpoint: the log has no head of stream %q", stream)
	}
	proof, err = tlog.ProveRecord(l.size, h.index, l.reader())
	if err != nil {
		return leaf, 0, nil, fmt.Errorf("checkpoint: inclusion of %q: %w", stream, err)
	}
	return audit.Leaf{Namespace: l.namespace, Seq: h.seq, Hash: h.pos, Stream: stream}, h.index, proof, nil
}

// Consistency proves that the tree of an earlier size is a prefix of the log as it
// is: that nothing that an older checkpoint covers was changed. [tlog.CheckTree]
// checks it against the two roots.
func (l *Log) Consistency(earlier int64) (tlog.TreeProof, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if earlier < 1 || earlier > l.size {
		return nil, fmt.Errorf("checkpoint: consistency from size %d: the log has %d leaves", earlier, l.size)
	}
	proof, err := tlog.ProveTree(l.size, earlier, l.reader())
	if err != nil {
		return nil, fmt.Errorf("checkpoint: consistency from size %d: %w", earlier, err)
	}
	return proof, nil
}
