package notify

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/belfry-go/belfry/policy"
)

// Any, as kind or as via in [Mux.Handle], stands for all of them.
const Any = "*"

// Mux is a [Notifier] that passes each notification to another one, chosen by
// the kind of its recipient and by the contact channel. The zero Mux knows
// nobody and is ready for use. It must not be copied after its first use.
//
// The most precise registration wins: kind and via, then via alone, then kind
// alone, then neither. A notification for which there is none fails with
// [ClassNoRecipient], and the error says what is registered.
type Mux struct {
	mu     sync.RWMutex
	routes map[route]Notifier
}

type route struct {
	kind policy.TargetKind
	via  string
}

func (r route) String() string { return string(r.kind) + "/" + r.via }

var _ Notifier = (*Mux)(nil)

// Handle registers n for recipients of a kind (policy.TargetUser or
// policy.TargetChannel, or [Any]) and for a contact channel: push, sms, … for
// people, "default" for those whose directory names none, the channel's own
// name for channels, or [Any]. The last resort has no kind: only Any finds it.
//
// It panics on a nil Notifier, an empty kind or via, and a second registration
// of the same: these are mistakes of the program.
func (m *Mux) Handle(kind policy.TargetKind, via string, n Notifier) {
	r := route{kind, via}
	switch {
	case kind == "" || via == "":
		panic(fmt.Sprintf("notify: Handle(%q, %q): empty kind or via; use notify.Any for all", kind, via))
	case n == nil:
		panic(fmt.Sprintf("notify: Handle(%q, %q): nil Notifier", kind, via))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, dup := m.routes[r]; dup {
		panic(fmt.Sprintf("notify: Handle(%q, %q): registered twice", kind, via))
	}
	if m.routes == nil {
		m.routes = map[route]Notifier{}
	}
	m.routes[r] = n
}

// Notify passes n on.
func (m *Mux) Notify(ctx context.Context, n Notification) (Receipt, error) {
	to := m.find(n)
	if to == nil {
		return Receipt{}, NoRecipient(fmt.Errorf("no notifier for %q via %q; registered: %s", n.To, viaOf(n), m.registered()))
	}
	return to.Notify(ctx, n)
}

func (m *Mux) find(n Notification) Notifier {
	via := viaOf(n)
	m.mu.RLock()
	defer m.mu.RUnlock()
	for _, r := range []route{{n.To.Kind, via}, {Any, via}, {n.To.Kind, Any}, {Any, Any}} {
		if to := m.routes[r]; to != nil {
			return to
		}
	}
	return nil
}

// registered lists the routes, sorted.
func (m *Mux) registered() string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if len(m.routes) == 0 {
		return "none"
	}
	names := make([]string, 0, len(m.routes))
	for r := range m.routes {
		names = append(names, r.String())
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// viaOf is n.Via, or what it stands for when it was left empty.
func viaOf(n Notification) string {
	switch {
	case n.Via != "":
		return n.Via
	case n.To.Kind == policy.TargetChannel:
		return n.To.ID
	}
	return "default"
}
