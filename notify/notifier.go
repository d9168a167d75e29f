package notify

import "context"

// Notifier tells one person, channel or last resort about one or more alerts.
//
// Notify makes one attempt. It returns a nil error once the message was taken
// by whoever carries it on (accepted, not read), and a [Receipt] to remember.
// Otherwise the error says what may be done about it, see [Classify]: an error
// of this package ([Permanent], [RateLimited], …), or any other, which counts
// as temporary. Notify must
//
//   - return soon after ctx is done. Its deadline is the attempt's;
//   - be safe for concurrent use: different notifications are sent at once;
//   - pass n.ID on as the idempotency key where the vendor takes one: the same
//     message may come again, with the same ID and a higher n.Attempt;
//   - deliver whatever the text is (empty, very long, not UTF-8), cut and
//     escaped to the vendor's rules: a page must not be lost to its summary;
//   - neither change n.Alerts, or what it points to, nor keep it after Notify
//     has returned: it is shared;
//   - not retry on its own and not wait: the caller owns both;
//   - accept every [Kind], also where it has nothing to do for one (a channel
//     that cannot edit a message answers nil to an update).
//
// Package notifytest has these rules as a test, Run.
type Notifier interface {
	Notify(ctx context.Context, n Notification) (Receipt, error)
}

// NotifierFunc is a function as a [Notifier].
type NotifierFunc func(ctx context.Context, n Notification) (Receipt, error)

// Notify calls f.
func (f NotifierFunc) Notify(ctx context.Context, n Notification) (Receipt, error) { return f(ctx, n) }

// Receipt is what the vendor answered to a message and what a later message
// about the same alert needs: to edit it, or to answer in its thread. The zero
// Receipt says that there is nothing to remember. It is recorded; nothing in
// it may be secret.
type Receipt struct {
	ProviderID string `json:"provider_id,omitempty"` // the vendor's id of the message
	Thread     string `json:"thread,omitempty"`      // what a reply or an edit names, in the notifier's own form
	URL        string `json:"url,omitempty"`         // where a person sees the message
}

// IsZero reports whether there is nothing to remember.
func (r Receipt) IsZero() bool { return r == Receipt{} }
