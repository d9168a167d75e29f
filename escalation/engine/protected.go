package engine

import (
	"context"
	"fmt"
	"slices"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// protected asks the host whether an identity must never be acted on. An answer
// that does not come is a yes.
func (e *Engine) protected(s Subject) (yes bool) {
	if e.cfg.Protected == nil {
		return false
	}
	defer func() {
		if v := recover(); v != nil {
			e.log.Error("Config.Protected panicked", "subject", s.ID)
			yes = true
		}
	}()
	return e.cfg.Protected(s)
}

// breaksGlass reports whether an identity is one of those by which a gate of the
// document may be bypassed: named itself, or listed in a role or a team that is.
func breaksGlass(doc *policy.Document, id string) bool {
	for _, p := range doc.Policies {
		for i := range p.Gates {
			rule := p.Gates[i].BreakGlass
			if rule == nil {
				continue
			}
			for _, by := range rule.By {
				if by.ID == id && (by.Kind == policy.TargetUser || by.Kind == policy.TargetService) ||
					by.Kind == policy.TargetRole && slices.Contains(doc.Directory.Roles[by.ID], id) ||
					by.Kind == policy.TargetTeam && slices.Contains(doc.Directory.Teams[by.ID], id) {
					return true
				}
			}
		}
	}
	return false
}

// leaked reports whether an open alert says that a secret of an identity leaked.
// Where both name a version of the credential, another one did not. It asks the
// store, not what this node remembers: nothing is given back on hearsay, and it
// is asked rarely.
func (e *Engine) leaked(ctx context.Context, id, version string) (bool, error) {
	for stream, err := range e.store.Streams(ctx, store.StreamQuery{Prefix: alertStreams, Open: true}) {
		if err != nil {
			return false, fmt.Errorf("engine: streams: %w", err)
		}
		h, err := e.find(ctx, stream)
		if err != nil {
			return false, err
		}
		own := &h.state.Alert.Identity
		same := own.ID == id && (own.CredentialVersion == "" || version == "" || own.CredentialVersion == version)
		leak := same && leakOf(&h.state)
		e.cache.put(h, true)
		if leak {
			return true, nil
		}
	}
	return false, nil
}

// leakOf reports whether an alert is, or has become, about a leaked secret.
func leakOf(s *escalation.State) bool {
	return s.Alert.Kind == policy.SecretLeaked || s.More != nil && slices.Contains(s.More.Kinds, policy.SecretLeaked)
}
