package escalationtest

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// brute finds by trying everything how many wants can be served at once.
func brute(fit [][]bool, w int, used []bool) int {
	if w == len(fit) {
		return 0
	}
	best := brute(fit, w+1, used)
	for h := range used {
		if fit[w][h] && !used[h] {
			used[h] = true
			best = max(best, 1+brute(fit, w+1, used))
			used[h] = false
		}
	}
	return best
}

func TestAssignServesAsManyAsCanBe(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		nw, nh := rnd.IntN(6), rnd.IntN(6)
		fit := make([][]bool, nw)
		wants, things := make([]want, nw), make([]had, nh)
		for w := range fit {
			wants[w].line = w
			fit[w] = make([]bool, nh)
			for h := range fit[w] {
				fit[w][h] = rnd.IntN(3) == 0
			}
		}
		for h := range things {
			things[h].seen = h
		}
		a := assign(wants, things, func(had) bool { return true },
			func(w want, h had) bool { return fit[w.line][h.seen] })
		used := map[int]bool{}
		served := 0
		for w, h := range a.got {
			if h < 0 {
				continue
			}
			served++
			if used[h] {
				t.Fatalf("thing %d is consumed twice: %v", h, a.got)
			}
			used[h] = true
			if !fit[a.wants[w].line][a.had[h].seen] {
				t.Fatalf("want %d got thing %d, which does not fit", w, h)
			}
		}
		if want := brute(fit, 0, make([]bool, nh)); served != want {
			t.Fatalf("served %d of %d wants, want %d; fit %v", served, nw, want, fit)
		}
	}
}

// What a strict test must list is taken before what it may leave out.
func TestAssignPrefersStrict(t *testing.T) {
	things := []had{{seen: 0}, {seen: 1}, {seen: 2}}
	a := assign([]want{{line: 0}}, things, func(h had) bool { return h.seen == 2 }, func(want, had) bool { return true })
	if got := a.had[a.got[0]].seen; got != 2 {
		t.Errorf("took thing %d, want 2, the strict one", got)
	}
	if !slices.Equal(a.got, []int{0}) {
		t.Errorf("got %v", a.got)
	}
}
