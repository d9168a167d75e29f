package gate

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/internal/timekeeper"
	"github.com/belfry-go/belfry/policy"
)

// Config is what a [Board] is made of. Store and Policies are required.
type Config struct {
	// Store is read for what the gates of all alerts say. Nothing is written to
	// it.
	Store store.Store

	// Policies is the document that says which operations there are; see
	// [Board.Load]. Gates answer under the document that their alert is pinned
	// to, which is in the store.
	Policies *policy.Document

	// Now is engine time. It is called for each check that needs it, from many
	// goroutines.
	//
	// Defaults to that of Clock.
	Now func() policy.Instant

	// Clock is read where Now is nil; nothing but its Now is called.
	//
	// Defaults to the real clock.
	Clock clock.Clock

	// MaxStale is how old the last look at the store may be: a check after it
	// is denied, until the store is looked at again. It is the longest that
	// what another node has committed may stay unknown here.
	//
	// Defaults to three times LookAgain.
	MaxStale time.Duration

	// LookAgain is how often Run looks at the store without being told to.
	//
	// Defaults to 5 seconds.
	LookAgain time.Duration

	// Exclusive says that all who write to the store call Update, so that
	// nothing the board has can be old: MaxStale means nothing then. An engine
	// that has its store for itself sets it.
	Exclusive bool

	// Recorded reports whether the record seq of a stream, made at an instant, is
	// kept where it has to be before a gate opens by it. Until it is, the alert's
	// gates answer no more leniently than before; see [Board.Recheck].
	//
	// Defaults to always.
	Recorded func(stream string, seq uint64, at policy.Instant) bool

	// Logger is told of looks that failed and of alerts that cannot be read.
	//
	// Defaults to a logger that discards.
	Logger *slog.Logger
}

// Board is what gates answer, by the identity that is asked about. It holds what
// is committed, and nothing else. [NewBoard] makes one. All its methods may be
// called from many goroutines; Check takes no lock.
type Board struct {
	store     store.Store
	now       func() policy.Instant
	maxStale  time.Duration // 0: it cannot be stale
	lookAgain time.Duration
	log       *slog.Logger
	recorded  func(stream string, seq uint64, at policy.Instant) bool // nil: all is

	// What Check reads: nil before the store was read, and while an alert in it
	// cannot be. looked is when the last look at the store began.
	view   atomic.Pointer[view]
	looked atomic.Int64
	plain  [CauseStore + 1]*because // of the causes that say it all

	mu     sync.Mutex
	latest *view // what view is, or will be once nothing is in doubt
	loaded bool
	alerts map[string]*listed // by key#n
	gone   []string           // of those, who have nothing on the board; the oldest first
	blind  map[string]bool    // streams that cannot be read
	// waiting are streams of alerts whose last record is not kept yet where it
	// has to be.
	waiting map[string]bool

	looking sync.Mutex // one look at a time
	since   uint64
	docs    documents
}

// view is one moment of the board. The table's slots move on, the rest is
// replaced.
type view struct {
	table
	operations []string // that a gate of the document names, or that it opens; sorted
}

// listed is where the board stands with an alert.
type listed struct {
	subject string
	seq     uint64 // of the record from which this is known
	heard   uint64 // of the newest that waits for its record to be kept
	posted  bool   // it has something on the board
}

// mostGone is how many alerts are remembered that have left the board, so that
// what comes late about them is known to be late.
const mostGone = 4096

// NewBoard returns a board that has read nothing yet, and denies everything
// until [Board.Run] or [Board.Refresh] has. The error says what is missing.
func NewBoard(cfg Config) (*Board, error) {
	if cfg.Store == nil || cfg.Policies == nil {
		return nil, errors.New("gate: Config.Store and Config.Policies are required: whoever does not know the gates can only deny")
	}
	b := &Board{
		store: cfg.Store, now: cfg.Now, log: cfg.Logger, lookAgain: cfg.LookAgain,
		latest: &view{table: *newTable()}, alerts: map[string]*listed{}, blind: map[string]bool{}, waiting: map[string]bool{},
		recorded: cfg.Recorded,
	}
	if b.now == nil {
		c := cfg.Clock
		if c == nil {
			c = clock.New()
		}
		k := timekeeper.New(c)
		k.Now()
		b.now = k.Peek
	}
	if b.log == nil {
		b.log = slog.New(slog.DiscardHandler)
	}
	if b.lookAgain <= 0 {
		b.lookAgain = 5 * time.Second
	}
	if !cfg.Exclusive {
		b.maxStale = cfg.MaxStale
		if b.maxStale <= 0 {
			b.maxStale = 3 * b.lookAgain
		}
	}
	for c := range b.plain {
		b.plain[c] = Cause(c).plain()
	}
	b.Load(cfg.Policies)
	return b, nil
}

// Load makes doc the document that says which operations there are.
func (b *Board) Load(doc *policy.Document) {
	operations := slices.Clone(doc.Operations)
	for _, p := range doc.Policies {
		for i := range p.Gates {
			operations = append(operations, p.Gates[i].Operations...)
		}
	}
	slices.Sort(operations)
	b.docs.add(doc)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.latest = &view{b.latest.table, slices.Compact(operations)}
	b.publish()
}

// Loaded reports whether the store was read.
func (b *Board) Loaded() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.loaded
}

