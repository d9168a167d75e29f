package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/belfry-go/belfry/policy"
)

// certManagerObject is a cert-manager Certificate, or a Kubernetes Event about
// one, as a watch delivers them.
type certManagerObject struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Name      string `json:"name"`
		Namespace string `json:"namespace"`
	} `json:"metadata"`

	Status struct { // of a Certificate
		Conditions []struct {
			Type    string `json:"type"`
			Status  string `json:"status"`
			Reason  string `json:"reason"`
			Message string `json:"message"`
		} `json:"conditions"`
		FailedAttempts  int       `json:"failedIssuanceAttempts"`
		LastFailureTime time.Time `json:"lastFailureTime"`
		NotAfter        time.Time `json:"notAfter"`
	} `json:"status"`

	InvolvedObject struct { // of an Event
		Kind      string `json:"kind"`
		Name      string `json:"name"`
		Namespace string `json:"namespace"`
	} `json:"involvedObject"`
	Reason        string    `json:"reason"`
	Message       string    `json:"message"`
	LastTimestamp time.Time `json:"lastTimestamp"`
}

// certManager reads a Certificate whose renewal failed, and the Event that it
// was issued after all.
func certManager(payload []byte, inv inventory) (incoming, error) {
	var o certManagerObject
	if err := decode("cert-manager", payload, &o); err != nil {
		return incoming{}, err
	}
	switch {
	case o.Kind == "Certificate" && o.Metadata.Name != "":
		return o.failing(inv)
	case o.Kind == "Event" && o.InvolvedObject.Kind == "Certificate" && o.InvolvedObject.Name != "":
		return o.issued()
	}
	return incoming{}, fmt.Errorf("cert-manager: kind %q, name %q: neither a Certificate nor an Event about one", o.Kind, o.Metadata.Name)
}

func (o *certManagerObject) failing(inv inventory) (incoming, error) {
	name := o.Metadata.Namespace + "/" + o.Metadata.Name
	for _, c := range o.Status.Conditions {
		if c.Type != "Issuing" || c.Reason != "Failed" {
			continue
		}
		a := inv.alert(name, policy.CredentialExpiring)
		a.Key, a.Source = name, "cert-manager"
		a.Severity = policy.SeverityHigh
		a.Summary = "renewal failed " + strconv.Itoa(o.Status.FailedAttempts) + " times: " + c.Message
		a.ExpiresAt = o.Status.NotAfter
		a.Labels["expires_in_window"] = strconv.FormatBool(inside(a.ExpiresAt, a.Window))
		return incoming{
			At: o.Status.LastFailureTime, By: policy.Service("cert-manager"),
			What: "cert-manager Certificate failing", Key: name, Alert: a,
		}, nil
	}
	return incoming{}, fmt.Errorf("cert-manager: certificate %s: %w", name, errUnhandled)
}

func (o *certManagerObject) issued() (incoming, error) {
	name := o.InvolvedObject.Namespace + "/" + o.InvolvedObject.Name
	// The reason Issuing also stands for the start of an attempt; only the
	// message tells them apart.
	if o.Reason != "Issuing" || !strings.Contains(o.Message, "successfully issued") {
		return incoming{}, fmt.Errorf("cert-manager: event %s of %s: %w", o.Reason, name, errUnhandled)
	}
	return incoming{
		At: o.LastTimestamp, By: policy.Service("cert-manager"),
		What: "cert-manager Certificate issued", Key: name, Outcome: "issued",
	}, nil
}

// inside reports whether t lies in a window, its end excluded.
func inside(t time.Time, w policy.Window) bool {
	return !w.Opens.IsZero() && !t.Before(w.Opens) && t.Before(w.Closes)
}
