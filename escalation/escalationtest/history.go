package escalationtest

import (
	"context"
	"io"

	"github.com/belfry-go/belfry/escalation/audit"
	"github.com/belfry-go/belfry/escalation/store"
)

// Export plays the test and writes the history that it leaves, as [audit.Export]
// does: what evidence there would be if it happened. It is the same each time,
// byte for byte: the store is called "test", and salts are zero.
func (c *Case) Export(ctx context.Context, w io.Writer) error {
	if c.Err != nil {
		return c.Err
	}
	kept := testStore{store.NewMemory()}
	if _, err := playOn(ctx, c, 0, kept); err != nil {
		return err
	}
	return audit.Export(ctx, kept, w)
}

// testStore is a store in memory whose name is not random.
type testStore struct{ *store.Memory }

// Namespace implements store.Store.
func (testStore) Namespace(context.Context) (string, error) { return "test", nil }
