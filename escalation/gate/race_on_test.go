//go:build race

package gate

// raceEnabled says that the race detector runs, which allocates by itself.
const raceEnabled = true
