package engine

import (
	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/policy"
)

// An alert carries no credential, and neither does what people and services say of
// it: all of it is recorded for ever, and sent over systems that were not built for
// secrets. What can be told by its form is masked here, at the one door, before
// anything else sees it; see [policy.Mask].

// longestMasked is how much of a text is looked at. What is behind it is cut: the
// limits of an alert's texts are far below.
const longestMasked = 1 << 16

func maskText(s string) string {
	if len(s) > longestMasked {
		s = s[:longestMasked]
	}
	return policy.Mask(s)
}

// maskName masks what names something.
func maskName(s string) string {
	if len(s) > longestMasked {
		s = s[:longestMasked]
	}
	return policy.MaskName(s)
}

// maskEvent masks what an event's author wrote.
func maskEvent(ev *escalation.Event) {
	for _, s := range [...]*string{
		&ev.Reason, &ev.Text, &ev.Evidence, &ev.Outcome, &ev.Ask, &ev.Vote,
	} {
		*s = maskText(*s)
	}
	ev.ID, ev.Name = maskName(ev.ID), maskName(ev.Name)
}

// maskedAlert is a copy of an alert, masked. Two keys and two identities that
// differ in a token still differ.
func maskedAlert(a *policy.Alert) *policy.Alert {
	c := cloneAlert(a)
	c.Summary, c.Source = maskText(c.Summary), maskText(c.Source)
	for _, s := range [...]*string{
		&c.Key, (*string)(&c.Kind), &c.Identity.ID, &c.Identity.Kind, &c.Identity.Owner.ID, &c.Identity.Privilege,
		&c.Identity.Environment, &c.Identity.CredentialVersion,
	} {
		*s = maskName(*s)
	}
	for name, value := range a.Labels {
		if clean := maskName(name); clean != name {
			delete(c.Labels, name)
			name = clean
		}
		c.Labels[name] = maskText(value)
	}
	for i := range c.Links {
		c.Links[i] = maskText(c.Links[i])
	}
	for i := range c.Parties {
		c.Parties[i].ID = maskName(c.Parties[i].ID)
	}
	return c
}
