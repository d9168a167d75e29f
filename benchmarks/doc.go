// Package benchmarks measures Belfry beside its peers: libraries and designs
// that a host might use instead. Everything is in its tests,
//
//	go test -run '^$' -bench . -count 6 .
//
// measures all of it in one run of one program, so that what is compared was
// measured on one machine at one time; command table makes the table of
// docs/benchmarks.md of what it prints. It is a module of its own, for the
// peers and what they require are nobody else's business.
//
// The big ones take their sizes from flags, which stand behind -args:
//
//	-alerts 1000000    open alerts, for memory and growth
//	-year 100000       alerts in the virtual year
package benchmarks
