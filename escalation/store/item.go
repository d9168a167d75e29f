package store

import (
	"cmp"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/policy"
)

// Item is one effect on its way out.
type Item struct {
	Stream string
	ID     escalation.EffectID
	Rank   uint8
	// NotBefore is when it may be claimed; of a claimed item, the end of the
	// lease. Never: not until Settle says when.
	NotBefore policy.Instant
	// Target is for the claimant: what goes to one target goes one by one, or
	// together. A store attaches no meaning to it.
	Target string
	Body   []byte

	// Attempt and First are the claimant's, kept by Settle: how often it was
	// tried, and when first. Of a new item 0 and Never.
	Attempt int
	First   policy.Instant
	// Token is how often it was claimed. Whoever claimed it last holds the
	// highest, and only that settles and removes it.
	Token uint64
}

// Lease returns what names the item and the claim on it.
func (i *Item) Lease() Lease { return Lease{i.Stream, i.ID, i.Token} }

// Lease names a claim on an item.
type Lease struct {
	Stream string
	ID     escalation.EffectID
	Token  uint64
}

// Settlement is what becomes of a claimed item that does not end.
type Settlement struct {
	Lease
	// NotBefore, Attempt and First replace the item's.
	NotBefore policy.Instant
	Attempt   int
	First     policy.Instant
}

func compareEffects(a, b escalation.EffectID) int {
	return cmp.Or(cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.I, b.I))
}
