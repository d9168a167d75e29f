package storetest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// Fault is a way in which an operation fails.
type Fault uint8

const (
	// FailBefore: the operation is not done, and returns an error.
	FailBefore Fault = iota
	// FailAfter: the operation is done, and returns an error all the same, as
	// when a connection breaks on the answer.
	FailAfter
	// FailTorn: half of the operation is done, and it returns an error: the
	// first half of a batch's commits, of a history, of the names of streams.
	// No single commit is torn, which no store may do. Other operations fail
	// as with FailAfter.
	FailTorn
	// CrashBefore: the operation is not done, and it and all after it return
	// ErrCrashed, until Restart.
	CrashBefore
	// CrashAfter: the operation is done, and it and all after it return
	// ErrCrashed, until Restart.
	CrashAfter
	// CrashTorn: half of the operation is done, as with FailTorn, and it and all
	// after it return ErrCrashed, until Restart.
	CrashTorn
	numFaults
)

var faultNames = [numFaults]string{"fail before", "fail after", "fail torn", "crash before", "crash after", "crash torn"}

// String is the fault in words.
func (f Fault) String() string {
	if f >= numFaults {
		return fmt.Sprintf("fault %d", uint8(f))
	}
	return faultNames[f]
}

// AllFaults returns each fault once.
func AllFaults() []Fault {
	return []Fault{FailBefore, FailAfter, FailTorn, CrashBefore, CrashAfter, CrashTorn}
}

// ErrFault and ErrCrashed are what the faults return. Neither says whether the
// operation was done.
var (
	ErrFault   = errors.New("storetest: fault")
	ErrCrashed = errors.New("storetest: crashed")
)

// Faults is a store whose n-th operation fails. A test runs its scenario with n
// = 1, 2, 3 … until the fault is no longer reached, and so has had every
// operation fail:
//
//	for n := 1; ; n++ {
//		s := storetest.NewFaults(store.NewMemory(), n, storetest.FailAfter)
//		… // the scenario, on s, and what must hold after it
//		if !s.Fired() {
//			break
//		}
//	}
//
// An operation is one call of a method; of an iteration, one beginning of its
// loop. It is safe for concurrent use, though which operation is the n-th is
// then a matter of chance.
type Faults struct {
	store store.Store
	at    int
	fault Fault

	mu      sync.Mutex
	ops     int
	fired   string
	crashed bool
}

var _ store.Store = (*Faults)(nil)

// NewFaults returns a store whose operation number at, counted from 1, fails;
// 0: none does, and Ops counts them.
func NewFaults(s store.Store, at int, fault Fault) *Faults {
	return &Faults{store: s, at: at, fault: fault}
}

// Ops is how many operations were begun.
func (f *Faults) Ops() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ops
}

// Fired reports whether the fault was reached.
func (f *Faults) Fired() bool { return f.Where() != "" }

// Where is the method that failed, such as "Commit"; "" before it did.
func (f *Faults) Where() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.fired
}

// Restart ends a crash: what was written before it is there. The fault does not
// come again.
func (f *Faults) Restart() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.crashed = false
}

// plan is what an operation is to do.
type plan struct {
	do, torn bool
	err      error // returned in the place of the operation's own
}

// begin counts an operation.
func (f *Faults) begin(method string) plan {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ops++
	if f.crashed {
		return plan{err: ErrCrashed}
	}
	if f.ops != f.at {
		return plan{do: true}
	}
	f.fired = method
	switch f.fault {
	case FailAfter:
		return plan{do: true, err: ErrFault}
	case FailTorn:
		return plan{do: true, torn: true, err: ErrFault}
	case CrashBefore:
		f.crashed = true
		return plan{err: ErrCrashed}
	case CrashAfter:
		f.crashed = true
		return plan{do: true, err: ErrCrashed}
	case CrashTorn:
		f.crashed = true
		return plan{do: true, torn: true, err: ErrCrashed}
	default:
		return plan{err: ErrFault}
	}
}

