package main

import (
	"encoding/json"
	"fmt"
	"maps"

	"github.com/belfry-go/belfry/policy"
)

// inventory knows the identity behind each credential, by the name that the
// credential has where it is kept. Sources of events know credentials; who owns
// them and what depends on them is nowhere but here.
type inventory map[string]item

// item is one identity, and what the host knows about its surroundings.
type item struct {
	Identity    policy.Identity    `json:"identity"`
	BlastRadius policy.BlastRadius `json:"blast_radius"`
	Labels      map[string]string  `json:"labels"`
	Window      policy.Window      `json:"window"` // the next planned deployment
}

func readInventory(src []byte) (inventory, error) {
	var inv inventory
	if err := json.Unmarshal(src, &inv); err != nil {
		return nil, fmt.Errorf("inventory: %w", err)
	}
	return inv, nil
}

// alert returns an alert about the identity behind a credential, with all that
// the inventory knows. About a credential that it does not know the alert says
// nothing but the name: an absent criticality counts as the highest, so the
// unknown is not the unimportant.
func (inv inventory) alert(credential string, kind policy.Kind) *policy.Alert {
	it := inv[credential]
	a := &policy.Alert{
		Kind: kind, Identity: it.Identity, BlastRadius: it.BlastRadius, Window: it.Window,
		Labels: map[string]string{},
	}
	if a.Identity.ID == "" {
		a.Identity.ID = credential
	}
	maps.Copy(a.Labels, it.Labels)
	return a
}
