package engine

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/audit"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// Config is what an [Engine] is made of. Policies, Notifier and LastResort are
// required.
type Config struct {
	// Policies is the document that governs what opens from now on. Alerts that
	// are open keep the one under which they opened.
	Policies *policy.Document

	// Notifier tells people.
	Notifier notify.Notifier

	// LastResort is told when nobody else can be. It must be another than
	// Notifier, for it is needed when that fails; [notify.Writer] on standard
	// error is better than nothing.
	LastResort notify.Notifier

	// LastResortName is what notifications and records call the last resort.
	//
	// Defaults to "last-resort".
	LastResortName string

	// Actions are what policies may run, by the name after `run:`. An action
	// that a policy names and that is not here is refused, and told.
	//
	// Defaults to none.
	Actions map[string]Action

	// Protected says of an identity that no action may be done to it, whatever
	// plans and policies say: those that the host itself runs by, those for
	// emergencies. It must be safe for concurrent use, and fast.
	//
	// Defaults to nobody beyond those who may break glass, and the engine.
	Protected func(Subject) bool

	// Directory says who people are and who is on call.
	//
	// Defaults to the `directory:` of the document loaded last.
	Directory escalation.Directory

	// DirectoryTimeout bounds one question to Directory. When it is over, the
	// last good answer is used and marked stale; with none, the machine is told
	// that the directory failed, and pages the last resort.
	//
	// Defaults to 2 seconds.
	DirectoryTimeout time.Duration

	// Store keeps everything.
	//
	// Defaults to a new store in memory.
	Store store.Store

	// Clock is read by Now, and armed by Timer; nothing else of it is used.
	//
	// Defaults to the real clock.
	Clock clock.Clock

	// Logger is told of what the engine cannot record: a store that fails, a
	// panic, a callback that hangs. Nothing secret is logged.
	//
	// Defaults to a logger that discards.
	Logger *slog.Logger

	// Node names this engine among those that share a store. Each needs a name
	// of its own, and the same one after a restart.
	//
	// Defaults to "main", which takes the store to be this engine's alone.
	Node string

	// Workers is how many notifications and actions are under way at once in
	// Run.
	//
	// Defaults to 64.
	Workers int

	// PerChannel is how many of them are by one contact channel, and PerTarget
	// how many to one recipient by one channel (each about other alerts), so
	// that what hangs leaves room for the others.
	//
	// Default to half of Workers, and to an eighth of it.
	PerChannel, PerTarget int

	// BreakAfter is how many attempts by one contact channel, to at least two
	// recipients, fail in a row (for a time, or with an unknown outcome) until
	// the channel is held back: for 15s, then a single attempt probes it, and
	// each time that this fails the channel is held back for twice as long, up
	// to 5m. Whoever has another contact rule is told by that at once; what
	// others are to be told waits, at most for the channel's give_up. Nothing
	// about P1 and leaks is held back.
	//
	// Defaults to 5; negative: no channel is ever held back.
	BreakAfter int

	// AttemptTimeout bounds one call of Notifier or LastResort in Run, by its
	// context. What has not returned a second later is given up: the message
	// counts as of unknown outcome and is sent again.
	//
	// Defaults to 10 seconds.
	AttemptTimeout time.Duration

	// Lease is how long an item of the outbox is this engine's before another
	// may take it. It must be longer than AttemptTimeout and every action's
	// time-out.
	//
	// Defaults to 2 minutes.
	Lease time.Duration

	// LookAgain is how often Run looks at the clock and the store without being
	// woken: the clock of a machine that slept is found out by it, and so is
	// what other engines committed.
	//
	// Defaults to 5 seconds.
	LookAgain time.Duration

	// MaxStale is how old the last look at a store that is shared may be for
	// Check to answer from: the longest that a gate which another engine has
	// shut may still be taken for open here. Past it, Check denies. An engine
	// that has its store for itself is never stale.
	//
	// Defaults to three times LookAgain.
	MaxStale time.Duration

	// Evidence is a sink outside the store that is given every entry of the
	// history. While it takes nothing, pages and protective actions go on, and
	// what gives something back waits: gates stay shut, permissive actions and
	// undos do not begin, a release of the kill switch has no effect. The entry
	// that opens a gate has to be taken before the gate opens.
	//
	// Defaults to none: nothing waits.
	Evidence audit.Sink

	// EvidencePatience is how long Evidence may take nothing before the last
	// resort is told, once, as evidence_unavailable.
	//
	// Defaults to 30 seconds.
	EvidencePatience time.Duration

	// Decoded is how many alerts are kept decoded, beside what the store keeps.
	// Each takes about 2 kB. What is not is read from the store each time,
	// which with a store in memory is as fast.
	//
	// Defaults to 512.
	Decoded int

	// Salt is where the salts of the history come from. It must not be
	// predictable: what was erased from the history could be guessed.
	//
	// Defaults to crypto/rand.
	Salt io.Reader

	// Subscribe is told of each record; see [Engine.Subscribe].
	//
	// Defaults to nobody.
	Subscribe func(Record)
}

// check returns what is missing or contradicts itself, all of it.
func (c *Config) check() error {
	var errs []error
	if c.Policies == nil {
		errs = append(errs, errors.New("engine: Config.Policies is missing; policyfile.Load reads one from a file"))
	}
	if c.Notifier == nil {
		errs = append(errs, errors.New("engine: Config.Notifier is missing; nobody could be told"))
	}
	switch {
	case c.LastResort == nil:
		errs = append(errs, errors.New("engine: Config.LastResort is missing; notify.Writer(os.Stderr) is one"))
	case c.Notifier != nil && notify.Same(c.Notifier, c.LastResort):
		errs = append(errs, errors.New("engine: Config.LastResort is the Notifier; it is needed when that fails, so it must be another"))
	}
	for name, a := range c.Actions {
		if a == nil {
			errs = append(errs, fmt.Errorf("engine: Config.Actions[%q] is nil", name))
		}
	}
	if c.Lease > 0 && c.AttemptTimeout > 0 && c.Lease <= c.AttemptTimeout+abandonAfter {
		errs = append(errs, fmt.Errorf("engine: Config.Lease %v must be more than a second longer than AttemptTimeout %v", c.Lease, c.AttemptTimeout))
	}
	return errors.Join(errs...)
}

// withDefaults returns c with its zero values filled in.
func (c Config) withDefaults() Config {
	orDuration := func(d *time.Duration, def time.Duration) {
		if *d <= 0 {
			*d = def
		}
	}
	orInt := func(n *int, def int) {
		if *n <= 0 {
			*n = def
		}
	}
	if c.LastResortName == "" {
		c.LastResortName = escalation.LastResort().ID
	}
	if c.Store == nil {
		c.Store = store.NewMemory()
	}
	if c.Clock == nil {
		c.Clock = clock.New()
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Node == "" {
		c.Node = "main"
	}
	if c.Salt == nil {
		c.Salt = rand.Reader
	}
	orDuration(&c.DirectoryTimeout, 2*time.Second)
	orDuration(&c.AttemptTimeout, 10*time.Second)
	orDuration(&c.Lease, 2*time.Minute)
	orDuration(&c.LookAgain, 5*time.Second)
	orDuration(&c.EvidencePatience, 30*time.Second)
	orDuration(&c.MaxStale, 3*c.LookAgain)
	orInt(&c.Workers, 64)
	orInt(&c.PerChannel, max(c.Workers/2, 1))
	orInt(&c.PerTarget, max(c.Workers/8, 1))
	orInt(&c.Decoded, 512)
	if c.BreakAfter == 0 {
		c.BreakAfter = 5
	}
	return c
}
