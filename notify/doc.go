// Package notify is how somebody is told: the [Notifier] that a host plugs in,
// the errors by which it says what may be done next, and the small parts from
// which most hosts build theirs.
//
// # Writing a Notifier
//
// A Notifier has one method and makes one attempt:
//
//	type Pager struct{ api *vendor.Client }
//
//	func (p *Pager) Notify(ctx context.Context, n notify.Notification) (notify.Receipt, error) {
//		res, err := p.api.Send(ctx, vendor.Message{
//			IdempotencyKey: n.ID,
//			To:             numberOf(n.To),
//			Text:           render(n.Alerts), // a digest has more than one
//		})
//		switch {
//		case err != nil:
//			return notify.Receipt{}, err // temporary; a time-out: unknown
//		case res.Status == 429:
//			d, _ := notify.ParseRetryAfter(res.RetryAfter, p.now())
//			return notify.Receipt{}, notify.RateLimited(errors.New(res.Message), d)
//		case res.Status == 404:
//			return notify.Receipt{}, notify.NoRecipient(errors.New(res.Message))
//		case res.Status >= 400 && res.Status < 500:
//			return notify.Receipt{}, notify.Permanent(errors.New(res.Message))
//		case res.Status >= 500:
//			return notify.Receipt{}, errors.New(res.Message)
//		}
//		return notify.Receipt{ProviderID: res.ID}, nil
//	}
//
// It does not retry, wait, queue, or decide whom to tell: that is the caller's.
// The contract stands at [Notifier] and is a test, Run of package notifytest.
//
// # What is guaranteed
//
// Delivery is at least once. A message is sent again, under the same
// [Notification.ID], until it was taken or has failed for good; one whose
// outcome is unknown, because time ran out or the process died while it was
// sent, is sent again as well. Hand the ID to a vendor that deduplicates, and a
// person is told once.
//
// "Taken" means that whoever carries the message on has accepted it, no more:
// only an acknowledgement says that somebody read it.
//
// # Classes of errors
//
//	class         made by                 what the caller does
//	ok            nil                     records the receipt
//	temporary     any error, Temporary,   tries again after 1s, 2s, 4s … 1m, until
//	              RetryAfter              the channel's give_up (2m) is over
//	rate_limited  RateLimited             the same, no earlier than the vendor asked
//	unknown       Unknown, a context's    the same, under the same ID
//	              error
//	permanent     Permanent, a panic      takes the next contact rule at once
//	no_recipient  NoRecipient             the same
//
// An error that is not one of this package's is never taken for permanent: a
// page lost to a mistaken class is worse than one that is tried for two
// minutes. The last resort is tried for ever, whatever the class.
//
// # Bundles and limits
//
// A [Channel] says how often one person may be told by it. [Channel.PlanAt] is
// the rule, a pure function that an outbox, a simulator and a test share: what
// is due at one instant is one message; what follows inside the bundle window
// or is over a limit is held to the first instant that is free, and goes out
// then as one message; what is P1 or about a leak is never held. Nothing is
// dropped.
//
// # Parts
//
// [Mux] chooses a Notifier by recipient and channel. [Timeout], [MaxInFlight],
// [Recover] and [Log] go around one, [Chain] puts them together. [Tee] and
// [Failover] make one of several. [Writer] and [Slog] need no vendor; they are
// made for the last resort.
//
// # Secrets
//
// A vendor's secret is often part of a URL, and URLs are part of errors. The
// text of an [Error] is redacted, and [Log] redacts every error, see [Redact].
// An alert carries no secret; all of it may be sent, but [Log] logs none of it.
package notify
