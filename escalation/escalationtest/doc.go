// Package escalationtest is for testing escalation policies, and what a host
// builds around them, with the real engine on a clock that hops. A year of
// tiers takes milliseconds, and the same test always gives the same answer.
//
// # In Go
//
// A [Harness] is an engine under the hands of a test:
//
//	h := escalationtest.New(t, escalationtest.Config{Policies: doc})
//	h.Trigger(policy.Alert{Key: "db/main", Kind: policy.RotationFailed})
//	h.Advance(5 * time.Minute)
//	h.Acknowledge("db/main", "user:bob")
//	h.Advance(24 * time.Hour)
//	if got := h.Timeline(); got != want { … }
//
// # In files
//
// A test file says what is given, what people do, and what must follow; the
// command-line tool runs it (belfry test), and so does a Go test ([Run]):
//
//	func TestPolicies(t *testing.T) { escalationtest.Run(t, "policies/*.test.yaml") }
//
//	# policies/rotation.test.yaml
//	version: 1
//	policies: [rotation.yaml]
//	tests:
//	  - name: the owner sleeps
//	    start: 2026-03-10T14:00:00Z
//	    alert: {key: db/main, kind: rotation_failed, severity: high}
//	    when:
//	      - {at: 17m, do: acknowledge, by: "user:bob"}
//	    then:
//	      - {at: 0s, notify: ["user:alice"], tier: owner, reason: initial}
//	      - {at: 15m, notify: ["user:bob"], tier: backup, reason: no_ack_timeout}
//	      - {at: 17m, status: acknowledged}
//
// Unknown fields are errors, and so are a test without a line in `then` and a
// file without a test: what proves nothing must not pass. The faults of one
// test keep no other from running.
//
// # How a test is played
//
// Times are spans from `start`, which is a Monday morning when it is not given.
// At one instant comes first what `when` says, in the order of the file, then
// what is due, then what leaves and what becomes of it. Inside `given.down` the
// engine does not run; what `when` says inside is committed at its end, before
// what is overdue.
//
// `policies` lists files that are one document together: policies in the order
// of the files, every other section in one of them.
//
// `given.oncall` replaces a schedule wholly: outside the spans that it lists,
// nobody is on call. An entry of `given.fail` without a `kind` is permanent; the
// last resort fails only where `to` names it. A trigger with `times: n` and
// `until` stands for n triggers spread evenly over [at, until).
//
// # How lines are compared
//
// A `notify` line consumes one message for each person that it lists, at that
// instant; no message is consumed twice, and lines are given messages so that
// as many of them hold as can. Without a `kind` it is about a page, a reminder, a
// question to voters, a notice, or the last resort; what tells that it is over,
// and updates of channels, are compared where a line names their kind. `count:
// n` narrows to messages about an alert that was triggered n times so far; where
// there is none, it asks for n messages to each person.
//
// Unless `strict: false` is given, a notification or the start of an action
// that no line lists is a failure, up to the end of the test, which is excluded.
// Without `until` the end is an hour after the last line.
//
// A `record` line holds where some line of a record at that instant has all its
// fields (see escalation.Line). Durations and instants are compared by what
// they mean, so that 90m, 1h30m0s and 2026-03-10T15:30:00Z may be equal; a list
// wants each of its items. It consumes nothing.
//
// `status`, `gate` and `check` are looked at when everything at their instant
// has happened. An event that was rejected fails the test unless a `record` line
// names its verdict or its reason.
//
// Events and lines without a `key` are about the test's alert; `key: db/main#2`
// is its second incarnation.
package escalationtest
