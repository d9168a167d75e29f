// Package faket observes what a helper of tests says about a test, so that the
// helper's failures can be tested like any other result.
package faket

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// Result is how an observed test ended.
type Result struct {
	Failed  bool   // it reported a failure
	Stopped bool   // it did so by Fatal, Fatalf or FailNow
	Log     string // what it printed, one line a call
}

// Observe runs body with a test of its own and returns how that ended. The
// test may report, log and register clean-ups; any other method panics.
func Observe(body func(t testing.TB)) Result {
	t := new(fake)
	done := make(chan struct{})
	go func() { // FailNow ends the goroutine that it is called on
		defer close(done)
		defer t.cleanup()
		body(t)
	}()
	<-done
	return Result{Failed: t.failed, Stopped: t.stopped, Log: t.log.String()}
}

// fake is the test that a body is given.
type fake struct {
	testing.TB // nil
	failed     bool
	stopped    bool
	log        strings.Builder
	cleanups   []func()
}

func (t *fake) Helper()          {}
func (t *fake) Name() string     { return "TestFake" }
func (t *fake) Failed() bool     { return t.failed }
func (t *fake) Fail()            { t.failed = true }
func (t *fake) Cleanup(f func()) { t.cleanups = append(t.cleanups, f) }

func (t *fake) FailNow() {
	t.failed, t.stopped = true, true
	runtime.Goexit()
}

func (t *fake) Log(args ...any)                 { fmt.Fprintln(&t.log, args...) }
func (t *fake) Logf(format string, args ...any) { fmt.Fprintf(&t.log, format+"\n", args...) }

func (t *fake) Error(args ...any) {
	t.Log(args...)
	t.Fail()
}

func (t *fake) Errorf(format string, args ...any) {
	t.Logf(format, args...)
	t.Fail()
}

func (t *fake) Fatal(args ...any) {
	t.Log(args...)
	t.FailNow()
}

func (t *fake) Fatalf(format string, args ...any) {
	t.Logf(format, args...)
	t.FailNow()
}

// cleanup runs what was registered, the last first.
func (t *fake) cleanup() {
	for i := len(t.cleanups) - 1; i >= 0; i-- {
		t.cleanups[i]()
	}
}
