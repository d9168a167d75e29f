// Package stage is what the examples are played on: a clock that they move, a
// pager that prints, and an audience that sees what happens.
package stage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/belfry-go/belfry/escalation/audit"
	"github.com/belfry-go/belfry/escalation/engine"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// Stage is where one story is told.
type Stage struct {
	// Clock and Store are for the Config of the engine, and the engine is made
	// by the story.
	Clock  *clock.Mock
	Store  *store.Memory
	Engine *engine.Engine

	out io.Writer
	err error
}

// New is a stage for a story that begins at an instant and is told to out.
func New(begins time.Time, out io.Writer) *Stage {
	s := &Stage{Clock: clock.NewMock(), Store: store.NewMemory(), out: out}
	s.Clock.Set(begins)
	return s
}

// After lets time pass, from one deadline to the next, and then says what
// happens.
func (s *Stage) After(ctx context.Context, d time.Duration, what string) {
	err := s.Engine.Settle(ctx)
	for end := policy.InstantOf(s.Clock.Now().Add(d)); err == nil && policy.InstantOf(s.Clock.Now()) < end; {
		s.Clock.Set(min(end, s.Engine.Next()).Time())
		err = s.Engine.Settle(ctx)
	}
	s.fail(err)
	s.print("%s %s", s.Clock.Now().Format("15:04"), what)
}

// Answered shows how the engine answered an event.
func (s *Stage) Answered(r engine.Result, err error) {
	if err != nil {
		s.fail(err)
		return
	}
	s.Say("%s, the alert is %s", r.Verdict, r.State.Status)
}

// Say shows what happens at this instant.
func (s *Stage) Say(format string, args ...any) {
	s.print(s.Clock.Now().Format("15:04")+"   "+format, args...)
}

// Notify is a pager that prints.
func (s *Stage) Notify(_ context.Context, n notify.Notification) (notify.Receipt, error) {
	for _, it := range n.Alerts {
		words := []string{"→", n.To.String(), n.Kind.String(), it.Track, it.Tier, it.Reason.String()}
		s.Say("%s", strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), " "))
	}
	return notify.Receipt{}, nil
}

// Evidence ends the story with what a reader gets who trusts nobody here: the
// history of the alert, exported, verified by the second implementation, and
// replayed.
func (s *Stage) Evidence(ctx context.Context, key string) {
	s.fail(s.Engine.Settle(ctx))
	var export bytes.Buffer
	s.fail(audit.Export(ctx, s.Store, &export))
	r, err := audit.NewReport(&export, key, 0, audit.Trust{})
	if s.fail(err); s.err != nil {
		return
	}
	s.print("\n%d entries, whole: %t, replayed: %t", r.Integrity.Entries, r.Integrity.Whole, r.Integrity.Replayed)
	for _, line := range r.Record {
		if !slices.Contains(routine(), strings.Fields(line)[1]) {
			s.print("%s", line)
		}
	}
}

// routine is how lines begin that the audience is spared: who was told it has
// seen.
func routine() []string {
	return []string{"opened", "matched", "deadline_set", "notify", "delivery", "report", "tick", "status"}
}

// Err is what went wrong.
func (s *Stage) Err() error { return s.err }

func (s *Stage) fail(err error) { s.err = errors.Join(s.err, err) }

func (s *Stage) print(format string, args ...any) {
	_, err := fmt.Fprintf(s.out, format+"\n", args...)
	s.fail(err)
}
