//go:build unix

package main

import (
	"fmt"
	"path/filepath"
	"strings"
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
		v.add(s)
	}
	t.Logf("%d rounds of kill -9: %s", n, v)
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
		if f.r.IntN(4) == 0 {
			f.finish(append(keyOf(round), "-ack", "sam")...)
		}
	}
	f.finish(keyOf(n)...)
	v := f.judge()
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

// What TestKill9 finds nothing of is found where it is.
func TestJudge(t *testing.T) {
	const opened = "trigger k: applied, record n:k#1/1\n"
	page := func(id, tier string) string {
		return "page n:k#1/" + id + " 12:00:00.000: page user:x of tier \"" + tier + "\" for k#1 (attempt 1)\n"
	}
	whole := opened + page("1/3", "owner") + page("3/1", "soc") + page("5/1", "lead") + page("7/1", "manager") + page("9/1", "")
	acked := opened + page("1/3", "owner") + "record n:k#1/3: acknowledge applied by user:sam\n"
	for name, c := range map[string]struct {
		said string
		want verdict
		hurt string
	}{
		"whole":       {whole, verdict{opened: 1}, ""},
		"again":       {whole + page("5/1", "lead"), verdict{opened: 1, again: 1}, ""},
		"missing":     {strings.Replace(whole, page("5/1", "lead"), "", 1), verdict{opened: 1, missing: 1}, `tier "lead" was never told`},
		"twice":       {whole + page("6/1", "lead"), verdict{opened: 1, twice: 1, again: 1}, "k#1/5/1 and n:k#1/6/1"},
		"acked":       {acked, verdict{opened: 1, acked: 1}, ""},
		"behind acks": {acked + page("5/1", "soc"), verdict{opened: 1, acked: 1, forgotten: 1}, "behind the acknowledgement in record 3"},
	} {
		v, faults := read(c.said).judge()
		if v != c.want || (len(faults) > 0) != (c.hurt != "") || !strings.Contains(strings.Join(faults, "\n"), c.hurt) {
			t.Errorf("%s: %+v, %q; want %+v, %q", name, v, faults, c.want, c.hurt)
		}
	}
}
