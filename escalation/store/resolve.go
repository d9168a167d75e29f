package store

import "context"

// Resolve finds out what became of a commit whose outcome is unknown: nil when
// it is written, ErrConflict when it is not. Any other error leaves the outcome
// unknown still.
//
// A commit that is not written now may be yet, if the store is still at work on
// it. Committing the same events anew is safe all the same: both commits follow
// on from one position, so that one of them is a conflict.
func Resolve(ctx context.Context, s Store, c *Commit) error {
	want := c.Position()
	for e, err := range s.History(ctx, c.Stream, want.Seq) {
		if err != nil {
			return err
		}
		if e.Position() == want { // salts are random: no other commit has this hash
			return nil
		}
		break
	}
	return ErrConflict
}
