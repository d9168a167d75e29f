package escalation

import (
	"maps"
	"slices"
	"time"

	"github.com/belfry-go/belfry/policy"
)

// mergeLabels returns a with b's labels over it; a itself when b adds nothing.
func mergeLabels(a, b map[string]string) map[string]string {
	if len(b) == 0 {
		return a
	}
	c := make(map[string]string, len(a)+len(b))
	maps.Copy(c, a)
	for _, name := range slices.Sorted(maps.Keys(b)) {
		if _, has := c[name]; has || len(c) < policy.MaxLabels {
			c[name] = b[name]
		}
	}
	return c
}

// mergeIdentity returns a with what b says over it. The id stays: another
// identity is another alert.
func mergeIdentity(a, b policy.Identity) policy.Identity {
	set := func(have *string, now string) {
		if now != "" {
			*have = now
		}
	}
	set(&a.ID, b.ID)
	set(&a.Kind, b.Kind)
	set(&a.Privilege, b.Privilege)
	set(&a.Environment, b.Environment)
	set(&a.CredentialVersion, b.CredentialVersion)
	if !b.Owner.IsZero() {
		a.Owner = b.Owner
	}
	if l, ok := b.Criticality.Level(); ok && b.Criticality != "" {
		if have, _ := a.Criticality.Level(); a.Criticality == "" || l > have {
			a.Criticality = b.Criticality
		}
	}
	a.ThirdParty = a.ThirdParty || b.ThirdParty
	return a
}

// nearerTimes returns a with b's instants where they are earlier.
func nearerTimes(a, b map[string]time.Time) map[string]time.Time {
	if len(a) == 0 || len(b) == 0 {
		return a
	}
	c := maps.Clone(a)
	for _, name := range slices.Sorted(maps.Keys(a)) {
		if at, ok := b[name]; ok {
			c[name] = nearer(c[name], at)
		}
	}
	return c
}
