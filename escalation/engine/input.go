package engine

import (
	"slices"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/policy"
)

// Input is one event on its way in.
type Input struct {
	// Key says which alert is meant: the one that is open under this key, else
	// the key's last. Event.Incarnation says more precisely which.
	Key string
	// ID is the event's id, unique for its author and kind. An event whose id
	// was seen is answered as ignored(duplicate); the same id with other content
	// is applied all the same, and the record says that it was used again.
	//
	// Defaults to none: an event that comes twice then counts twice.
	ID string
	// Event is what happened: Kind, By, and the fields that the kind reads.
	// Instants, facts and answers in it are the engine's and are replaced.
	Event escalation.Event
	// Match is read of a silence: the conditions of the alerts concerned, as
	// policy.ParseMatch reads them. Without it, the silence is over Key.
	Match []string
	// Expectation is read of a success: the one expectation that it meets.
	//
	// Defaults to all of Key.
	Expectation string

	silences []escalation.SilenceFact // of a silence that the engine tells an alert
}

// Result is how an event was answered.
type Result struct {
	// ID is the record's id on the wire, <namespace>:key#n/seq; "" when nothing
	// was recorded.
	ID      string
	Verdict escalation.Verdict
	// State is the alert after the event, the caller's own; nil where the event
	// was about none.
	State *escalation.State
	// Reused: the event's id had been used before, with other content.
	Reused bool
	// Mapping is what a rebase made of the alert, or, dry, would make; nil of
	// another event, and where the rebase leads nowhere.
	Mapping *escalation.Mapping
}

// Applied reports whether the event took effect.
func (r *Result) Applied() bool { return r.Verdict.Kind == escalation.Applied }

func ignored(r escalation.VerdictReason) escalation.Verdict {
	return escalation.Verdict{Kind: escalation.Ignored, Reason: r}
}

func rejected(r escalation.VerdictReason) escalation.Verdict {
	return escalation.Verdict{Kind: escalation.Rejected, Reason: r}
}

func applied() escalation.Verdict { return escalation.Verdict{Kind: escalation.Applied} }

// check refuses what could never be right, and takes out of the event what is
// not the sender's to say.
func (in *Input) check() error {
	ev := &in.Event
	switch k := ev.By.Principal.Kind; {
	case ev.By.Principal.ID == "" || k != policy.TargetUser && k != policy.TargetService:
		return invalid("the author of a %s is %q; it must be a user: or a service:, as the host authenticated it", ev.Kind, ev.By.Principal)
	case ev.Kind == escalation.EventTick || ev.Kind == escalation.EventReport:
		return invalid("a %s is the engine's to make", ev.Kind)
	case ev.Kind == escalation.EventNone || ev.Kind > escalation.EventTick:
		return invalid("the event has no kind that this engine knows (%d)", ev.Kind)
	case ev.Kind == escalation.EventTrigger && ev.Alert == nil:
		return invalid("a trigger without an alert")
	}
	maskEvent(ev)
	in.Key = maskName(in.Key)
	in.Match = slices.Clone(in.Match)
	for i := range in.Match {
		in.Match[i] = maskText(in.Match[i]) // as the labels are that it is compared with
	}
	if ev.Alert != nil {
		ev.Alert = maskedAlert(ev.Alert)
		in.name(ev.Alert)
	}
	in.Key = keyOf(in.Key)
	if in.ID == "" {
		in.ID = ev.ID
	}
	in.ID = maskName(in.ID)
	ev.ID = in.ID
	ev.At, ev.Down = 0, nil
	ev.Prior, ev.Silences, ev.Answers, ev.Stopped, ev.Leaked = nil, nil, nil, false, false
	ev.Report = escalation.Report{}
	if ev.ClaimedAt == 0 {
		ev.ClaimedAt = policy.Never
	}
	return nil
}

// name makes the input's key and the alert's one. The alert keeps its own as it
// was sent: the machine records what it changes of it.
func (in *Input) name(a *policy.Alert) {
	switch {
	case in.Key != "":
		a.Key = in.Key
	case a.Key != "":
		in.Key = a.Key
	default:
		n, _ := a.Normalize()
		in.Key = n.Key
	}
}

// keyOf is a key as an alert would have it, so that whatever is sent about a key
// finds the alert that was triggered under it: cut where it is too long, without
// what is no text.
func keyOf(key string) string {
	key = maskName(key)
	plain := len(key) <= policy.MaxKeyText
	for i := 0; plain && i < len(key); i++ {
		plain = key[i] >= ' ' && key[i] <= '~'
	}
	if plain {
		return key
	}
	a, _ := policy.Alert{Key: key}.Normalize()
	return a.Key
}

// cloneAlert copies an alert, so that what the caller does with its own
// changes nothing of the engine's.
func cloneAlert(a *policy.Alert) *policy.Alert {
	c := *a
	c.Labels = cloneMap(a.Labels)
	c.Times = cloneMap(a.Times)
	c.Links = slices.Clone(a.Links)
	c.Parties = slices.Clone(a.Parties)
	return &c
}

func cloneMap[V any](m map[string]V) map[string]V {
	if m == nil {
		return nil
	}
	c := make(map[string]V, len(m))
	for k, v := range m {
		c[k] = v
	}
	return c
}
