package engine

import (
	"sync"

	"github.com/belfry-go/belfry/escalation/store"
)

// claimedBefore is what the report says of a message that goes out although it
// may have gone out before: who claimed it then has died, or was cut off, and
// left no word. It goes out under the same id.
const claimedBefore = "claimed before; whether it was sent then is not known"

// maxGiven bounds what is remembered of claims that were given back.
const maxGiven = 1 << 16

// given are the claims that this engine gave back untried, where somebody else
// may have claimed the same item: so much is known of them.
type given struct {
	mu     sync.Mutex
	leases map[store.Lease]struct{}
}

func (g *given) add(l store.Lease) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.leases == nil || len(g.leases) >= maxGiven {
		g.leases = map[store.Lease]struct{}{} // what is forgotten is in doubt
	}
	g.leases[l] = struct{}{}
}

// take reports whether a claim was given back, and forgets it.
func (g *given) take(l store.Lease) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	_, ok := g.leases[l]
	delete(g.leases, l)
	return ok
}

// others reports whether somebody else may have claimed an item: another node,
// or this one before it was started anew.
func (e *Engine) others(o *outgoing) bool {
	return e.owner != "" || o.effect.At < e.receipts.since
}

// doubtful reports whether a claimed message that was never tried, as far as is
// written down, may have been sent all the same.
func (e *Engine) doubtful(o *outgoing) bool {
	if o.item.Token < 2 || o.item.Attempt > 0 || !e.others(o) {
		return false
	}
	before := o.item.Lease()
	before.Token--
	return !e.given.take(before)
}

// untried notes that a claim is given back, and nothing was sent on it.
func (e *Engine) untried(o *outgoing) {
	if o.item.Attempt == 0 && !o.doubt && e.others(o) {
		e.given.add(o.item.Lease())
	}
}
