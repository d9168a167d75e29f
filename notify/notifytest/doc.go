// Package notifytest helps to test what sends notifications and what is one: a
// [Recorder] that takes everything, Notifiers that fail in the ways real ones
// do ([FailN], [Fail], [Block], [Hold], [Panic]), and [Run], the contract of
// notify.Notifier as a test.
//
// Nothing here sleeps or reads a clock, except that Run bounds by real time
// how long it waits for an answer.
package notifytest
