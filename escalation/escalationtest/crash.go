package escalationtest

import (
	"context"
	"fmt"
	"time"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/notify"
)

// Told is one alert in a message: what was said to whom, and how often.
type Told struct {
	ID   string // the same at each attempt
	What string // kind, recipient, channel, alert, tier and pass
	Why  string // reason and text
	// At is the first attempt, counted from the start.
	At time.Duration
	// Tries is how many attempts there were, Taken how many were taken.
	Tries, Taken int
}

// crashSlack is how long a test goes on after its end when its store fails: what
// a crash leaves leased is told when the lease ends.
const crashSlack = 5 * time.Minute

// The leases of an engine that may crash are short, so that what it was telling
// is told again before the test goes on.
const (
	crashLease   = 5 * time.Second
	crashAttempt = time.Second
)

// patience is how often one thing is tried.
const patience = 8

// PlayOn plays the test on a store that may fail, as a patient host would: what
// an error answers is said again, under the same event id. After each error
// restart is asked for the store on which a new engine goes on, as after a
// crash of the process; where it returns nil the same engine goes on, as after
// a fault that passes.
//
// It returns what was told, in the order of the first attempts, and goes on for
// some minutes after the test's end, since a crash delays a message by a lease.
// Package crashtest is the test that is made of it.
func (c *Case) PlayOn(ctx context.Context, s store.Store, restart func() store.Store) ([]Told, error) {
	if c.Err != nil {
		return nil, c.Err
	}
	p := &crashing{play: newPlay(c), store: s, restart: restart, index: map[string]int{}}
	p.world.tells = p.tells
	until := *c
	until.Until += crashSlack
	p.Case = &until
	if err := p.try("start", func() error { return nil }); err != nil {
		return nil, err
	}
	p.schedule()
	p.lines = nil // nobody looks
	for i := range p.steps {
		if ev := &p.steps[i].Event; ev.ID == "" {
			ev.ID = fmt.Sprintf("step-%d", i+1)
		}
	}
	return p.told, p.run(ctx)
}

// crashing is a test on a store that fails.
type crashing struct {
	*play
	store   store.Store
	restart func() store.Store
	told    []Told
	index   map[string]int // of told, by id
}

// tells takes down an attempt at a message.
func (p *crashing) tells(n *notify.Notification, taken bool) {
	for k := range n.Alerts {
		it := &n.Alerts[k]
		i, known := p.index[it.ID]
		if !known {
			i = len(p.told)
			p.index[it.ID] = i
			p.told = append(p.told, Told{
				ID: it.ID, At: p.world.elapsed(),
				What: fmt.Sprintf("%s to %s via %s of %s %s/%s pass %d", n.Kind, n.To, n.Via, nameOf(it.Key, it.Incarnation), it.Track, it.Tier, it.Pass),
				Why:  it.Reason.String() + " " + it.Text,
			})
		}
		p.told[i].Tries++
		if taken {
			p.told[i].Taken++
		}
	}
}

// try does something until it works.
func (p *crashing) try(what string, do func() error) (err error) {
	for range patience {
		if p.eng == nil {
			cfg := p.config(p.store)
			cfg.Lease, cfg.AttemptTimeout = crashLease, crashAttempt
			if err = p.boot(cfg); err != nil {
				p.failed()
				continue
			}
		}
		if err = do(); err == nil {
			return nil
		}
		p.failed()
	}
	return fmt.Errorf("%s never works: %w", what, err)
}

// failed starts anew after an error, if it was a crash.
func (p *crashing) failed() {
	if s := p.restart(); s != nil {
		p.store, p.eng = s, nil
	}
}

// run goes from instant to instant up to the end.
func (p *crashing) run(ctx context.Context) error {
	for range maxHops {
		at := p.world.elapsed()
		if p.awake(at) == at {
			for len(p.steps) > 0 && p.awake(p.steps[0].At) <= at {
				s := p.steps[0]
				if err := p.try(fmt.Sprintf("line %d: %s", s.Line, s.Do), func() error { return p.step(ctx, &s) }); err != nil {
					return err
				}
				p.steps = p.steps[1:]
			}
			if err := p.try(fmt.Sprintf("settling at %s", at), func() error { return settle(ctx, p.eng) }); err != nil {
				return err
			}
		}
		next, ok := p.next(at)
		if !ok {
			return nil
		}
		p.clock.hop(p.Start.Add(next))
	}
	return fmt.Errorf("the test has more than %d instants", maxHops)
}
