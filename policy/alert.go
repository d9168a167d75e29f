package policy

import "time"

// Kind says what happened. The kinds below have a documented meaning; any other
// text is accepted and means what the host says it means.
type Kind string

// Kinds of alerts with a documented meaning. Any other string is a kind as well;
// SecretLeaked and AnomalousUse are the leak kinds.
const (
	RotationFailed     Kind = "rotation_failed"
	CredentialExpiring Kind = "credential_expiring"
	CredentialExpired  Kind = "credential_expired"
	SecretLeaked       Kind = "secret_leaked"
	IdentityInactive   Kind = "identity_inactive"
	RenewalFailed      Kind = "renewal_failed"
	RevocationFailed   Kind = "revocation_failed"
	PrivilegeDrift     Kind = "privilege_drift"
	AnomalousUse       Kind = "anomalous_use"
	ActionFailed       Kind = "action_failed"
	BreakGlass         Kind = "break_glass"
)

// Leak reports whether k is one of the kinds for which every delay is the
// attacker's: secret_leaked and anomalous_use. They are never held back.
func (k Kind) Leak() bool { return k == SecretLeaked || k == AnomalousUse }

// Alert is one problem with one identity, as a host or a scanner reports it.
// It carries no credential: nothing in it is secret, all of it is recorded and
// sent. An engine masks what can be told by its form all the same, see [Mask].
type Alert struct {
	Key         string               `json:"key,omitempty"` // dedup key; default kind/identity.id
	Kind        Kind                 `json:"kind,omitempty"`
	Severity    Severity             `json:"severity,omitempty"`
	Summary     string               `json:"summary,omitempty"`
	Confidence  int                  `json:"confidence,omitempty"` // percent; absent is 0
	Source      string               `json:"source,omitempty"`
	Labels      map[string]string    `json:"labels,omitempty"`
	Links       []string             `json:"links,omitempty"`
	Parties     []Target             `json:"parties,omitempty"` // people who are part of the problem
	Identity    Identity             `json:"identity,omitzero"`
	BlastRadius BlastRadius          `json:"blast_radius,omitempty"`
	ExpiresAt   time.Time            `json:"expires_at,omitzero"`
	Window      Window               `json:"window,omitzero"`
	Times       map[string]time.Time `json:"times,omitempty"` // further instants, anchors times.NAME
}

// Identity is the non-human identity an alert is about.
type Identity struct {
	ID                string      `json:"id,omitempty"`
	Kind              string      `json:"kind,omitempty"` // service_account, api_key, certificate, …
	Owner             Target      `json:"owner,omitzero"`
	Criticality       Criticality `json:"criticality,omitempty"`
	Privilege         string      `json:"privilege,omitempty"`
	Environment       string      `json:"environment,omitempty"`
	ThirdParty        bool        `json:"third_party,omitempty"`
	CredentialVersion string      `json:"credential_version,omitempty"`
}

// Window is a span in which something is planned, such as a deployment.
type Window struct {
	Opens  time.Time `json:"opens,omitzero"`
	Closes time.Time `json:"closes,omitzero"`
}
