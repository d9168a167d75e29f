//go:build unix

package main

import (
	"path/filepath"
	"testing"
	"time"
)

// TestKill9 kills the example again and again, at any moment from its first
// instruction on, lets it run to its end, and looks for pages that are missing.
// BELFRY_ROUNDS says how often; see make kill9.
func TestKill9(t *testing.T) {
	f := newFleet(t, filepath.Join(t.TempDir(), "belfry.db"))
	n := rounds(t, 8)
	for round := range n {
		cmd := f.start(append(keyOf(round), "-stay")...)
		f.pass(20*time.Millisecond, 900*time.Millisecond)
		_ = cmd.Process.Kill()
		if err := cmd.Wait(); err == nil {
			t.Fatal("a process that was killed ended well")
		}
	}
	f.finish(keyOf(n)...)
	v := f.judge(f.read())
	st, err := open(t.Context(), f.db)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	f.verify(st)
	if v.again > n {
		t.Errorf("%d pages were said again after %d kills, which can interrupt one each", v.again, n)
	}
	t.Logf("%d rounds of kill -9, %d alerts opened: %d pages missing, %d tiers told under two ids, %d pages said again under their id",
		n, v.opened, v.missing, v.twice, v.again)
}
