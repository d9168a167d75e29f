package engine

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/belfry-go/belfry/policy"
)

// planEqualsRun is the invariant: what a dry run lists is what is done under the
// same inputs.
const planEqualsRun = "I-32 plan = run"

// randomEstate is a world, and what a policy says of it, that come from a seed.
func randomEstate(n uint64) (*estate, string, func(Subject) bool) {
	rng := rand.New(rand.NewPCG(n, 11))
	w := newEstate()
	shielded := map[string]bool{}
	w.named = []string{}
	for i := range 6 {
		id := fmt.Sprint("svc", i)
		w.accounts[id] = &account{
			version: fmt.Sprint(rng.IntN(3)), environment: pickOf(rng, []string{"", "production", "staging"}),
			criticality: pickOf(rng, []policy.Criticality{"", "low", "low", "medium", "high", "critical", "odd"}), retained: rng.IntN(6) == 0,
		}
		shielded[id] = rng.IntN(6) == 0
		if rng.IntN(2) == 0 {
			w.named = append(w.named, id)
		}
	}
	if rng.IntN(4) == 0 {
		w.limits = Limits{Percent: 1 + rng.IntN(100), Population: rng.IntN(12)}
	}
	w.permissive = rng.IntN(10) == 0
	doc := disabling(fmt.Sprintf(`"guard": ["count >= %d"], "budget": {"max": %d, "weight": %d, "per": "1h"}`, 1+rng.IntN(5)/4, 1+rng.IntN(6), 5+rng.IntN(200)))
	return w, doc, func(s Subject) bool { return shielded[s.ID] }
}

// listedBy runs one life of a world, dry or not, and returns whom the plan, the dry
// run and the real one were for.
func listedBy(t *testing.T, n uint64, dry bool, wrap func(*estate) Action) (plan, run []string) {
	w, doc, protected := randomEstate(n)
	if dry {
		doc = strings.Replace(doc, `"mode": "auto"`, `"mode": "dry_run"`, 1)
	}
	b := newBench(t, doc, func(c *Config) {
		c.Actions, c.Protected = map[string]Action{"disable": wrap(w)}, protected
	})
	b.trigger(about("svc0", func(a *policy.Alert) { a.Identity.Environment = "production" }))
	b.to(59 * time.Second)
	p, err := b.e.Plan(t.Context(), "svc0", "disable")
	if err != nil {
		t.Fatal(err)
	}
	if p.Result.String() == "started" {
		plan = subjectNames(p.Subjects)
	}
	b.to(10 * m)
	if !dry {
		for _, c := range w.calls {
			run = append(run, subjectNames(c.Subjects)...)
		}
		return plan, run
	}
	if len(w.calls) > 0 {
		t.Errorf("%s: world %d: a dry run acted", planEqualsRun, n)
	}
	d, err := b.e.readDeed(t.Context(), "action/svc0#1/disable")
	if err != nil {
		t.Fatal(err)
	}
	return plan, subjectNames(d.Subjects)
}

func TestDryRunListsWhatAutoDoes(t *testing.T) {
	started := 0
	same := func(w *estate) Action { return w }
	for n := range uint64(400) {
		plan, dry := listedBy(t, n, true, same)
		before, auto := listedBy(t, n, false, same)
		if !slices.Equal(plan, dry) || !slices.Equal(dry, auto) || !slices.Equal(before, auto) {
			t.Fatalf("%s: world %d: planned %q, listed %q, planned %q, done %q", planEqualsRun, n, plan, dry, before, auto)
		}
		if len(auto) > 0 {
			started++
		}
	}
	if started < 50 {
		t.Errorf("%d of the worlds came to an execution; want more", started)
	}
}

// wavering names one more to whoever asks a second time: a plan that is resolved
// again when it is carried out.
type wavering struct {
	*estate
	asked int
}

func (p *wavering) Plan(ctx context.Context, req ActionRequest) ([]Subject, error) {
	subjects, err := p.estate.Plan(ctx, req)
	if p.asked++; p.asked > 1 {
		subjects = append(subjects, Subject{ID: "svc-late", Criticality: policy.CriticalityLow})
		p.accounts["svc-late"] = &account{}
	}
	return subjects, err
}

func TestDryRunFindsASeededBug(t *testing.T) {
	for n := range uint64(400) {
		if plan, auto := listedBy(t, n, false, func(w *estate) Action { return &wavering{estate: w} }); !slices.Equal(plan, auto) {
			return
		}
	}
	t.Errorf("%s: nobody found it", planEqualsRun)
}
