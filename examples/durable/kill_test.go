//go:build unix

package main

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"
)

// lanes is how many databases are worked on at once: what is killed mostly
// waits.
const lanes = 4

// TestKill9 kills the example again and again, at any moment from its first
// instruction on, lets it run to its end, and looks for pages that are missing.
// BELFRY_ROUNDS says how often; see make kill9.
func TestKill9(t *testing.T) {
	n := rounds(t, 2*lanes)
	sums := make([]verdict, lanes)
	t.Run("lanes", func(t *testing.T) {
		for i := range sums {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				sums[i] = killed(t, (n+i)/lanes)
			})
		}
	})
	var v verdict
	for _, s := range sums {
		v.opened, v.missing, v.twice, v.again = v.opened+s.opened, v.missing+s.missing, v.twice+s.twice, v.again+s.again
	}
	t.Logf("%d rounds of kill -9, %d alerts opened: %d pages missing, %d tiers told under two ids, %d pages said again under their id",
		n, v.opened, v.missing, v.twice, v.again)
}

// killed does n rounds on one database.
func killed(t *testing.T, n int) verdict {
	f := newFleet(t, filepath.Join(t.TempDir(), "belfry.db"))
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
	return v
}
