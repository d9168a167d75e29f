package engine

import (
	"errors"
	"strings"
	"testing"

	"github.com/belfry-go/belfry/policy"
)

const undoable = `"undo": {"within": "5h", "approve": {"by": ["role:sec"]}}`

// Disasters that happened, each to somebody else, and what keeps them away.

// An empty set was read as "everything", and a whole network was wiped.
func TestDisasterTheEmptySet(t *testing.T) {
	w := newEstate("a", "b", "c")
	w.named = []string{} // the selector matched nobody
	b := benchOf(t, w, disabling(`"retries": 3`))
	b.trigger(about("a"))
	b.to(h)
	b.wantEnds("refused 0: nobody to do it to")
	b.told("+0s page user:alice via default a#1 initial", "+1m0s notice user:bob via default a#1 action_refused")
	if len(w.calls) != 0 || w.disabled() != "" {
		t.Errorf("it acted %d times, on %q; want never", len(w.calls), w.disabled())
	}
}

// Safety checks missed it, since only a single group was the target: the gravest.
func TestDisasterTheOneTier0Identity(t *testing.T) {
	for budget, want := range map[string]string{
		`"max": 20, "weight": 50, "per": "1h"`:  "held 1: over budget: a weight of 100",
		`"max": 20, "weight": 100, "per": "1h"`: "done 1",
	} {
		w := newEstate("root-ca")
		w.accounts["root-ca"].criticality = "tier0"
		b := benchOf(t, w, disabling(`"budget": {`+budget+`}`))
		b.trigger(about("root-ca"))
		b.to(h)
		b.wantEnds(want)
	}
	// With the budget that nobody wrote, it is one beyond whatever was done before.
	w := newEstate("small", "root-ca")
	w.accounts["root-ca"].criticality = policy.CriticalityCritical
	b := benchOf(t, w, disabling(`"retries": 0`))
	b.trigger(about("small"))
	b.to(10 * m)
	b.trigger(about("root-ca"))
	b.to(h)
	b.wantEnds("done 1", "held 1: over budget: a weight of 101 in 1h0m0s, of 100")
	if w.disabled() != "small" {
		t.Errorf("disabled %q", w.disabled())
	}
}

// A clean-up ignored the mark that said to retain a key: it was set after the plan.
func TestDisasterTheRetainMark(t *testing.T) {
	w := newEstate("a", "b", "c", "new")
	w.named = []string{"a", "b", "c"}
	shielded := ""
	b := benchOf(t, w, disabling(`"budget": {"max": 2, "weight": 100, "per": "1h"}, "approve": {"by": ["role:sec"]}`), func(c *Config) {
		c.Protected = func(s Subject) bool { return s.ID == shielded }
	})
	b.trigger(about("a"))
	b.to(10 * m)
	b.wantEnds("held 3: over budget")

	w.accounts["b"].retained = true // the host's own mark
	shielded = "c"                  // the host's list
	w.named = append(w.named, "new")
	b.grants("a", Matter{Action: "disable"}, "applied")
	b.to(h)
	b.wantEnds("held 3: over budget", "done 1: left out: c is protected, new was not named when it was decided, b is not named any more")
	if w.disabled() != "a" {
		t.Errorf("disabled %q; want a alone", w.disabled())
	}
}

// A credential was rotated into the wrong environment, and the old one deleted.
func TestDisasterTheWrongEnvironment(t *testing.T) {
	w := newEstate("svc", "svc-staging")
	w.accounts["svc"].environment, w.accounts["svc-staging"].environment = "production", "staging"
	w.named = []string{"svc", "svc-staging"}
	b := benchOf(t, w, disabling(`"retries": 0`))
	b.trigger(about("svc", func(a *policy.Alert) { a.Identity.Environment = "production" }))
	b.to(h)
	b.wantEnds("done 1: left out: svc-staging is in staging, and the alert is about production")
	if w.disabled() != "svc" {
		t.Errorf("disabled %q; want svc alone", w.disabled())
	}

	// What went elsewhere is not there when it is read back: it is not verified,
	// so that nothing that waits for it is done.
	w = newEstate("svc")
	w.after = func(ActionRequest) error { w.accounts["svc"].disabled = false; return nil }
	retire := &acting{}
	doc := strings.Replace(disabling(`"name": "disable"`), `"actions": [`, `"actions": [{"run": "retire", "mode": "auto", "at": "action:disable"}, `, 1)
	b = benchOf(t, w, doc, func(c *Config) {})
	b.e.cfg.Actions["retire"] = retire
	b.trigger(about("svc"))
	b.to(h)
	b.wantEnds("unverified 1: read back, it is not there")
	b.told("+0s page user:alice via default svc#1 initial", "+1m0s notice user:bob via default svc#1 action_failed")
	if len(retire.got) != 0 {
		t.Error("the old one was retired")
	}
}

