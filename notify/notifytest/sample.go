package notifytest

import (
	"fmt"
	"strings"
	"time"

	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// page returns the i-th of the pages that Run sends. Equal i give equal pages
// that share nothing.
func page(i int) notify.Notification {
	due := time.Date(2026, 3, 10, 14, i%60, 0, 0, time.UTC)
	key := fmt.Sprintf("db/%d", i)
	id := fmt.Sprintf("ns:%s#1/4/%d", key, i)
	return notify.Notification{
		ID: id, Kind: notify.KindPage, To: policy.User("alice"), Via: "push", At: policy.InstantOf(due), Attempt: 1,
		Alerts: []notify.Item{{
			ID: id, Key: key, Incarnation: 1, Policy: "rotation", Track: "main", Tier: "owner", Pass: 1,
			Target: policy.Target{Kind: policy.TargetOwner}, Reason: policy.ReasonInitial,
			Priority: policy.P2, Status: "triggered",
			Alert: &policy.Alert{
				Key: key, Kind: policy.RotationFailed, Severity: policy.SeverityHigh,
				Summary: "rotation failed 3 times", Source: "rotator", Confidence: 90,
				Labels: map[string]string{"team": "payments"}, Links: []string{"https://runbooks.example/rotation"},
				Identity: policy.Identity{
					ID: "svc-deployer", Kind: "service_account", Owner: policy.Target{Kind: policy.TargetTeam, ID: "platform"},
					Criticality: policy.CriticalityHigh, Environment: "production",
				},
				ExpiresAt: due.Add(time.Hour),
			},
		}},
	}
}

// oddity is something that a sender or a broken caller may put into a
// notification.
type oddity struct {
	name   string
	change func(*notify.Notification)
}

func oddities() []oddity {
	text := func(name, s string) oddity {
		return oddity{name, func(n *notify.Notification) { everywhere(n, s) }}
	}
	return []oddity{
		text("no text at all", ""),
		text("100,000 characters of several bytes", strings.Repeat("é😀漢字", 25_000)),
		text("not UTF-8", "caf\xe9 \xff\xfe\x80\xc0\xaf"),
		text("control characters", "a\x00b\x07c\x1b[31md\x7f\u0085"),
		text("line ends", "first\r\nBcc: everybody@example.com\r\n\r\nsecond\u2028third"),
		text("markup", `<script>alert(1)</script> <!channel> @everyone [x](javascript:y) *_~|> {{.}} ${x} %s%n`),
		text("writing direction", "\u202egnihtemos\u202c \u2066x\u2069 \u200f"),
		text("quotes and separators", "\"'`\\;,:=&?#/../ ]]>"),
		{"no alert at hand", func(n *notify.Notification) { n.Alerts[0].Alert = nil }},
		{"an empty item", func(n *notify.Notification) { n.Alerts[0] = notify.Item{} }},
		{"an empty alert", func(n *notify.Notification) { n.Alerts[0].Alert = &policy.Alert{} }},
		{"no due instant", func(n *notify.Notification) { n.At = policy.Never }},
		{"no attempt", func(n *notify.Notification) { n.Attempt = 0 }},
		{"values that are not of a scale", func(n *notify.Notification) {
			n.Alerts[0].Priority, n.Alerts[0].Alert.Severity, n.Alerts[0].Reason = "P0", "fatal", policy.Reason(255)
		}},
	}
}

// everywhere puts s into each text that a sender chooses.
func everywhere(n *notify.Notification, s string) {
	it := &n.Alerts[0]
	it.Key, it.Tier, it.Text = s, s, s
	a := it.Alert
	a.Key, a.Summary, a.Source, a.Kind = s, s, s, policy.Kind(s)
	a.Labels = map[string]string{s: s, "team": s}
	a.Links = []string{s, "https://example.com/" + s}
	a.Identity.ID, a.Identity.Kind, a.Identity.Environment = s, s, s
}
