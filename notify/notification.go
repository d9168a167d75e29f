package notify

import (
	"strconv"

	"github.com/belfry-go/belfry/policy"
)

// Notification is one message to one person, channel or last resort, about one
// or more alerts: a digest differs from a page in the length of Alerts alone.
type Notification struct {
	// ID is opaque and the same on every attempt, node and version: the
	// idempotency key to hand to a vendor that takes one. It is the ID of the
	// first item.
	ID   string `json:"id"`
	Kind Kind   `json:"kind"`
	// To is a person (user:…), a channel (channel:…), or the last resort: a
	// Target without a Kind whose ID is its name.
	To policy.Target `json:"to"`
	// Via is the contact channel: push, sms, …; "default" where the directory
	// names none; the channel's own name where To is a channel.
	Via string `json:"via"`
	// At is the instant at which the message was due. On a later attempt it
	// is still the first one's.
	At policy.Instant `json:"at"`
	// Attempt counts from 1.
	Attempt int `json:"attempt"`
	// Alerts has at least one item, the gravest first. It is shared: to be
	// read only, and not after Notify has returned.
	Alerts []Item `json:"alerts"`
	// Unjournaled: the message was told to the last resort while the store
	// failed, before it could be recorded. What it says may have been
	// acknowledged elsewhere; the people whom its items name were not told.
	Unjournaled bool `json:"unjournaled,omitempty"`
	// Prior is the receipt of the last message about this alert to this
	// target, for edits and threads. Zero when there is none.
	Prior Receipt `json:"prior,omitzero"`
}

// Item is one alert inside a message, and why this recipient hears of it.
type Item struct {
	ID          string          `json:"id"` // this item's own effect id
	Key         string          `json:"key"`
	Incarnation uint64          `json:"incarnation"`
	Policy      string          `json:"policy,omitempty"`
	Track       string          `json:"track,omitempty"`
	Tier        string          `json:"tier,omitempty"`
	Pass        int             `json:"pass,omitempty"`    // from 1; 0 where no tier told
	Target      policy.Target   `json:"target,omitzero"`   // what resolved to the recipient: schedule:iam-oncall
	Reason      policy.Reason   `json:"reason,omitzero"`   // none for over and update
	Priority    policy.Priority `json:"priority,omitzero"` // what the policy made of the alert
	Status      string          `json:"status,omitempty"`  // the alert's status when the message was due
	Text        string          `json:"text,omitempty"`    // a notice's own words: which action was held, which gate bypassed
	Alert       *policy.Alert   `json:"alert,omitempty"`   // shared and read-only; nil when it is not at hand
}

// Name is how people refer to the alert: "key#n".
func (it Item) Name() string {
	return it.Key + "#" + strconv.FormatUint(it.Incarnation, 10)
}

// Summary is the alert's summary, "" without an alert.
func (it Item) Summary() string {
	if it.Alert == nil {
		return ""
	}
	return it.Alert.Summary
}
