package oncall

import (
	"fmt"
	"testing"
)

// TestAnswersAreBounded: a schedule whose groups meet in more ways than can be
// remembered still answers, and grows no further.
func TestAnswersAreBounded(t *testing.T) {
	s := &Schedule{}
	for k := range 2 * maxAnswers {
		s.people = append(s.people, []string{fmt.Sprint(k)})
	}
	for k := range uint32(2*maxAnswers - 1) {
		if got := s.answer([]uint32{k, k + 1}); len(got) != 2 || got[0] != fmt.Sprint(k) {
			t.Fatalf("groups %d and %d: %v", k, k+1, got)
		}
	}
	held := 0
	for i := range s.answers.buckets {
		for e := s.answers.buckets[i].Load(); e != nil; e = e.next {
			held++
		}
	}
	if held != maxAnswers {
		t.Errorf("%d answers are held, want %d", held, maxAnswers)
	}
}
