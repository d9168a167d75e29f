package policy_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/belfry-go/belfry/policy"
)

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0": 0, "0s": 0, "90s": 90 * time.Second, "5m": 5 * time.Minute, "1h30m": 90 * time.Minute, "2d": 48 * time.Hour,
		"1w": 168 * time.Hour, "1w2d3h4m5s": 168*time.Hour + 51*time.Hour + 4*time.Minute + 5*time.Second, "1.5h": 90 * time.Minute, "250ms": 250 * time.Millisecond,
	} {
		if got, err := policy.ParseDuration(text); err != nil || got != want {
			t.Errorf("ParseDuration(%q) = %v, %v, want %v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"": "empty", "5": `did you mean "5m"?`, "-5m": "not of the form", "m": "not of the form", "5 m": "unknown unit", "5y": "unknown unit",
		"1..5h": "malformed", ".h": "malformed", "9999999999w": "too long", "5m5": "no unit",
	} {
		if got, err := policy.ParseDuration(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseDuration(%q) = %v, %v, want an error with %q", text, got, err, want)
		}
	}
}

func TestInstant(t *testing.T) {
	at := time.Date(2026, 3, 10, 14, 0, 0, 1999, time.FixedZone("", 3600))
	i := policy.InstantOf(at)
	if got, want := i.String(), "2026-03-10T13:00:00.000001Z"; got != want {
		t.Errorf("InstantOf rounds to %s, want %s", got, want)
	}
	if policy.InstantOf(i.Time()) != i {
		t.Error("an instant does not survive a round trip")
	}
	if policy.InstantOf(time.Time{}) != policy.Never || !policy.Never.Time().IsZero() || policy.Never.Known() || policy.Never.String() != "never" {
		t.Error("the zero time is not Never")
	}
	for _, tt := range []struct {
		i    policy.Instant
		d    time.Duration
		want policy.Instant
	}{
		{i, time.Second, i + 1e6},
		{i, -time.Second, i - 1e6},
		{policy.Never, -time.Hour, policy.Never},
		{policy.Never - 5, time.Hour, policy.Never - 1}, // never quite Never
		{math.MinInt64 + 5, -time.Hour, math.MinInt64},
	} {
		if got := tt.i.Add(tt.d); got != tt.want {
			t.Errorf("%d.Add(%v) = %d, want %d", tt.i, tt.d, got, tt.want)
		}
	}
	if got := (i + 5e6).Sub(i); got != 5*time.Second {
		t.Errorf("Sub = %v", got)
	}
	if policy.Never.Sub(0) != math.MaxInt64 || policy.Instant(0).Sub(policy.Never) != math.MinInt64 {
		t.Error("Sub does not saturate")
	}
}

func TestReasonsRoundTrip(t *testing.T) {
	for r := policy.ReasonNone; r <= policy.ReasonLastResort; r++ {
		text, err := r.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		back, ok := policy.ParseReason(string(text))
		if !ok || back != r || (r != policy.ReasonNone && r.String() == "") {
			t.Errorf("reason %d is %q and reads back as %d, %v", r, text, back, ok)
		}
	}
	if _, ok := policy.ParseReason("because"); ok {
		t.Error("a reason that is not of the list was accepted")
	}
	if got := policy.Reason(200).String(); got != "reason?" {
		t.Errorf("a reason beyond the list is %q", got)
	}
}

func TestTargetText(t *testing.T) {
	for _, text := range []string{"user:alice", "team:app-eng", "role:x", "schedule:a:b", "channel:#ops", "service:bot", "owner", ""} {
		var got policy.Target
		if err := got.UnmarshalText([]byte(text)); err != nil {
			t.Errorf("UnmarshalText(%q): %v", text, err)
		}
		if back, _ := got.MarshalText(); string(back) != text {
			t.Errorf("%q reads back as %q", text, back)
		}
	}
	if policy.Service("a").String() != "service:a" || policy.Channel("b").String() != "channel:b" || (policy.Target{ID: "pager"}).String() != "pager" {
		t.Error("the short forms do not name what they say")
	}
	for _, text := range []string{"alice", "user:", ":alice", "usr:alice", "owner:x"} {
		var got policy.Target
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("UnmarshalText(%q) = %v, want an error", text, got)
		}
	}
}

func TestScales(t *testing.T) {
	for l := policy.Level(1); l <= 5; l++ {
		if got, ok := policy.SeverityAt(l).Level(); !ok || got != l {
			t.Errorf("severity %d reads back as %d", l, got)
		}
		if got, ok := policy.PriorityAt(l).Level(); !ok || got != l {
			t.Errorf("priority %d reads back as %d", l, got)
		}
	}
	for word, want := range map[policy.Criticality]policy.Level{"tier3": 1, "tier2": 2, "tier1": 3, "tier0": 4, "low": 1, "critical": 4} {
		if got, ok := word.Level(); !ok || got != want {
			t.Errorf("criticality %q is %d, %v, want %d", word, got, ok, want)
		}
	}
	if l, ok := policy.BlastRadius("galaxy").Level(); ok || l != 7 {
		t.Errorf("an unknown blast radius is %d, %v", l, ok)
	}
	if policy.SeverityAt(0) != "" || policy.SeverityAt(6) != "" {
		t.Error("a level beyond the scale has a name")
	}
	if !policy.SecretLeaked.Leak() || !policy.AnomalousUse.Leak() || policy.RotationFailed.Leak() {
		t.Error("the leak kinds are others")
	}
}
