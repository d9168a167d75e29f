package notify_test

import (
	"strings"
	"testing"

	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// named is a Notifier whose receipt says which one it was.
func named(name string) notify.Notifier { return answer(notify.Receipt{ProviderID: name}, nil) }

func TestMuxChoosesTheMostPrecise(t *testing.T) {
	var m notify.Mux
	m.Handle(policy.TargetUser, "sms", named("user/sms"))
	m.Handle(notify.Any, "sms", named("*/sms"))
	m.Handle(notify.Any, "ops", named("*/ops"))
	m.Handle(policy.TargetUser, notify.Any, named("user/*"))
	m.Handle(policy.TargetUser, "default", named("user/default"))
	m.Handle(policy.TargetChannel, "incidents", named("channel/incidents"))
	tests := []struct {
		to   policy.Target
		via  string
		want string
	}{
		{policy.User("alice"), "sms", "user/sms"},
		{policy.User("alice"), "ops", "*/ops"},
		{policy.User("alice"), "push", "user/*"},
		{policy.User("alice"), "", "user/default"},
		{policy.Channel("incidents"), "incidents", "channel/incidents"},
		{policy.Channel("incidents"), "", "channel/incidents"},
		{policy.Channel("ops"), "", "*/ops"},
		{policy.Target{ID: "last-resort"}, "sms", "*/sms"},
	}
	for _, tt := range tests {
		n := page()
		n.To, n.Via = tt.to, tt.via
		r, err := m.Notify(t.Context(), n)
		if err != nil || r.ProviderID != tt.want {
			t.Errorf("%v via %q went to %q, %v; want %q", tt.to, tt.via, r.ProviderID, err, tt.want)
		}
	}
}

func TestMuxNamesWhatIsRegistered(t *testing.T) {
	var m notify.Mux
	wantError := func(words ...string) {
		t.Helper()
		n := page()
		n.To, n.Via = policy.User("alice"), "fax"
		_, err := m.Notify(t.Context(), n)
		if class, _ := notify.Classify(err); class != notify.ClassNoRecipient {
			t.Errorf("class %v; want no_recipient", class)
		}
		for _, w := range words {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Errorf("error %v; want it to contain %q", err, w)
			}
		}
	}
	wantError(`"user:alice"`, `"fax"`, "registered: none")
	m.Handle(policy.TargetUser, "sms", named("a"))
	m.Handle(policy.TargetChannel, notify.Any, named("b"))
	wantError("registered: channel/*, user/sms")
}

func TestMuxRefusesMistakes(t *testing.T) {
	var m notify.Mux
	m.Handle(policy.TargetUser, "sms", named("a"))
	for name, handle := range map[string]func(){
		"twice":      func() { m.Handle(policy.TargetUser, "sms", named("b")) },
		"nil":        func() { m.Handle(policy.TargetUser, "push", nil) },
		"empty kind": func() { m.Handle("", "push", named("b")) },
		"empty via":  func() { m.Handle(policy.TargetUser, "", named("b")) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if v, ok := recover().(string); !ok || !strings.HasPrefix(v, "notify: Handle(") {
					t.Errorf("panicked with %q; want a text that names the call", v)
				}
			}()
			handle()
		})
	}
}
