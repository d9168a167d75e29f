package engine

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/gate"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/internal/timekeeper"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

const (
	// resolveTimeout bounds the search for what became of a commit.
	resolveTimeout = 5 * time.Second
	// abandonAfter is how long after its time-out a call that has not returned
	// is left behind.
	abandonAfter = time.Second
)

// Engine drives alerts: it gives events their instant, steps the machine,
// commits, and carries out what follows. New makes one. All its methods may be
// called from many goroutines.
type Engine struct {
	cfg        Config
	owner      string // in the name of which due streams are taken; "": they are not
	store      store.Store
	clock      clock.Clock
	log        *slog.Logger
	notifier   notify.Notifier
	lastResort notify.Notifier
	watched    *watched // nil: the documents' own directories are asked
	namespace  string   // set by start

	keeper *timekeeper.Keeper

	current atomic.Pointer[document]
	docs    documents
	cache   *cache
	snaps   sync.Pool // *store.Snapshot
	works   sync.Pool // *work
	names   names
	salts   struct {
		mu     sync.Mutex
		buf    [1024]byte
		at     int
		filled bool
	}

	// Projections: rebuilt from the streams by start, moved on by each commit.
	board    *gate.Board
	evidence evidence
	told     told
	silences silences

	shadow  shadow // what is known without the store
	auditor auditor

	// What is known of the next deadlines; policy.Never: nothing.
	nextDue  atomic.Int64 // of the streams
	nextOut  atomic.Int64 // of the outbox
	given    given        // claims that came to nothing
	flights  flights      // attempts whose outcome is known later
	lookedAt atomic.Int64 // when Tick looked last; 0: not yet

	starting sync.Mutex
	started  atomic.Bool
	closed   atomic.Bool
	running  atomic.Bool

	stuck aside
	pump  pump // what Tick, Deliver and Run do, one at a time
	lanes lanes
	feeds feeds

	counts   counts
	lateness histogram
	receipts receipts
	sent     sent
	breakers channelBreakers

	woken chan struct{}      // has one element when Run is to look
	halt  chan struct{}      // closed by Close
	ended chan struct{}      // closed when Run has returned; nil: it was not called
	cut   context.CancelFunc // ends the attempts under way
	runMu sync.Mutex
}

// New makes an engine. It starts nothing and asks the store for nothing: that
// is done by the first call that needs it. The error lists all that is wrong
// with cfg.
func New(cfg Config) (*Engine, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	owner := cfg.Node
	cfg = cfg.withDefaults()
	e := &Engine{
		owner: owner, cfg: cfg, store: cfg.Store, clock: cfg.Clock, log: cfg.Logger,
		notifier: cfg.Notifier, lastResort: cfg.LastResort,
		cache: newCache(cfg.Decoded),
		woken: make(chan struct{}, 1), halt: make(chan struct{}),
	}
	e.keeper = timekeeper.New(e.clock)
	e.snaps.New = func() any { return new(store.Snapshot) }
	e.works.New = func() any { return new(work) }
	e.nextDue.Store(int64(policy.Never))
	e.nextOut.Store(int64(policy.Never))
	if cfg.Directory != nil {
		e.watched = newWatched(e, cfg.Directory)
	}
	e.current.Store(e.newDocument(cfg.Policies))
	e.evidence.init(cfg.Evidence)
	var err error
	if e.board, err = e.newBoard(); err != nil {
		return nil, err
	}
	e.lanes.init(cfg.Workers, cfg.PerChannel, cfg.PerTarget)
	e.shadow.init(cfg.Store)
	if cfg.Subscribe != nil {
		e.Subscribe(cfg.Subscribe)
	}
	return e, nil
}

// start reads what the store holds and begins the expectations. The first call
// that needs the store does it; one that fails leaves it to the next.
func (e *Engine) start(ctx context.Context) error {
	if e.closed.Load() {
		return ErrClosed
	}
	if e.started.Load() {
		return nil
	}
	e.starting.Lock()
	defer e.starting.Unlock()
	if e.started.Load() {
		return nil
	}
	ns, err := e.store.Namespace(ctx)
	if err != nil {
		return fmt.Errorf("engine: namespace: %w", err)
	}
	e.namespace = ns
	e.receipts.since = e.now()
	// What is due in the store is found by looking.
	e.dueBy(e.now())
	e.leavesBy(e.now())
	if err := e.readEvidence(ctx); err != nil {
		return err
	}
	if err := e.project(ctx); err != nil {
		return err
	}
	if err := e.load(ctx, e.current.Load()); err != nil {
		return err
	}
	if err := e.release(ctx); err != nil {
		return err
	}
	e.started.Store(true)
	return nil
}

// project rebuilds the projections from the streams.
func (e *Engine) project(ctx context.Context) error {
	if err := e.readSilences(ctx); err != nil {
		return err
	}
	if err := e.readTurns(ctx); err != nil {
		return err
	}
	for _, err := range e.store.Streams(ctx, store.StreamQuery{Prefix: alertStreams, Open: true}) {
		if err != nil {
			return fmt.Errorf("engine: streams: %w", err)
		}
		e.counts.open.Add(1)
	}
	e.follow(ctx)
	return nil
}

// now is engine time.
func (e *Engine) now() policy.Instant { return e.keeper.Now() }

// dueBy notes that a stream is due at an instant; leavesBy that an item may
// leave then.
func (e *Engine) dueBy(at policy.Instant)    { lower(&e.nextDue, at) }
func (e *Engine) leavesBy(at policy.Instant) { lower(&e.nextOut, at) }

func lower(v *atomic.Int64, at policy.Instant) {
	for {
		old := v.Load()
		if int64(at) >= old || v.CompareAndSwap(old, int64(at)) {
			return
		}
	}
}

// Next returns the earliest instant at which Tick or Deliver will have something
// to do, as far as it is known without asking the store: at most now when they
// have, policy.Never when nothing is to come. After a call that moved a deadline
// later or took it away it may be too early, until the next look.
func (e *Engine) Next() policy.Instant { return min(e.nextWork(), e.evidence.waiting()) }

// nextWork is Next without the sink of evidence, which Run feeds beside.
func (e *Engine) nextWork() policy.Instant {
	next := min(policy.Instant(e.nextDue.Load()), policy.Instant(e.nextOut.Load()), e.flights.next())
	if e.keeper.Doubts() {
		next = min(next, e.now().Add(timekeeper.SecondLook))
	}
	return next
}

// wake makes Run look at once.
func (e *Engine) wake() {
	select {
	case e.woken <- struct{}{}:
	default:
	}
}

// refill fills the reserve of salts; its lock is held.
func (e *Engine) refill() {
	if _, err := io.ReadFull(e.cfg.Salt, e.salts.buf[:]); err != nil {
		// Without randomness the history can still be kept, and a page must
		// not wait for it; what is erased then might be guessed.
		e.log.Error("salts", "err", err)
	}
	e.salts.at, e.salts.filled = 0, true
}

// actionNamed returns what is registered under a name; nil: nothing.
func (e *Engine) actionNamed(run string) Action { return e.cfg.Actions[run] }

// lastResortTarget is how the last resort is called in notifications.
func (e *Engine) lastResortTarget() policy.Target { return policy.Target{ID: e.cfg.LastResortName} }

// isLastResort reports whether an effect goes to the last resort.
func isLastResort(ef *escalation.Effect) bool {
	return ef.Message == escalation.MessageLastResort || ef.To == escalation.LastResort()
}
