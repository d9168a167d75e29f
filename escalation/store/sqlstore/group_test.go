package sqlstore

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/belfry-go/belfry/escalation/store"
)

// TestGroupShares holds that those who wait are written together, and that one
// who gives up while he waits is not written.
func TestGroupShares(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		var sizes []int
		gate := make(chan struct{})
		g.init(1, time.Minute, func(_ context.Context, commits []*store.Commit) {
			sizes = append(sizes, len(commits))
			<-gate
			for _, c := range commits {
				c.Err = nil
			}
		})
		commit := func(ctx context.Context, n int) []*store.Commit {
			commits := make([]*store.Commit, n)
			for i := range commits {
				commits[i] = &store.Commit{Err: errors.New("not yet")}
			}
			go g.commit(ctx, commits)
			synctest.Wait()
			return commits
		}
		leaving, leave := context.WithCancel(t.Context())
		first := commit(t.Context(), 1)
		second, gone, third := commit(t.Context(), 2), commit(leaving, 1), commit(t.Context(), 3)
		large := commit(t.Context(), groupMost)
		leave()
		synctest.Wait()
		if !errors.Is(gone[0].Err, context.Canceled) {
			t.Errorf("who gave up has %v", gone[0].Err)
		}
		for range 3 {
			gate <- struct{}{}
			synctest.Wait()
		}
		for _, commits := range [][]*store.Commit{first, second, third, large} {
			for _, c := range commits {
				if c.Err != nil {
					t.Errorf("a commit has %v after its turn", c.Err)
				}
			}
		}
		if len(sizes) != 3 || sizes[0] != 1 || sizes[1] != 5 || sizes[2] != groupMost {
			t.Errorf("transactions of %v commits, want 1, 5 and %d", sizes, groupMost)
		}
		if g.free != 1 || len(g.waiting) != 0 {
			t.Errorf("%d places are free and %d wait, want 1 and 0", g.free, len(g.waiting))
		}
	})
}

// TestGroupOutlivesOneCaller holds that a transaction is cut off only when all
// its callers have given up.
func TestGroupOutlivesOneCaller(t *testing.T) {
	one, endOne := context.WithCancel(t.Context())
	two, endTwo := context.WithCancel(t.Context())
	defer endTwo()
	ctx, stop := untilAllEnd([]*call{{ctx: one}, {ctx: two}})
	defer stop()
	endOne()
	if ctx.Err() != nil {
		t.Error("one caller's end cut off the other")
	}
	endTwo()
	<-ctx.Done()
}

// TestGroupLosesPatience holds that a write has a time-out, and that who waits
// behind a database that hangs gives up after it and is not written.
func TestGroupLosesPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		var written []*store.Commit
		g.init(1, time.Minute, func(ctx context.Context, commits []*store.Commit) {
			<-ctx.Done()
			written = append(written, commits...)
			for _, c := range commits {
				c.Err = ctx.Err()
			}
		})
		commit := func(n int) []*store.Commit {
			commits := make([]*store.Commit, n)
			for i := range commits {
				commits[i] = &store.Commit{}
			}
			go g.commit(t.Context(), commits)
			synctest.Wait()
			return commits
		}
		hung := commit(1)
		time.Sleep(20 * time.Second)
		many := commit(groupMost)
		time.Sleep(20 * time.Second)
		late := &store.Commit{}
		start := time.Now()
		g.commit(t.Context(), []*store.Commit{late})
		if took := time.Since(start); took != time.Minute {
			t.Errorf("who waited had an answer after %v, want it after a minute", took)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		for _, c := range []*store.Commit{hung[0], many[0], many[groupMost-1], late} {
			if !errors.Is(c.Err, context.DeadlineExceeded) {
				t.Errorf("a commit has error %v, want that its time is over", c.Err)
			}
		}
		if len(written) != 1+groupMost || slices.Contains(written, late) {
			t.Errorf("%d commits were written, want those before the late one", len(written))
		}
		if g.free != 1 || len(g.waiting) != 0 {
			t.Errorf("%d places are free and %d wait, want 1 and 0", g.free, len(g.waiting))
		}
	})
}
