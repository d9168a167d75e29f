package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/belfry-go/belfry/policy"
)

// inactiveType is the CloudEvents type of the inventory's report.
const inactiveType = "com.example.inventory.identity.inactive.v1"

// inactivityEvent is a CloudEvent in structured mode, from the host's own
// inventory of partners' identities.
type inactivityEvent struct {
	SpecVersion string    `json:"specversion"`
	Type        string    `json:"type"`
	Subject     string    `json:"subject"`
	Time        time.Time `json:"time"`
	Data        struct {
		LastUsedAt           time.Time `json:"last_used_at"`
		ApprovedInactiveDays int       `json:"approved_inactive_days"`
	} `json:"data"`
}

// partner reads the report that an identity was not used for too long.
func partner(payload []byte, inv inventory) (incoming, error) {
	var ev inactivityEvent
	if err := decode("partner inventory", payload, &ev); err != nil {
		return incoming{}, err
	}
	if ev.SpecVersion != "1.0" || ev.Type != inactiveType || ev.Subject == "" {
		return incoming{}, fmt.Errorf("partner inventory: CloudEvent %q of type %q about %q: not a report of inactivity", ev.SpecVersion, ev.Type, ev.Subject)
	}
	days := int(ev.Time.Sub(ev.Data.LastUsedAt) / (24 * time.Hour))
	if days <= ev.Data.ApprovedInactiveDays {
		return incoming{}, fmt.Errorf("partner inventory: %s: %d days of %d: %w", ev.Subject, days, ev.Data.ApprovedInactiveDays, errUnhandled)
	}
	a := inv.alert(ev.Subject, policy.IdentityInactive)
	a.Key, a.Source = ev.Subject, "partner-inventory"
	a.Severity = policy.SeverityLow
	a.Summary = fmt.Sprintf("not used for %d days, %d are approved", days, ev.Data.ApprovedInactiveDays)
	a.Labels["inactive_days"] = strconv.Itoa(days)
	return incoming{
		At: ev.Time, By: policy.Service("partner-inventory"), What: "Partner inventory inactive",
		Key: a.Key, Alert: a,
	}, nil
}
