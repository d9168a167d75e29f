package audit

import "context"

// Sink takes entries as they are committed: evidence that is kept somewhere else
// than the engine's own store, and by somebody else.
//
// Append takes a batch, or returns an error and is given the same again. Those of
// one stream come in their order, each at least once. What comes a second time is
// told by its Stream and Seq, and is the same but that it may have been erased
// meanwhile. When Append returns nil, the batch is the sink's for good. It must
// return soon after ctx is done; no other call is made before it has. The entries
// are shared: they may be kept, and must not be written to.
type Sink interface {
	Append(ctx context.Context, batch []Entry) error
}

// SinkFunc is a function as a [Sink].
type SinkFunc func(ctx context.Context, batch []Entry) error

// Append calls f.
func (f SinkFunc) Append(ctx context.Context, batch []Entry) error { return f(ctx, batch) }
