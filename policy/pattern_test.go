package policy

import (
	"math/rand/v2"
	"testing"
)

// What a pattern answers without the automaton is what the automaton answers.
func TestPatternAgreesWithItsAutomaton(t *testing.T) {
	sources := []string{``, `a`, `ab`, `.*`, `a.*`, `.*a`, `a.*b`, `ab.*ba`, `a.*b.*`, `(?i)ab.*`, `a+`, `a|b`, `a.`, `(?s)a.*`, `a\.b.*`, `é.*`, `(?m)^a.*$`}
	alphabet := []rune("aAb.\né\x00")
	r := rand.New(rand.NewPCG(1, 2))
	plain := 0
	for _, src := range sources {
		p, err := newPattern(src)
		if err != nil {
			t.Fatalf("%q: %v", src, err)
		}
		if p.plain {
			plain++
		}
		for range 2000 {
			v := make([]rune, r.IntN(6))
			for i := range v {
				v[i] = alphabet[r.IntN(len(alphabet))]
			}
			text := string(v)
			if r.IntN(10) == 0 {
				text += "\xff"
			}
			if got, want := p.MatchString(text), p.re.MatchString(text); got != want {
				t.Errorf("pattern %q on %q: %v, the automaton says %v", src, text, got, want)
			}
		}
	}
	if plain < 8 {
		t.Errorf("only %d of the patterns were recognised", plain)
	}
}
