package audit

import (
	"slices"

	"github.com/belfry-go/belfry/policy"
)

// Control is a control of a published catalogue that a report is relevant to: it
// can serve as evidence where somebody judges that control. Whether the control is
// met is that person's to say, and no record's.
type Control struct {
	Catalogue string   `json:"catalogue"`
	ID        string   `json:"id"`
	Title     string   `json:"title"` // the catalogue's own words
	By        []string `json:"by"`    // the parts of the report that are meant
}

// The catalogues, with the versions whose ids and words these are.
const (
	csf  = "NIST CSF 2.0"
	sp53 = "NIST SP 800-53 Rev. 5"
	nhi  = "OWASP Non-Human Identities Top 10 2025"
)

// risks are the entries of the OWASP list that alerts of a kind are about.
var risks = map[policy.Kind]Control{
	policy.SecretLeaked:       {Catalogue: nhi, ID: "NHI2:2025", Title: "Secret Leakage"},
	policy.RotationFailed:     {Catalogue: nhi, ID: "NHI7:2025", Title: "Long-Lived Secrets"},
	policy.RenewalFailed:      {Catalogue: nhi, ID: "NHI7:2025", Title: "Long-Lived Secrets"},
	policy.CredentialExpiring: {Catalogue: nhi, ID: "NHI7:2025", Title: "Long-Lived Secrets"},
	policy.CredentialExpired:  {Catalogue: nhi, ID: "NHI7:2025", Title: "Long-Lived Secrets"},
	policy.IdentityInactive:   {Catalogue: nhi, ID: "NHI1:2025", Title: "Improper Offboarding"},
	policy.RevocationFailed:   {Catalogue: nhi, ID: "NHI1:2025", Title: "Improper Offboarding"},
	policy.PrivilegeDrift:     {Catalogue: nhi, ID: "NHI5:2025", Title: "Overprivileged NHI"},
}

// relevantTo lists the controls that a report is relevant to, in a fixed order.
func relevantTo(r *Report) []Control {
	var out []Control
	add := func(c Control, by ...string) {
		if by = slices.DeleteFunc(by, func(s string) bool { return s == "" }); len(by) > 0 {
			c.By = by
			out = append(out, c)
		}
	}
	part := func(has bool, name string) string {
		if has {
			return name
		}
		return ""
	}
	told, ladder := part(len(r.Told) > 0, "told"), part(len(r.Ladder) > 0, "ladder")
	acts, actions := part(len(r.Acts) > 0, "acts"), part(len(r.Actions) > 0, "actions")
	shared := slices.ContainsFunc(r.Told, func(t Telling) bool { return t.Kind == "notice" || t.Kind == "update" || t.Kind == "over" })
	kind := policy.Kind(r.Alert.Kind)

	add(Control{csf, "RS.MA-04", "Incidents are escalated or elevated as needed", nil}, ladder)
	add(Control{csf, "RS.CO-02", "Internal and external stakeholders are notified of incidents", nil}, told)
	add(Control{csf, "RS.CO-03", "Information is shared with designated internal and external stakeholders", nil}, part(shared, "told"))
	add(Control{
		csf, "PR.AA-05",
		"Access permissions, entitlements, and authorizations are defined in a policy, managed, enforced, and reviewed, and incorporate the principles of least privilege and separation of duties", nil,
	}, part(len(r.Gates) > 0, "gates"), part(len(r.Reviews) > 0, "reviews"), part(len(r.Refused) > 0, "refused"))
	if kind == policy.IdentityInactive || kind == policy.CredentialExpired {
		add(Control{sp53, "AC-2(3)", "Account Management | Disable Accounts", nil}, actions)
	}
	add(Control{sp53, "IR-4", "Incident Handling", nil}, acts, actions)
	add(Control{sp53, "IR-6", "Incident Reporting", nil}, told)
	if c, ok := risks[kind]; ok {
		add(c, "alert")
	}
	if r.Alert.ThirdParty {
		add(Control{nhi, "NHI3:2025", "Vulnerable Third-Party NHI", nil}, "alert")
	}
	return out
}
