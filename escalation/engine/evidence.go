package engine

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/belfry-go/belfry/escalation/audit"
	"github.com/belfry-go/belfry/policy"
)

// An external sink of evidence is fed from the history: every entry of every
// stream, in the order of its stream, at least once. While it takes nothing, pages
// and protective steps go on, and what gives something back waits: a gate opens,
// a permissive action begins and the kill switch lets go only when the sink has
// the entry that says so.

const (
	// evidenceStreams hold each engine's cursor. They are not fed: what says how
	// far the feed has come would never come to an end.
	evidenceStreams = "evidence/"
	// evidenceBatch is how many entries the sink is given at once.
	evidenceBatch = 256
	// evidenceSlack is how much older than the cursor an entry may be that was
	// committed after it. A tick is stamped with an instant up to a minute past,
	// and the clocks of engines that share a store differ.
	evidenceSlack = time.Hour
	// evidenceKept is how often the cursor is written: a restart feeds again what
	// was fed since.
	evidenceKept = 10 * time.Minute
	// evidenceLook is how often an engine that shares its store looks for what
	// others committed and, dying, did not feed.
	evidenceLook = 5 * time.Minute
	// evidenceWait is how long what waits for the sink stays in the outbox
	// before it is looked at again.
	evidenceWait = 5 * time.Second
)

// evidence is how far the sink has come.
type evidence struct {
	sink audit.Sink // nil: there is none

	feeding sync.Mutex    // one feed at a time
	calling atomic.Bool   // a call of the sink is under way, or hangs
	woken   chan struct{} // has one element when Run's feed is to look

	mu      sync.Mutex
	since   policy.Instant     // all that is older by the slack is taken
	taken   map[string]reached // of streams that moved since
	pending map[string]reached // what of each stream is committed, and not taken
	oldest  policy.Instant     // of what became pending when nothing was
	kept    policy.Instant     // when the cursor was written; Never: not yet
	looked  policy.Instant     // when all streams were looked at
	trouble trouble
	// unsettled: something was taken, and what waited for it could not be let go.
	unsettled bool
	// switched: the stream of the kill switch was taken, and may let go.
	switched bool
}

// reached is an entry of a stream.
type reached struct {
	seq uint64
	at  policy.Instant
}

// trouble is a sink that takes nothing.
type trouble struct {
	since   policy.Instant // of the first failure; Never: it takes
	tries   int
	next    policy.Instant // when it is tried again
	alarmed bool           // the last resort took the news
	noted   bool           // and so did the history
}

func (v *evidence) init(sink audit.Sink) {
	v.sink, v.woken = sink, make(chan struct{}, 1)
	v.since, v.kept, v.looked = policy.Never, policy.Never, policy.Never
	v.taken, v.pending = map[string]reached{}, map[string]reached{}
	v.trouble = trouble{since: policy.Never, next: policy.Never}
}

// note takes down that a stream was committed to.
func (v *evidence) note(stream string, seq uint64, at policy.Instant) {
	if v.sink == nil || strings.HasPrefix(stream, evidenceStreams) {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.add(stream, reached{seq, at})
}

func (v *evidence) add(stream string, r reached) {
	if r.seq <= v.taken[stream].seq || r.seq <= v.pending[stream].seq {
		return
	}
	if len(v.pending) == 0 {
		v.oldest = r.at
	}
	v.pending[stream] = r
	select {
	case v.woken <- struct{}{}:
	default:
	}
}

// has reports whether the sink has taken a stream up to an entry, made at an
// instant. What it has not is pending from now on, whoever committed it.
func (v *evidence) has(stream string, seq uint64, at policy.Instant) bool {
	if v.sink == nil {
		return true
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.taken[stream].seq >= seq || v.old(at) {
		return true
	}
	v.add(stream, reached{seq, at})
	return false
}

// old reports whether an entry of an instant was taken before the cursor.
func (v *evidence) old(at policy.Instant) bool {
	return v.since.Known() && at < v.since.Add(-evidenceSlack)
}

// work returns the streams of which something is to be taken, sorted.
func (v *evidence) work() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Sorted(maps.Keys(v.pending))
}

// from is the entry of a stream that was taken last.
func (v *evidence) from(stream string) uint64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.taken[stream].seq
}

// took notes what the sink has now.
func (v *evidence) took(batch []audit.Entry) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for i := range batch {
		e := &batch[i]
		name := e.Name()
		v.switched = v.switched || name == switchStream
		r := reached{e.Seq, policy.Instant(e.At)}
		if r.seq > v.taken[name].seq {
			v.taken[name] = r
		}
		if v.pending[name].seq <= r.seq {
			delete(v.pending, name)
		}
	}
}

// drop forgets what is pending of a stream that has nothing to be taken.
func (v *evidence) drop(stream string, seq uint64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.pending[stream].seq <= seq {
		delete(v.pending, stream)
	}
}

// waiting reports whether something is to be taken, and from when it may be
// tried.
func (v *evidence) waiting() policy.Instant {
	if v.sink == nil {
		return policy.Never
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case len(v.pending) == 0 && !v.unsettled:
		return policy.Never
	case v.trouble.since.Known():
		return v.trouble.next
	}
	return v.oldest
}
