package escalationtest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/belfry-go/belfry/policy"
)

func TestMatchValue(t *testing.T) {
	start := policy.InstantOf(time.Date(2026, 3, 10, 14, 0, 0, 0, time.UTC))
	for _, tc := range []struct {
		want, got string
		ok        bool
	}{
		{`"acknowledge"`, `"acknowledge"`, true},
		{`"acknowledge"`, `"resolve"`, false},
		{`"6m40s"`, `"6m40s"`, true},
		{`"5m"`, `"5m0s"`, true},
		{`"300s"`, `"5m0s"`, true},
		{`"1d"`, `"24h0m0s"`, true},
		{`"-5m"`, `"-5m0s"`, true},
		{`"5m"`, `"6m0s"`, false},
		{`"90m"`, `"2026-03-10T15:30:00Z"`, true},
		{`"2026-03-10T15:30:00Z"`, `"1h30m0s"`, true},
		{`"2026-03-10T16:30:00+01:00"`, `"2026-03-10T15:30:00Z"`, true},
		{`"90m"`, `"2026-03-10T15:30:01Z"`, false},
		{`"renew_by"`, `"2026-03-10T15:30:01Z"`, false},
		{`3`, `3`, true},
		{`3`, `4`, false},
		{`3`, `"3"`, true},
		{`true`, `true`, true},
		{`true`, `false`, false},
		{`["user:a"]`, `["user:a"]`, true},
		{`["user:b", "user:a"]`, `["user:a", "user:b"]`, true},
		{`["user:a"]`, `["user:a", "user:b"]`, true},
		{`["user:a", "user:a"]`, `["user:a", "user:b"]`, false},
		{`[]`, `["user:a"]`, false},
		{`[]`, `[]`, true},
		{`[]`, `null`, true},
		{`"user:a"`, `["user:a"]`, true},
		{`"user:a"`, `["user:a", "user:b"]`, false},
		{`null`, `null`, true},
		{`null`, `"x"`, false},
		{`0`, `null`, true},
		{`"0s"`, `null`, true},
		{`1`, `null`, false},
		{`false`, `null`, true},
		{`{"a": 1}`, `{"a": 1, "b": 2}`, true},
		{`{"a": 1}`, `{"b": 2}`, false},
		{`{"a": 1}`, `7`, false},
	} {
		n, err := policy.ParseNode("want.json", []byte(tc.want))
		if err != nil {
			t.Fatal(err)
		}
		var got any
		if err := json.Unmarshal([]byte(tc.got), &got); err != nil {
			t.Fatal(err)
		}
		if ok := matchValue(n, got, start); ok != tc.ok {
			t.Errorf("want %s, got %s: %t, want %t", tc.want, tc.got, ok, tc.ok)
		}
	}
}
