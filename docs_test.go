package belfry_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// names lists what the values of an enumeration are called, from first up to
// the first that has no name.
func names[T interface {
	~uint8
	String() string
}](first T,
) []string {
	var out []string
	for v := first; ; v++ {
		s := v.String()
		if s == "" || strings.HasSuffix(s, "?") {
			return out
		}
		out = append(out, s)
	}
}

// A page that says it has every word has it: a new event, reason or status is
// missed here first.
func TestPagesHaveEveryWord(t *testing.T) {
	tests := []struct {
		page string
		what string
		all  []string
		few  int // fewer are a fault of this test
	}{
		{"docs/machine.md", "event", names(escalation.EventTrigger), 20},
		{"docs/machine.md", "reason", names(policy.ReasonInitial), 30},
		{"docs/machine.md", "reason of a verdict", names(escalation.Duplicate), 14},
		{"docs/machine.md", "decision", names(escalation.Allow), 3},
		{"docs/testing.md", "kind of message", names(notify.KindPage), 7},
	}
	for _, tt := range tests {
		src, err := os.ReadFile(tt.page)
		if err != nil {
			t.Fatal(err)
		}
		if len(tt.all) < tt.few {
			t.Errorf("%s: %d values are found, %v", tt.what, len(tt.all), tt.all)
		}
		// Words stand in code spans, several to a span.
		var words []string
		for i, span := range strings.Split(string(src), "`") {
			if i%2 == 1 {
				words = append(words, strings.Fields(span)...)
			}
		}
		text := " " + strings.Join(words, " ") + " "
		for _, word := range tt.all {
			if !strings.Contains(text, " "+word+" ") {
				t.Errorf("%s does not have the %s %q", tt.page, tt.what, word)
			}
		}
	}
}

// The defaults in the reference are those of a policy that says nothing.
func TestReferenceDefaults(t *testing.T) {
	doc, err := policy.Parse("p.json", []byte(`{"version": 1, "policies": [{"name": "p",
		"tiers": [{"name": "t", "notify": ["user:a"]}],
		"actions": [{"run": "x", "mode": "auto", "undo": {}, "approve": {"by": ["user:a"]}}],
		"gates": [{"name": "g", "operations": ["o"], "close": "open", "open": "review", "review": {"by": ["user:a"]},
			"break_glass": {"by": ["user:a"], "tell": ["user:b", "user:c"]}}]}],
		"directory": {"channels": {"sms": {}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	src, err := os.ReadFile("docs/policy-reference.md")
	if err != nil {
		t.Fatal(err)
	}
	p := doc.Policies[0]
	tier, action, gate := p.Tracks[0].Tiers[0], p.Actions[0], p.Gates[0]
	hours := func(d time.Duration) string { return strings.NewReplacer("h0m0s", "h", "m0s", "m").Replace(d.String()) }
	for _, row := range []string{
		"| `wait` | `" + hours(tier.Wait) + "` |",
		fmt.Sprintf("| `repeat` | `%d` |", p.Tracks[0].Repeat),
		"| `grace` | `" + hours(p.Grace) + "` |",
		"| `ack.timeout` | `" + hours(p.Ack.Timeout) + "` |",
		"| `refire.within` | `" + hours(p.Refire.Within) + "` |",
		fmt.Sprintf("| `budget` | `{max: %d, weight: %d, per: %s}` |", action.Budget.Max, action.Budget.Weight, hours(action.Budget.Per)),
		"| `timeout` | `" + hours(action.Timeout) + "` |",
		fmt.Sprintf("| `retries` | `%d` |", action.Retries),
		"`{within: " + hours(action.Undo.Within) + ", approve: …}`",
		fmt.Sprintf("| `within` | `%dd` (`approve`: `%s`) |", int(gate.Review.Within.Hours())/24, hours(action.Approve.Within)),
		"| `for` | `" + hours(gate.Review.For) + "` |",
		"for: " + hours(gate.BreakGlass.For) + ", tell: [TARGET], review: {within: " + hours(gate.BreakGlass.ReviewWithin) + "}",
		"| … `give_up` | `" + hours(doc.Directory.Channels["sms"].GiveUp) + "` |",
	} {
		if !strings.Contains(string(src), row) {
			t.Errorf("docs/policy-reference.md has no %q", row)
		}
	}
	if tier.Unless != policy.UnlessAcknowledged || tier.Ack != (policy.AckNeed{Count: 1}) || p.Rise != policy.RiseReopen ||
		p.Refire.Acknowledged != policy.RiseIgnore || p.Refire.ReopenNext || gate.Hold {
		t.Errorf("a default is another than the reference says: %+v %+v", tier, p.Refire)
	}
}
