package lint

import (
	"fmt"
	"regexp"

	"github.com/belfry-go/belfry/policy"
)

// credential matches the forms by which vendors mark their credentials, and
// URLs that are credentials themselves.
var credential = regexp.MustCompile(`xox[abposr]-[0-9A-Za-z-]{10,}|gh[pousr]_[0-9A-Za-z]{30,}|github_pat_[0-9A-Za-z_]{30,}` +
	`|AKIA[0-9A-Z]{16}|AIza[0-9A-Za-z_-]{35}|glpat-[0-9A-Za-z_-]{20,}|sk_live_[0-9A-Za-z]{16,}|hvs\.[0-9A-Za-z_-]{20,}` +
	`|-----BEGIN [A-Z ]*PRIVATE KEY-----|eyJ[0-9A-Za-z_-]{10,}\.eyJ[0-9A-Za-z_-]{10,}\.` +
	`|https://hooks\.slack\.com/services/|://[^/\s:@]+:[^/\s@]+@`)

// secrets: a document is committed, copied into records, and read by many.
func secrets(p *pass) {
	root, err := policy.ParseNode("", p.doc.Canonical())
	if err != nil {
		return // the canonical form is always valid
	}
	p.secretsIn(root, "")
}

func (p *pass) secretsIn(n *policy.Node, path string) {
	if n.Kind == policy.NodeString && credential.MatchString(n.Text) {
		// The text itself stays out of the finding.
		p.report(path, "this looks like a credential: keep it where your notifier or action reads it, and change it, for it was written down")
	}
	for i, item := range n.Items {
		p.secretsIn(item, fmt.Sprintf("%s[%d]", path, i))
	}
	for _, f := range n.Fields {
		below := f.Name
		if path != "" {
			below = path + "." + f.Name
		}
		p.secretsIn(f.Value, below)
	}
}
