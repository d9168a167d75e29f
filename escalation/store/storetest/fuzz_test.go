package storetest

import (
	"math/rand/v2"
	"testing"

	"github.com/belfry-go/belfry/escalation/store"
)

// FuzzModel drives the memory store and the model with the same random work.
func FuzzModel(f *testing.F) {
	for seed := range uint64(8) {
		f.Add(seed, uint64(1000))
	}
	f.Fuzz(func(t *testing.T, a, b uint64) {
		defer func() {
			if p := recover(); p != nil && p != any(stop{}) {
				panic(p)
			}
		}()
		m := store.NewMemory()
		c := &checker{ctx: t.Context(), store: m, reporter: reporter{fail: func(what string) { t.Error(what) }}}
		tr := trial{checker: c, model: newModel(), r: rand.New(rand.NewPCG(a, b))}
		tr.run(200)
	})
}
