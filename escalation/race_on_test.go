//go:build race

package escalation_test

// raceEnabled says that the race detector runs, which makes each step tenfold
// slower and each repetition of a pure function worth little.
const raceEnabled = true
