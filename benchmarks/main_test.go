package benchmarks

import (
	"flag"
	"testing"
)

// Sizes of the big benchmarks.
var (
	alertCount = flag.Int("alerts", 1_000_000, "open alerts, for memory and growth")
	yearCount  = flag.Int("year", 100_000, "alerts in the virtual year")
)

// must returns v, or ends the benchmark.
func must[T any](b testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
		return v
	}
}
