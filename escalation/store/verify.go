package store

import (
	"fmt"
	"iter"
)

// ChainError is the first entry that does not hold.
type ChainError struct {
	Seq    uint64 // of the entry as it should be
	Reason string
}

// Error names the entry and what is wrong with it.
func (e *ChainError) Error() string {
	return fmt.Sprintf("store: entry %d breaks the chain: %s", e.Seq, e.Reason)
}

// Verify walks entries that follow on from (Genesis of the stream, or a
// position kept elsewhere) and returns where they end. The error is a
// *ChainError that names the first entry that was changed, inserted, left out
// or moved, or it is the iteration's own.
//
// A history that was cut at its end is whole as far as it goes: compare the
// position returned with one that is kept elsewhere.
func Verify(from Position, entries iter.Seq2[Entry, error]) (Position, error) {
	var scratch []byte
	at := from
	for e, err := range entries {
		if err != nil {
			return at, err
		}
		var reason string
		if reason, scratch = at.check(&e, scratch); reason != "" {
			return at, &ChainError{Seq: at.Seq + 1, Reason: reason}
		}
		at = e.Position()
	}
	return at, nil
}

// check says what is wrong with e as the entry behind p, or nothing.
func (p *Position) check(e *Entry, scratch []byte) (string, []byte) {
	switch {
	case e.Seq != p.Seq+1:
		return fmt.Sprintf("its number is %d", e.Seq), scratch
	case e.At < p.At:
		return fmt.Sprintf("its instant %s is before its predecessor's %s", e.At, p.At), scratch
	case e.Erased && (len(e.Body) > 0 || e.Salt != Salt{}):
		return "it is marked erased and has a body or a salt", scratch
	}
	if !e.Erased {
		var s Hash
		s, scratch = sum(e, scratch)
		if e.Sum != (Hash{}) && e.Sum != s {
			return "its body or salt does not have its sum", scratch
		}
		e.Sum = s
	}
	if p.next(e) != e.Hash {
		return "its hash is not that of its content and its predecessor", scratch
	}
	return "", scratch
}
