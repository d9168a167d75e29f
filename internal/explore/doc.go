// Package explore looks for states of the escalation machine in which it breaks
// its word.
//
// It knows three things. [CheckState] and [Transition.Check] say what must hold
// of every state and of every step, whatever the policy. An [Explorer] walks
// breadth-first through the states that a small policy can reach, under an
// [Alphabet] of everything that people, machines and time can do, and holds each
// to that; so the path that it reports is a shortest one. The generators
// ([RandomDocument], [RandomEvent], [RandomAnswers]) make what nobody would
// write by hand, out of a [Chooser]: a seed for a test, bytes for a fuzzer.
package explore
