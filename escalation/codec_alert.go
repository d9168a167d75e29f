package escalation

import (
	"maps"
	"slices"
	"time"

	"github.com/belfry-go/belfry/policy"
)

// Bits of an alert's mask.
const (
	alertKey = 1 << iota
	alertKind
	alertSeverity
	alertSummary
	alertIdentity
	alertBlastRadius
	alertLabels
	alertSource
	alertExpiresAt
	alertWindow
	alertConfidence
	alertLinks
	alertParties
	alertTimes
	alertMaskEnd
)

func alertMask(a *policy.Alert) uint64 {
	return flag(a.Key != "", alertKey) |
		flag(a.Kind != "", alertKind) |
		flag(a.Severity != "", alertSeverity) |
		flag(a.Summary != "", alertSummary) |
		flag(a.Identity != policy.Identity{}, alertIdentity) |
		flag(a.BlastRadius != "", alertBlastRadius) |
		flag(len(a.Labels) > 0, alertLabels) |
		flag(a.Source != "", alertSource) |
		flag(!a.ExpiresAt.IsZero(), alertExpiresAt) |
		flag(!a.Window.Opens.IsZero() || !a.Window.Closes.IsZero(), alertWindow) |
		flag(a.Confidence != 0, alertConfidence) |
		flag(len(a.Links) > 0, alertLinks) |
		flag(len(a.Parties) > 0, alertParties) |
		flag(len(a.Times) > 0, alertTimes)
}

func (e *encoder) alert(b []byte, a *policy.Alert) []byte {
	m := alertMask(a)
	b = putUvarint(b, m)
	b = e.opt(b, m, alertKey, a.Key)
	b = e.opt(b, m, alertKind, string(a.Kind))
	b = e.opt(b, m, alertSeverity, string(a.Severity))
	b = e.opt(b, m, alertSummary, a.Summary)
	b = e.opt(b, m, alertBlastRadius, string(a.BlastRadius))
	b = e.opt(b, m, alertSource, a.Source)
	if m&alertConfidence != 0 {
		b = putInt(b, a.Confidence)
	}
	if m&alertExpiresAt != 0 {
		b = putTime(b, a.ExpiresAt)
	}
	if m&alertWindow != 0 {
		b = putTime(b, a.Window.Opens)
		b = putTime(b, a.Window.Closes)
	}
	if m&alertIdentity != 0 {
		b = e.identity(b, &a.Identity)
	}
	if m&alertLinks != 0 {
		b = e.texts(b, a.Links)
	}
	if m&alertParties != 0 {
		b = e.targets(b, a.Parties)
	}
	if m&alertLabels != 0 {
		b = putUvarint(b, uint64(len(a.Labels)))
		for _, k := range slices.Sorted(maps.Keys(a.Labels)) {
			b = e.text(b, k)
			b = e.text(b, a.Labels[k])
		}
	}
	if m&alertTimes != 0 {
		b = putUvarint(b, uint64(len(a.Times)))
		for _, k := range slices.Sorted(maps.Keys(a.Times)) {
			b = e.text(b, k)
			b = putTime(b, a.Times[k])
		}
	}
	return b
}

func (d *decoder) alert() *policy.Alert {
	a := &policy.Alert{}
	m := d.mask(alertMaskEnd - 1)
	a.Key = d.opt(m, alertKey)
	a.Kind = policy.Kind(d.opt(m, alertKind))
	a.Severity = policy.Severity(d.opt(m, alertSeverity))
	a.Summary = d.opt(m, alertSummary)
	a.BlastRadius = policy.BlastRadius(d.opt(m, alertBlastRadius))
	a.Source = d.opt(m, alertSource)
	if m&alertConfidence != 0 {
		a.Confidence = d.int()
	}
	if m&alertExpiresAt != 0 {
		a.ExpiresAt = d.time()
	}
	if m&alertWindow != 0 {
		a.Window = policy.Window{Opens: d.time(), Closes: d.time()}
	}
	if m&alertIdentity != 0 {
		d.identity(&a.Identity)
	}
	if m&alertLinks != 0 {
		a.Links = d.texts()
	}
	if m&alertParties != 0 {
		a.Parties = d.targets()
	}
	if m&alertLabels != 0 {
		n := d.some(2)
		a.Labels = make(map[string]string, min(n, 64))
		d.sorted(n, func(k string) { a.Labels[k] = d.text() })
	}
	if m&alertTimes != 0 {
		n := d.some(2)
		a.Times = make(map[string]time.Time, min(n, 64))
		d.sorted(n, func(k string) { a.Times[k] = d.time() })
	}
	d.expect(m, alertMask(a))
	return a
}

// sorted reads the n keys of a map in their order, and each value by read.
func (d *decoder) sorted(n int, read func(key string)) {
	last := ""
	for i := range n {
		k := d.text()
		if i > 0 && k <= last {
			d.fail(msgCanonical)
			return
		}
		last = k
		read(k)
	}
}

// Bits of an identity's mask.
const (
	identityID = 1 << iota
	identityKind
	identityOwner
	identityCriticality
	identityEnvironment
	identityPrivilege
	identityThirdParty
	identityVersion
	identityMaskEnd
)

func identityMask(x *policy.Identity) uint64 {
	return flag(x.ID != "", identityID) |
		flag(x.Kind != "", identityKind) |
		flag(!x.Owner.IsZero(), identityOwner) |
		flag(x.Criticality != "", identityCriticality) |
		flag(x.Environment != "", identityEnvironment) |
		flag(x.Privilege != "", identityPrivilege) |
		flag(x.ThirdParty, identityThirdParty) |
		flag(x.CredentialVersion != "", identityVersion)
}

func (e *encoder) identity(b []byte, x *policy.Identity) []byte {
	m := identityMask(x)
	b = putUvarint(b, m)
	b = e.opt(b, m, identityID, x.ID)
	b = e.opt(b, m, identityKind, x.Kind)
	if m&identityOwner != 0 {
		b = e.target(b, &x.Owner)
	}
	b = e.opt(b, m, identityCriticality, string(x.Criticality))
	b = e.opt(b, m, identityEnvironment, x.Environment)
	b = e.opt(b, m, identityPrivilege, x.Privilege)
	b = e.opt(b, m, identityVersion, x.CredentialVersion)
	return b
}

func (d *decoder) identity(x *policy.Identity) {
	m := d.mask(identityMaskEnd - 1)
	x.ID = d.opt(m, identityID)
	x.Kind = d.opt(m, identityKind)
	if m&identityOwner != 0 {
		x.Owner = d.target()
	}
	x.Criticality = policy.Criticality(d.opt(m, identityCriticality))
	x.Environment = d.opt(m, identityEnvironment)
	x.Privilege = d.opt(m, identityPrivilege)
	x.ThirdParty = m&identityThirdParty != 0
	x.CredentialVersion = d.opt(m, identityVersion)
	d.expect(m, identityMask(x))
}
