package main

import (
	"cmp"
	"fmt"
	"strconv"
	"time"

	"github.com/belfry-go/belfry/policy"
)

// secretScanningEvent is GitHub's webhook secret_scanning_alert. The secret
// itself is not read: an alert carries no credential.
type secretScanningEvent struct {
	Action string `json:"action"`
	Alert  struct {
		Number         int       `json:"number"`
		CreatedAt      time.Time `json:"created_at"`
		UpdatedAt      time.Time `json:"updated_at"`
		HTMLURL        string    `json:"html_url"`
		Resolution     string    `json:"resolution"`
		SecretType     string    `json:"secret_type"`
		SecretTypeName string    `json:"secret_type_display_name"`
		Validity       string    `json:"validity"`
		PubliclyLeaked bool      `json:"publicly_leaked"`
		BypassedBy     *struct {
			Login string `json:"login"`
		} `json:"push_protection_bypassed_by"`
	} `json:"alert"`
	Repository struct {
		FullName string `json:"full_name"`
	} `json:"repository"`
}

// gitHub reads the alert's life: created, leaked to the public, found dead,
// closed.
func gitHub(payload []byte, inv inventory) (incoming, error) {
	var ev secretScanningEvent
	if err := decode("github", payload, &ev); err != nil {
		return incoming{}, err
	}
	if ev.Repository.FullName == "" || ev.Alert.Number == 0 {
		return incoming{}, fmt.Errorf("github: repository %q, alert %d: not a secret scanning event", ev.Repository.FullName, ev.Alert.Number)
	}
	s := incoming{
		At: ev.Alert.UpdatedAt, By: policy.Service("github"),
		Key:  ev.Repository.FullName + "/" + strconv.Itoa(ev.Alert.Number),
		What: "GitHub secret scanning " + ev.Action,
	}
	switch {
	case ev.Action == "created", ev.Action == "reopened", ev.Action == "publicly_leaked":
		s.Alert = ev.problem(inv)
		s.Alert.Key = s.Key
	case ev.Action == "validated" && ev.Alert.Validity == "inactive":
		// The key opens nothing any more. Whether what it opened was used
		// is still to be found out: the alert stays open.
		s.Outcome = "contained"
	case ev.Action == "resolved":
		s.Outcome, s.Closes = cmp.Or(ev.Alert.Resolution, "resolved"), true
	default:
		return incoming{}, fmt.Errorf("github: %s, validity %q: %w", ev.Action, ev.Alert.Validity, errUnhandled)
	}
	return s, nil
}

func (ev *secretScanningEvent) problem(inv inventory) *policy.Alert {
	a := inv.alert(ev.Repository.FullName+"/"+ev.Alert.SecretType, policy.SecretLeaked)
	a.Source = "github"
	a.Severity = policy.SeverityHigh
	a.Summary = ev.Alert.SecretTypeName + " in " + ev.Repository.FullName
	a.Links = []string{ev.Alert.HTMLURL}
	a.Times = map[string]time.Time{"discovered": ev.Alert.CreatedAt}
	if ev.Alert.PubliclyLeaked {
		a.Severity, a.Labels["audience"] = policy.SeverityCritical, "public"
	}
	if ev.Alert.BypassedBy != nil {
		// Who pushed it past the protection does not answer for it.
		a.Parties = []policy.Target{policy.User(ev.Alert.BypassedBy.Login)}
	}
	return a
}
