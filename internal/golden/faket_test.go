package golden

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// fakeT records what a check says about a test instead of failing it.
type fakeT struct {
	testing.TB // nil: only the methods below may be called
	failed     bool
	stopped    bool
	log        strings.Builder
}

func (f *fakeT) Helper()      {}
func (f *fakeT) Name() string { return "TestFake" }

func (f *fakeT) Errorf(format string, args ...any) {
	f.failed = true
	fmt.Fprintf(&f.log, format+"\n", args...)
}

func (f *fakeT) Fatalf(format string, args ...any) {
	f.Errorf(format, args...)
	f.stopped = true
	runtime.Goexit()
}

// observe runs body against a fakeT, on a goroutine that Fatalf may end.
func observe(body func(t testing.TB)) *fakeT {
	f := new(fakeT)
	done := make(chan struct{})
	go func() {
		defer close(done)
		body(f)
	}()
	<-done
	return f
}
