package engine

import (
	"container/heap"
	"sync"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// outgoing is a claimed item and what it says.
type outgoing struct {
	item   store.Item
	effect effect
	opened policy.Instant // when the alert did
	doubt  bool           // it may have been sent on an earlier claim
}

// id is the effect's.
func (o *outgoing) id() escalation.EffectID { return o.item.ID }

// flight is an attempt whose outcome is known at an instant to come: only a
// simulation has such.
type flight struct {
	at  policy.Instant
	seq uint64 // first off, first landed
	out []outgoing
	// of a message
	kind    notify.Kind
	to      policy.Target
	via     string
	receipt notify.Receipt
	attempt int
	first   policy.Instant
	late    time.Duration
	err     error
	// of an action
	run *execution // nil: it is of a message
	res ActionResult
}

// flights are the attempts under way in virtual time, the first to land first.
type flights struct {
	mu   sync.Mutex
	list flightHeap
	n    uint64
}

// add notes a flight; what out holds is copied.
func (fs *flights) add(f flight) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.n++
	f.seq = fs.n
	f.out = append([]outgoing(nil), f.out...)
	for i := range f.out {
		f.out[i].item.Body = nil // it was read
	}
	heap.Push(&fs.list, f)
}

// due removes and returns the next flight that has landed at now.
func (fs *flights) due(now policy.Instant) (flight, bool) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if len(fs.list) == 0 || fs.list[0].at > now {
		return flight{}, false
	}
	return heap.Pop(&fs.list).(flight), true
}

// next is when the next one lands.
func (fs *flights) next() policy.Instant {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if len(fs.list) == 0 {
		return policy.Never
	}
	return fs.list[0].at
}

func (fs *flights) len() int {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	return len(fs.list)
}

type flightHeap []flight

func (h flightHeap) Len() int      { return len(h) }
func (h flightHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h flightHeap) Less(i, j int) bool {
	return h[i].at < h[j].at || h[i].at == h[j].at && h[i].seq < h[j].seq
}
func (h *flightHeap) Push(v any) { *h = append(*h, v.(flight)) }
func (h *flightHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	old[len(old)-1] = flight{}
	*h = old[:len(old)-1]
	return last
}
