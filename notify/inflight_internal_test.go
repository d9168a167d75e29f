package notify

import (
	"context"
	"testing"

	"github.com/belfry-go/belfry/policy"
)

// TestLanesForgetAddresses: people and channels come and go; what is kept for
// those with nothing under way would only grow.
func TestLanesForgetAddresses(t *testing.T) {
	l := &lanes{width: 1, open: map[address]*lane{}}
	next := NotifierFunc(func(context.Context, Notification) (Receipt, error) {
		if len(l.open) != 1 {
			t.Errorf("%d lanes while one attempt is under way; want 1", len(l.open))
		}
		return Receipt{}, nil
	})
	for _, name := range []string{"alice", "bob", "carol"} {
		if _, err := l.notify(t.Context(), Notification{To: policy.User(name)}, next); err != nil {
			t.Fatal(err)
		}
	}
	if len(l.open) != 0 {
		t.Errorf("%d lanes left; want none", len(l.open))
	}
}
