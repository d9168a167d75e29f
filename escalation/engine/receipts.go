package engine

import (
	"context"
	"encoding/json"
	"sync"
	"sync/atomic"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// maxThreads bounds of how many alerts receipts are at hand.
const maxThreads = 1 << 14

// receipts are the vendors' answers to the last message about each alert to each
// target, for edits and threads: a projection of the histories, whose reports
// have them. What is at hand of an alert is read again from its history when it
// was forgotten, after a restart, and where other engines write to it.
type receipts struct {
	any     atomic.Bool    // some notifier has answered with one
	since   policy.Instant // the engine's start: what opened earlier may have some
	mu      sync.Mutex
	threads map[string]*thread
}

// thread is what one alert's history says up to a record.
type thread struct {
	mu   sync.Mutex
	seq  uint64
	sent map[escalation.EffectID]address // messages without a last word
	last map[address]notify.Receipt
}

// prior returns the receipt of the last message about an item's alert to an
// address.
func (e *Engine) lastReceipt(ctx context.Context, o *outgoing, to address) notify.Receipt {
	rs := &e.receipts
	ours := e.owner == "" && o.opened >= rs.since
	if o.item.ID.Seq <= 1 || ours && !rs.any.Load() {
		return notify.Receipt{} // nothing came before, or nothing that was answered
	}
	stream := o.item.Stream
	th := rs.of(stream)
	th.mu.Lock()
	defer th.mu.Unlock()
	// It is a convenience, for which no page is held up: a failure begins a
	// thread anew.
	for entry, err := range e.store.History(ctx, stream, th.seq+1) {
		if err != nil {
			e.log.Warn("receipts", "stream", stream, "err", notify.Redact(err))
			break
		}
		th.seq = entry.Seq
		if entry.Erased {
			continue
		}
		if r, err := escalation.DecodeRecord(entry.Body); err == nil {
			th.read(&r)
		}
	}
	return th.last[to]
}

// of returns the thread of an alert; a new one has read nothing.
func (rs *receipts) of(stream string) *thread {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	th := rs.threads[stream]
	if th == nil {
		th = &thread{sent: map[escalation.EffectID]address{}, last: map[address]notify.Receipt{}}
		if rs.threads == nil || len(rs.threads) >= maxThreads {
			rs.threads = map[string]*thread{}
		}
		rs.threads[stream] = th
	}
	return th
}

// read takes down a record.
func (th *thread) read(r *escalation.Record) {
	for i := range r.Effects {
		if ef := &r.Effects[i]; ef.Kind == escalation.EffectNotify {
			th.sent[ef.ID] = address{ef.To, ef.Via}
		}
	}
	rep := &r.Event.Report
	to, ours := th.sent[rep.Effect]
	if r.Event.Kind != escalation.EventReport || !ours {
		return
	}
	switch rep.Result {
	case escalation.ResultDelivered:
		var receipt notify.Receipt
		if rep.Detail != "" && json.Unmarshal([]byte(rep.Detail), &receipt) == nil && !receipt.IsZero() {
			th.last[to] = receipt
		}
	case escalation.ResultUndeliverable, escalation.ResultWithdrawn:
	default:
		return
	}
	delete(th.sent, rep.Effect)
}

// deliveryText is how a report says what a vendor answered, and in doubt that the
// message may have been sent before; "": nothing.
func deliveryText(r notify.Receipt, doubt bool) string {
	r.ProviderID, r.Thread, r.URL = policy.Mask(r.ProviderID), policy.Mask(r.Thread), policy.Mask(r.URL)
	switch {
	case r.IsZero() && doubt:
		return claimedBefore
	case r.IsZero():
		return ""
	}
	answer := struct {
		notify.Receipt
		Note string `json:"note,omitempty"`
	}{Receipt: r}
	if doubt {
		answer.Note = claimedBefore
	}
	b, err := json.Marshal(answer)
	if err != nil {
		return answer.Note
	}
	return string(b)
}
