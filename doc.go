// Package belfry is escalation for machine identities, as a library: service
// accounts, API keys, certificates, tokens, and what happens when one of them
// leaks, expires, or is not rotated. This package is documentation; programs
// import the packages below it.
//
// # The idea
//
// An escalation is a small program that runs once a year, at night, while
// everything else is broken: tell the owner; if nobody answers in ten minutes,
// tell whoever is on call; let nobody deploy meanwhile. Such programs are
// usually scattered over a paging service, a few cron jobs and people's heads,
// and nobody can say beforehand what they will do.
//
// Here it is a policy, a text, and a machine that is a function:
//
//	Step(document, state, event) → state, effects, verdict
//
// Events go in: there is a problem, somebody has it, it is over, a deadline has
// come. Effects come out: tell this person, run this action, close this gate.
// The function reads no clock and asks nobody. So one and the same code drives
// the engine in production, forecasts what would happen, explains what did,
// runs the tests of policies, and replays a history to the same bytes.
//
// # Vocabulary
//
//	alert       one problem with one identity; at most one is open under a key
//	policy      the rules that govern it, pinned when it opens
//	track       one ladder of tiers; tracks run side by side, each acknowledged
//	            for itself
//	tier        one rung: whom to tell, and how long to wait for them
//	target      whom a tier names: user: team: role: schedule: owner channel:
//	deadline    an instant by which an outcome must be there
//	action      what a machine does about it, registered by the host
//	gate        a question the host asks before it acts: allow, hold or deny
//	review      people's votes, which open a gate or release an action
//	effect      one thing the machine asks for, with an id that never changes
//	receipt     what a vendor answered when a message was taken
//
// # Packages
//
//	policy                     the vocabulary, and the rule language compiled
//	policy/policyfile          reads it from YAML and JSON
//	policy/lint                what a document may say but should not
//	policy/oncall              who is on call at an instant
//	escalation                 the machine: Step, Drive, Simulate, Lines
//	escalation/engine          the host: verbs, timer, outbox, workers
//	escalation/store           the Store contract, and a store in memory
//	escalation/store/sqlstore  a store in SQLite or PostgreSQL
//	escalation/store/kvstore   a store in the key-value storage that a host has
//	escalation/escalationtest  test files, and a harness for your own tests
//	escalation/cmd/belfry      the command-line tool
//	notify                     how somebody is told: Notifier and its parts
//
// # A run, minute by minute
//
// The policy, in a file:
//
//	version: 1
//	policies:
//	  - name: rotation-failed
//	    match: [kind = rotation_failed]
//	    tiers:
//	      - {name: owner, notify: [owner], wait: 10m}
//	      - {name: iam, notify: [schedule:iam-oncall], wait: 10m}
//	    gates:
//	      - {name: deploy, operations: [deploy], close: open + 15m, open: resolved}
//
// The engine is made once. Policies, a notifier, and a last resort that is
// another than the notifier must be there; everything else has a default:
//
//	doc, err := policyfile.Load("policies.yaml")
//	eng, err := engine.New(engine.Config{
//		Policies:   doc,
//		Notifier:   pager,
//		LastResort: notify.Writer(os.Stderr),
//	})
//	go eng.Run(ctx)
//
// At 02:00 a rotation fails:
//
//	r, err := eng.Trigger(ctx, policy.Alert{
//		Key: "db/main", Kind: policy.RotationFailed, Severity: policy.SeverityHigh,
//		Identity: policy.Identity{ID: "svc-db", Owner: policy.User("olga")},
//	}, engine.By(policy.Service("rotator")))
//
// When Trigger returns, the alert is committed: its state, its history, and in
// the outbox a message to olga. The message leaves after the commit, never
// before. A second trigger of db/main counts on the open alert; it pages nobody
// again unless it is graver.
//
// 02:10: olga's ten minutes are over. The tier iam is due. Who is on call is
// looked up now, not when the alert opened. ivan is paged, and the record says
// why: no_ack_timeout, passed over user:olga, waited 10m0s.
//
// 02:12: ivan says that he has it. The climb stops, and what was not sent yet
// is withdrawn. His word lasts for eight hours, then he is asked again.
//
// 02:15: the gate closes. It would have closed without him, too: quiet stops
// pages, and never a gate or a deadline. A deployment asks:
//
//	if d := eng.Check("svc-db", "deploy"); !d.Allowed() {
//		return d.Err() // not allowed: deploy of "svc-db": gate deploy of db/main#1
//	}
//
// 02:31: ivan has rotated by hand and resolves. He was told by this alert, so
// he may verify, and the gate opens. olga hears that it is over.
//
// Nobody at all: at 02:20 the ladder ends. The policy names nobody for that, so
// the last resort is told, and again every hour or day by its priority, until
// somebody acknowledges or it is resolved. There is no path that ends in
// silence. The Example of this package is this story as a program.
//
// # Time
//
// Durations in policies are elapsed time; schedules are wall time, so that a
// hand-off at 09:00 stays at 09:00 when the clocks change. Instants are whole
// microseconds in UTC. The engine gives each event its instant when it commits
// it; what a sender says about time is data.
//
// A tier is due when the one above was due plus its wait, however late anybody
// looked, so one look at the clock and a thousand give the same records. Whoever
// looks more than a minute late did not run; what was missed then is a gap, and
// is caught up with in one step instead of being told tier by tier.
//
// There are three ways to drive the engine:
//
//   - [github.com/belfry-go/belfry/escalation/engine.Engine.Run] on a clock: one
//     timer for the earliest deadline, and bounded workers;
//   - Tick and Deliver, for a host that has a loop of its own. They do all work
//     on the caller's goroutine and return when to call again;
//   - Settle, for tests: tick and deliver until nothing is due.
//
// The clock is benbjohnson/clock's interface; of it only Now and Timer are used.
//
// # Delivery
//
// At least once. Of each message exactly one of these is true at any time: it
// is in the outbox, it was taken, it failed for good, or it is no longer wanted.
// A process that dies while it sends sends again, under the same id.
//
// A failure that may pass is retried after 1s, 2s, 4s up to 1m, for as long as
// the channel's give_up says. One that will not is no time given to a person:
// the next contact rule is taken at once, and when all targets of a tier failed,
// the next tier. What nobody takes goes to the last resort, which is tried for
// ever.
//
// # Failure
//
//   - A notifier errs, hangs or panics: it is bounded by a time-out and its own
//     lane, and the machine goes on to the next channel, person or tier.
//   - The directory errs or hangs: its last good answer is used, and marked;
//     without one the last resort is told.
//   - The store errs: verbs return an error, and nothing is known to be
//     committed. If Run cannot commit for half a minute, the last resort is told
//     directly, beside the outbox.
//   - The process dies: everything is in the store. The next start finds what is
//     due and what is unsent.
//   - Two engines on one store: the second commit from one position is a
//     conflict; it loads and steps again.
//   - The wall clock jumps: engine time never goes back, and a jump of more than
//     an hour is believed only when a second look agrees.
//
// # Writing a Notifier
//
// One method, one attempt. It does not retry, queue, or decide whom to tell; the
// class of its error says what may be done next. Package notify has the contract,
// notifytest.Run checks it, and package notify's parts (Mux, Failover, Timeout)
// make one of several.
//
// # Writing an Action
//
// One method, one attempt at something on one identity, under a name that
// policies use:
//
//	disable := engine.ActionFunc(func(ctx context.Context, req engine.ActionRequest) (engine.ActionResult, error) {
//		if isProtected(req.Subject.ID) {
//			return engine.ActionResult{}, engine.Refused(errors.New("protected"))
//		}
//		return engine.ActionResult{}, iam.Disable(ctx, req.Subject.ID, req.ID) // req.ID is the idempotency key
//	})
//
// It is called after the pages of its instant went out, and never delays them.
// What it can do beyond (plan, read back, take back, say that it may be repeated)
// are methods of their own, see [engine.Planner] and its neighbours. An outcome
// that nobody knows is read back, and never repeated blindly.
// enginetest.RunAction is the contract.
//
// # Writing a Store
//
// A store keeps streams: for each alert a history, a state, a deadline, event
// ids and an outbox. One Commit writes to one stream, all or nothing, and only if
// the stream stands where the writer saw it. Nothing is written across streams,
// so that a key-value store without transactions can hold one in one value.
// storetest.Run is the contract; run it first.
//
// # The determinism contract
//
// Equal documents, states and events give equal results, in every process and
// on every machine. What could differ enters as an answer to a question, and the
// answer is recorded with the event. Effect ids are the number of the record and
// a place in it, so they are the same after a replay. A history that a version
// wrote replays in every later one.
//
// This holds for package escalation, and a test of its parsed files keeps it so.
// The engine is not a function; it has goroutines, and decides when something
// happens, never what.
//
// # Security
//
//   - The author of an event is whom the host authenticated. Nothing in a payload
//     is an author.
//   - Making noise is open to all; making quiet needs a person of the directory
//     who is no part of the problem; opening something needs those whom the
//     pinned policy names.
//   - A gate that is not known denies, and so does an engine that has not read
//     its store.
//   - An alert carries no credential. Errors of vendors are redacted.
//   - The history of each stream is a chain of hashes. Keep its head where the
//     writer of the store cannot reach, else it shows nothing.
//
// # What it does not do
//
// It sends nothing by itself, has no server and no user interface, and groups no
// metrics. There is no ready channel to a vendor yet, and no intake of webhooks.
package belfry