// run carries an operation out as planned.
func (f *Faults) run(method string, op func() error) error {
	p := f.begin(method)
	var err error
	if p.do {
		err = op()
	}
	if p.err != nil {
		return p.err
	}
	return err
}

// Namespace implements [store.Store].
func (f *Faults) Namespace(ctx context.Context) (name string, err error) {
	err = f.run("Namespace", func() (err error) { name, err = f.store.Namespace(ctx); return err })
	return name, err
}

// Load implements [store.Store].
func (f *Faults) Load(ctx context.Context, stream string, into *store.Snapshot) error {
	return f.run("Load", func() error { return f.store.Load(ctx, stream, into) })
}

// Last implements [store.Store].
func (f *Faults) Last(ctx context.Context, key string) (last store.Incarnation, err error) {
	err = f.run("Last", func() (err error) { last, err = f.store.Last(ctx, key); return err })
	return last, err
}

// Seen implements [store.Store].
func (f *Faults) Seen(ctx context.Context, stream string, id store.SeenID) (seen store.Seen, err error) {
	err = f.run("Seen", func() (err error) { seen, err = f.store.Seen(ctx, stream, id); return err })
	return seen, err
}

// Commit implements [store.Store].
func (f *Faults) Commit(ctx context.Context, batch ...*store.Commit) error {
	p := f.begin("Commit")
	done := batch
	if p.torn {
		done = batch[:len(batch)/2]
	}
	var err error
	if p.do {
		err = f.store.Commit(ctx, done...)
	}
	if p.err == nil {
		return err
	}
	for _, c := range batch {
		c.Err = p.err
	}
	return p.err
}

// History implements [store.Store].
func (f *Faults) History(ctx context.Context, stream string, from uint64) iter.Seq2[store.Entry, error] {
	return iterate(f, "History", f.store.History(ctx, stream, from))
}

// Streams implements [store.Store].
func (f *Faults) Streams(ctx context.Context, q store.StreamQuery) iter.Seq2[string, error] {
	return iterate(f, "Streams", f.store.Streams(ctx, q))
}

// iterate yields what seq yields, as planned, and then the plan's error.
func iterate[T any](f *Faults, method string, seq iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		p := f.begin(method)
		limit := -1
		if p.torn {
			limit = 0
			for _, err := range seq {
				if err != nil {
					break
				}
				limit++
			}
			limit /= 2
		}
		if p.do {
			n := 0
			for v, err := range seq {
				if n == limit {
					break
				}
				if !yield(v, err) {
					return
				}
				n++
			}
		}
		if p.err != nil {
			var zero T
			yield(zero, p.err)
		}
	}
}

// Due implements [store.Store].
func (f *Faults) Due(ctx context.Context, ask store.Ask, into []store.Snapshot) (due []store.Snapshot, next policy.Instant, err error) {
	err = f.run("Due", func() (err error) { due, next, err = f.store.Due(ctx, ask, into); return err })
	if err != nil {
		return into[:0], policy.Never, err
	}
	return due, next, nil
}

// Claim implements [store.Store].
func (f *Faults) Claim(ctx context.Context, ask store.Ask) (items []store.Item, next policy.Instant, err error) {
	err = f.run("Claim", func() (err error) { items, next, err = f.store.Claim(ctx, ask); return err })
	if err != nil {
		return nil, policy.Never, err
	}
	return items, next, nil
}

// Settle implements [store.Store].
func (f *Faults) Settle(ctx context.Context, s store.Settlement) error {
	return f.run("Settle", func() error { return f.store.Settle(ctx, s) })
}

// PutDocument implements [store.Store].
func (f *Faults) PutDocument(ctx context.Context, digest policy.Digest, document []byte) error {
	return f.run("PutDocument", func() error { return f.store.PutDocument(ctx, digest, document) })
}

// Document implements [store.Store].
func (f *Faults) Document(ctx context.Context, digest policy.Digest) (document []byte, err error) {
	err = f.run("Document", func() (err error) { document, err = f.store.Document(ctx, digest); return err })
	if err != nil {
		return nil, err
	}
	return document, nil
}
