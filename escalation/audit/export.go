package audit

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"unicode/utf8"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// Export writes the histories of all streams of s to w, as lines of JSON in the
// format of docs/evidence.md, with the policy documents that they are pinned to.
// Two exports of one store that has not moved are equal, byte for byte.
//
// What is committed while it runs may be in it or not; each stream is whole as
// far as it goes. So that a checkpoint is covered, make it first and export
// then. An error of the store or of w ends the export, and leaves w with less
// than a whole one, which the verifier finds out.
func Export(ctx context.Context, s store.Store, w io.Writer) error {
	ns, err := s.Namespace(ctx)
	if err != nil {
		return fmt.Errorf("audit: namespace: %w", err)
	}
	x := &exporter{store: s, w: bufio.NewWriter(w), total: sha256.New()}
	if err := x.write(&line{Type: lineHistory, Version: FormatVersion, Namespace: ns}); err != nil {
		return err
	}
	if err := x.documents(ctx); err != nil {
		return err
	}
	for stream, err := range s.Streams(ctx, store.StreamQuery{}) {
		if err != nil {
			return fmt.Errorf("audit: streams: %w", err)
		}
		if err := x.stream(ctx, stream); err != nil {
			return err
		}
	}
	total := Hash(x.total.Sum(nil))
	if err := x.write(&line{Type: lineEnd, Counts: &x.counts, Total: &total}); err != nil {
		return err
	}
	if err := x.w.Flush(); err != nil {
		return fmt.Errorf("audit: export: %w", err)
	}
	return nil
}

// exporter is one export at work.
type exporter struct {
	store  store.Store
	w      *bufio.Writer
	total  hash.Hash
	counts counts
	buf    []byte
}

func (x *exporter) write(l *line) (err error) {
	if x.buf, err = appendLine(x.buf[:0], l); err != nil {
		return err
	}
	x.total.Write(x.buf)
	if _, err := x.w.Write(x.buf); err != nil {
		return fmt.Errorf("audit: export: %w", err)
	}
	return nil
}

// documents writes the documents that streams are pinned to, in the order of
// their digests.
func (x *exporter) documents(ctx context.Context) error {
	digests := map[policy.Digest]bool{}
	var snap store.Snapshot
	for stream, err := range x.store.Streams(ctx, store.StreamQuery{}) {
		if err != nil {
			return fmt.Errorf("audit: streams: %w", err)
		}
		if err := x.store.Load(ctx, stream, &snap); err != nil {
			return fmt.Errorf("audit: load %q: %w", stream, err)
		}
		digests[snap.Document] = true
	}
	delete(digests, policy.Digest{})
	var sorted []policy.Digest
	for d := range digests {
		sorted = append(sorted, d)
	}
	slices.SortFunc(sorted, func(a, b policy.Digest) int { return slices.Compare(a[:], b[:]) })
	for _, d := range sorted {
		text, err := x.store.Document(ctx, d)
		if errors.Is(err, store.ErrNotFound) {
			continue // the report does without its names
		}
		if err != nil {
			return fmt.Errorf("audit: document %x: %w", d[:8], err)
		}
		digest := Hash(d)
		if err := x.write(&line{Type: lineDocument, Digest: &digest, Document: text}); err != nil {
			return err
		}
		x.counts.Documents++
	}
	return nil
}

func (x *exporter) stream(ctx context.Context, stream string) error {
	previous, before := store.Genesis(stream).Hash, x.counts.Entries
	for e, err := range x.store.History(ctx, stream, 0) {
		if err != nil {
			return fmt.Errorf("audit: history of %q: %w", stream, err)
		}
		out := EntryOf(stream, previous, &e)
		if err := x.write(&line{Type: lineEntry, Entry: &out}); err != nil {
			return err
		}
		previous = e.Hash
		x.counts.Entries++
	}
	if x.counts.Entries > before { // a stream of which all was pruned has no line
		x.counts.Streams++
	}
	return nil
}

// EntryOf is a store's entry as it is exported. previous is the hash of the
// entry before it, or of the stream's [store.Genesis]. The body is shared.
func EntryOf(stream string, previous store.Hash, e *store.Entry) Entry {
	out := Entry{
		Seq: e.Seq, At: int64(e.At), Kind: uint8(e.Kind), Erased: e.Erased,
		Sum: Hash(e.Sum), Previous: Hash(previous), Hash: Hash(e.Hash),
	}
	if utf8.ValidString(stream) {
		out.Stream = stream
	} else {
		out.StreamBytes = []byte(stream)
	}
	if !e.Erased {
		out.Salt, out.Body = Bytes(e.Salt[:]), e.Body
	}
	if out.Sum == (Hash{}) { // a store need not keep what follows from the rest
		out.Sum = sumOf(e.Salt[:], e.Body)
	}
	return out
}