// What is taken back must not revive a secret that leaked.
func TestDisasterTheUndoOfALeakedSecret(t *testing.T) {
	open := func() (*estate, *bench) {
		w := newEstate("svc")
		b := benchOf(t, w, disabling(undoable))
		b.trigger(about("svc"))
		b.to(10 * m)
		b.wantEnds("done 1")
		return w, b
	}
	t.Run("known before it is asked for", func(t *testing.T) {
		w, b := open()
		b.trigger(about("svc", leaking))
		b.undo("svc", "rejected(not_authorised)")
		b.to(h)
		if w.disabled() != "svc" {
			t.Error("it was enabled")
		}
	})
	t.Run("known before the vote", func(t *testing.T) {
		w, b := open()
		b.undo("svc", "applied")
		b.trigger(about("svc", leaking))
		b.grants("svc", Matter{Undo: "disable"}, "rejected(not_authorised)")
		b.to(h)
		if w.disabled() != "svc" {
			t.Error("it was enabled")
		}
	})
	t.Run("known before it is carried out", func(t *testing.T) {
		w, b := open()
		b.undo("svc", "applied")
		b.grants("svc", Matter{Undo: "disable"}, "applied")
		b.trigger(about("svc", leaking))
		b.to(h)
		b.wantEnds("done 1", "refused 1: svc has a secret that leaked")
		if w.disabled() != "svc" {
			t.Error("it was enabled")
		}
	})
	t.Run("over, or of another credential", func(t *testing.T) {
		for name, change := range map[string]func(*bench){
			"over": func(b *bench) {
				b.trigger(about("svc", leaking))
				r, err := b.e.Resolve(b.t.Context(), "leak", alice, "rotated")
				b.must("applied")(r, err)
			},
			"another": func(b *bench) {
				b.trigger(about("svc", leaking, func(a *policy.Alert) { a.Identity.CredentialVersion = "0" }))
			},
		} {
			w, b := open()
			change(b)
			b.undo("svc", "applied")
			b.grants("svc", Matter{Undo: "disable"}, "applied")
			b.to(h)
			if w.disabled() != "" {
				t.Errorf("%s: it is still disabled", name)
			}
		}
	})
}

// Nobody is an action's subject who must never be: those by whom a gate may be
// bypassed, the engine itself, those whom the host names. An answer that does
// not come is a yes.
func TestProtectedIdentities(t *testing.T) {
	glass := strings.Replace(disabling(`"retries": 0`), `"actions": [`, `"gates": [{"name": "g", "operations": ["x"], "close": "never", "break_glass": {"by": ["role:sec", "user:bob"], "tell": ["user:alice"]}}], "actions": [`, 1)
	for id, why := range map[string]string{
		"carol": "is for breaking glass", "bob": "is for breaking glass", "belfry": "is the engine's own identity",
		"root": "is protected", "panics": "is protected", "": "cannot be told from others",
	} {
		w := newEstate(id, "fine")
		w.named = []string{id, "fine"}
		b := benchOf(t, w, glass, func(c *Config) {
			c.Protected = func(s Subject) bool {
				if s.ID == "panics" {
					panic(errors.New("bug"))
				}
				return s.ID == "root"
			}
		})
		b.trigger(about("fine"))
		b.to(h)
		if ends := b.ended(); len(ends) != 1 || !strings.HasPrefix(ends[0], "done 1") || !strings.HasSuffix(ends[0], why) || w.disabled() != "fine" {
			t.Errorf("%q: ended %q, disabled %q; want it left out, for it %s", id, ends, w.disabled(), why)
		}
		w = newEstate(id)
		w.named = []string{id}
		b = benchOf(t, w, glass, func(c *Config) { c.Protected = func(s Subject) bool { return s.ID == "root" || s.ID == "panics" } })
		b.trigger(about("fine"))
		b.to(h)
		if b.wantEnds("refused 0: nobody to do it to; left out: "); len(w.calls) != 0 {
			t.Errorf("%q alone: it acted", id)
		}
	}
}
