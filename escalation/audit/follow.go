package audit

import "fmt"

// Head is where a stream stands: what a taker of entries keeps of it. The zero
// head but for its Stream is where every stream begins.
type Head struct {
	Stream string
	Seq    uint64
	At     int64
	Hash   Hash
}

// Follows checks that entries follow on from a head, in order and without a gap:
// what a [Sink] may do before it takes a batch. The error is a [Fault].
func Follows(from Head, entries ...Entry) error {
	at := link{from.Seq, from.At, from.Hash}
	if from.Seq == 0 {
		at.hash = genesisOf(from.Stream)
	}
	for i := range entries {
		e := &entries[i]
		if e.Name() != from.Stream {
			return Fault{Stream: from.Stream, Seq: e.Seq, What: fmt.Sprintf("it is of stream %q", e.Name())}
		}
		if what := at.check(e); what != "" {
			return Fault{Stream: from.Stream, Seq: e.Seq, What: what}
		}
		at = link{e.Seq, e.At, e.Hash}
	}
	return nil
}
