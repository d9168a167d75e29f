// Package nodes holds the tests of many engines on one PostgreSQL. Each engine
// is a process of its own, which the tests kill and pause at random while
// clients work on the same alerts through all of them.
//
// What the clients saw is checked for linearizability: there must be one order
// of all operations, in which each stands between its call and its answer and
// sees what those before it did. An acknowledgement that another engine does not
// see, a tier that is entered twice, a trigger that counts twice, and a gate that
// lets through what was denied longer ago than it may be stale have no place in
// any such order. What the checker is worth is shown by stores with a
// seeded bug, which it must catch.
//
//	make nodes ROUNDS=1000   # how often something is killed or paused
//	make pause PAUSE=1m      # an engine that is stopped for a minute
package nodes