// publish shows the latest view, or none while there is doubt.
func (b *Board) publish() {
	if b.loaded && len(b.blind) == 0 {
		b.view.Store(b.latest)
	} else {
		b.view.Store(nil)
	}
}

// Update puts an alert's gates on the board as they stand after the record seq
// of its stream. doc is the document that s is under. What the board knows
// already, or knows later, is left: commits may be made known out of their
// order.
func (b *Board) Update(doc *policy.Document, s *escalation.State, seq uint64) {
	name := nameOf(s)
	fresh := gatesOf(doc, s)
	kept := b.recorded == nil || b.recorded(alertStreams+name, seq, s.At)
	b.mu.Lock()
	defer b.mu.Unlock()
	// What was committed before a record that waits must not take that one off
	// the board: it is a closing, maybe.
	if a := b.alerts[name]; a == nil && !kept || a != nil && seq > a.seq && (!kept || seq < a.heard) {
		b.waits(name, seq, fresh, s, doc.Policies[s.Policy])
		b.publish()
		return
	}
	if b.update(name, s.Alert.Identity.ID, seq, fresh) {
		b.publish()
	}
}

// nameOf is how an alert is named on the board.
func nameOf(s *escalation.State) string { return s.Key + "#" + strconv.FormatUint(s.Incarnation, 10) }

// update is Update under the lock; it reports whether the view is another.
func (b *Board) update(name, subject string, seq uint64, fresh []posted) (changed bool) {
	was := b.latest
	a := b.alerts[name]
	if a == nil {
		a = &listed{subject: subject}
		b.alerts[name] = a
	}
	if b.blind[alertStreams+name] {
		delete(b.blind, alertStreams+name)
		changed = true
	}
	if seq <= a.seq {
		return changed
	}
	a.seq = seq
	delete(b.waiting, alertStreams+name)
	if a.posted && (a.subject != subject || len(fresh) == 0) {
		b.replace(a.subject, name, nil)
	}
	if len(fresh) > 0 {
		b.replace(subject, name, fresh)
	}
	a.subject = subject
	if a.posted = len(fresh) > 0; !a.posted {
		b.forget(name)
	}
	return changed || b.latest != was
}

// forget remembers an alert that has nothing on the board, and lets go of the
// one that left it longest ago.
func (b *Board) forget(name string) {
	b.gone = append(b.gone, name)
	if len(b.gone) <= mostGone {
		return
	}
	if a := b.alerts[b.gone[0]]; a != nil && !a.posted {
		delete(b.alerts, b.gone[0])
	}
	b.gone = b.gone[1:]
}

// replace puts fresh in the place of what an alert has under a subject.
func (b *Board) replace(subject, alert string, fresh []posted) {
	t := &b.latest.table
	var list []posted
	if s := t.find(subject); s != nil {
		for _, p := range s.gates {
			if p.alert != alert {
				list = append(list, p)
			}
		}
	}
	if grown := t.set(newSheet(subject, append(list, fresh...))); grown != t {
		b.latest = &view{*grown, b.latest.operations}
	}
}

// Check answers whether an operation on an identity may go on, from what is
// committed: the strictest of all alerts that have a gate there. What no gate of
// the document names and its `operations` does not open is denied, and so is
// everything in doubt, see the package's comment. It takes no lock, and no time
// worth measuring: call it before every operation.
func (b *Board) Check(subject, operation string) Decision {
	// In this order: what is seen on the board is at least as new as the look,
	// and the time at least as late as both.
	looked := policy.Never
	if b.maxStale > 0 {
		looked = policy.Instant(b.looked.Load())
	}
	v := b.view.Load()
	if v == nil {
		return b.doubt()
	}
	s := v.find(subject)
	if b.maxStale > 0 || s != nil && s.turn.Known() {
		now := b.now()
		if b.maxStale > 0 && now.Sub(looked) > b.maxStale {
			return Decision{escalation.Deny, b.plain[CauseStale], looked}
		}
		for s != nil && now >= s.turn {
			s = s.later
		}
	}
	if s != nil {
		if a := s.answer(operation); a != nil {
			return Decision{a.says, a.because, looked}
		}
	}
	if v.names(operation) {
		return Decision{escalation.Allow, b.plain[CauseNothing], looked}
	}
	return Decision{escalation.Deny, b.plain[CauseOperation], looked}
}

// fewOperations are found faster one by one than by halves.
const fewOperations = 8

// names reports whether the document knows an operation.
func (v *view) names(operation string) bool {
	if len(v.operations) > fewOperations {
		_, found := slices.BinarySearch(v.operations, operation)
		return found
	}
	for _, o := range v.operations {
		if o == operation {
			return true
		}
	}
	return false
}

// doubt is what is answered while nobody knows what the gates say.
func (b *Board) doubt() Decision {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.loaded {
		return Decision{escalation.Deny, b.plain[CauseUnreadable], policy.Never}
	}
	return Decision{escalation.Deny, b.plain[CauseNotLoaded], policy.Never}
}

// Strict is Check after a look at the store: it answers from all that was
// committed, by whomever, before it was called. When the store cannot be read,
// it denies.
func (b *Board) Strict(ctx context.Context, subject, operation string) Decision {
	if err := b.Refresh(ctx); err != nil {
		return Decision{escalation.Deny, b.plain[CauseStore], policy.Instant(b.looked.Load())}
	}
	return b.Check(subject, operation)
}
