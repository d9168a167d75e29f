package transcript

import (
	"fmt"
	"runtime"
	"testing"
)

// fakeT records what stopped a test instead of failing it.
type fakeT struct {
	testing.TB // nil: only the methods below may be called
	fatal      string
}

func (f *fakeT) Helper() {}

func (f *fakeT) Fatalf(format string, args ...any) {
	f.fatal = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// observe returns what body said to Fatalf, or "" if it came to its end.
func observe(body func(t testing.TB)) string {
	f := new(fakeT)
	done := make(chan struct{})
	go func() {
		defer close(done)
		body(f)
	}()
	<-done
	return f.fatal
}
