package main

// metric is one measured number.
type metric struct{ bench, unit string }

// goal is one row: a number, alone or divided by another's, and where it is to
// be.
type goal struct {
	figure, what string
	ours         metric
	beside       string // who is measured beside; "": nobody
	theirs       metric
	atLeast      bool // else at most
	limit        float64
}

// none is a row without a goal, which is told because it is true.
const none = -1

func ns(bench string) metric     { return metric{bench, "ns/op"} }
func allocs(bench string) metric { return metric{bench, "allocs/op"} }

// goals are the rows of the table.
func goals() []goal {
	rows := append(stepGoals(), openGoals()...)
	rows = append(rows, chooseGoals()...)
	rows = append(rows, gateGoals()...)
	return append(rows, otherGoals()...)
}

func stepGoals() []goal {
	const into, value, ignored = "Step/who=belfry-into", "Step/who=belfry-value", "Step/who=belfry-ignored"
	const looplab, stateless = "looplab/fsm, bare transition", "qmuntal/stateless, bare transition"
	return []goal{
		{"P1", "a step into the next tier, by value", ns(value), looplab, ns("Step/who=looplab"), false, 0.5},
		{"P1", "a step into the next tier, by value", ns(value), stateless, ns("Step/who=stateless"), false, 0.5},
		{"P1", "the same by `StepInto`", ns(into), looplab, ns("Step/who=looplab"), false, 0.2},
		{"P1", "the same by `StepInto`", ns(into), stateless, ns("Step/who=stateless"), false, 0.2},
		{"P1", "the same by `StepInto`", ns(into), "etcd raft, a follower's heartbeat", ns("Step/who=raft"), false, none},
		{"P1", "its allocations, with the caller's slice", allocs(into), "", metric{}, false, 0},
		{"P1", "an ignored event", ns(ignored), "", metric{}, false, 10},
		{"P1", "its allocations", allocs(ignored), "", metric{}, false, 0},
	}
}

func openGoals() []goal {
	const many, few = "Open/who=belfry/alerts=many", "Open/who=belfry/alerts=few"
	const timers, timersFew, sleepers = "Open/who=afterfunc/alerts=many", "Open/who=afterfunc/alerts=few", "ZSleepers"
	in := func(bench, unit string) metric { return metric{bench, unit} }
	return []goal{
		{"P2", "memory of an open alert, beyond the alert", in(many, "B/alert"), "", metric{}, false, 256},
		{"P2", "memory of an open alert, beyond the alert", in(many, "B/alert"), "a goroutine that sleeps", in(sleepers, "B/alert"), false, 0.1},
		{"P2", "memory of an open alert, beyond the alert", in(many, "B/alert"), "`time.AfterFunc` and a map", in(timers, "B/alert"), false, none},
		{"P2", "the alert itself, encoded", in(many, "B/subject"), "", metric{}, false, none},
		{"P2", "history, two records", in(many, "B/history"), "", metric{}, false, none},
		{"P2", "outbox", in(many, "B/outbox"), "", metric{}, false, none},
		{"P2", "a full collection", in(many, "ms/gc"), "`time.AfterFunc` and a map", in(timers, "ms/gc"), false, 0.2},
		{"P6", "an event among many open alerts", in(many, "ns/event"), "among 1,000", in(few, "ns/event"), false, 2},
		{"P6", "an `AfterFunc` armed anew among many", in(timers, "ns/event"), "among 1,000", in(timersFew, "ns/event"), false, none},
	}
}

func chooseGoals() []goal {
	at := func(who, n string) string { return "Choose/who=" + who + "/policies=" + n }
	const all, scan = "the policy of an alert, among 1,000", "the same where no condition is an equality"
	return []goal{
		{"P3", all, ns(at("belfry", "1000")), "among 10", ns(at("belfry", "10")), false, 2},
		{"P3", "the same, allocations", allocs(at("belfry", "1000")), "", metric{}, false, 0},
		{"P3", all, ns(at("expr", "1000")), "expr, divided by ours", ns(at("belfry", "1000")), true, 50},
		{"P3", all, ns(at("opa", "1000")), "OPA, divided by ours", ns(at("belfry", "1000")), true, 50},
		{"P3", all, ns(at("cel", "1000")), "cel-go, divided by ours", ns(at("belfry", "1000")), true, none},
		{"P3", scan, ns(at("belfry-scan", "1000")), "expr", ns(at("expr", "1000")), false, none},
		{"P3", scan, ns(at("belfry-scan", "1000")), "OPA", ns(at("opa", "1000")), false, none},
	}
}

func gateGoals() []goal {
	var rows []goal
	for _, find := range []string{"hit", "miss"} {
		at := func(who string) metric { return ns("Gate/who=" + who + "/find=" + find) }
		what := "`Check` while gates change, " + find
		rows = append(rows,
			goal{"P4", what, at("belfry"), "atomic pointer to a map, by identity", at("pointer"), false, 1.1},
			goal{"P4", what, at("belfry"), "the same by identity and operation", at("pointer-pair"), false, none},
			goal{"P4", what, at("rwmutex"), "`sync.RWMutex` and a map, divided by ours", at("belfry"), true, 4},
			goal{"P4", "its allocations", allocs("Gate/who=belfry/find=" + find), "", metric{}, false, 0})
	}
	return rows
}

func otherGoals() []goal {
	year := func(who string) metric { return metric{"Year/who=" + who, "events/s"} }
	return []goal{
		{"P5", "events of a virtual year, one core", year("belfry"), "", metric{}, true, 700_000},
		{"P5", "events of a virtual year, one core", year("belfry"), "synctest, a goroutine that sleeps", year("synctest"), true, 1},
		{"P5", "events of a virtual year, one core", year("belfry"), "benbjohnson Mock, a timer each", year("mock"), true, 1000},
		{"P9", "the first critical page after an outage, 100,000 tiers overdue", metric{"Outage/until=page", "s"}, "", metric{}, false, 1},
		{"P9", "all of them in the outbox, store in memory", metric{"Outage/until=outbox", "s"}, "", metric{}, false, 1},
		{"P10", "who is on call at an instant", ns("OnCall/who=belfry"), "rrule-go, the rotation alone", ns("OnCall/who=rrule"), false, 1.0 / 200},
		{"P10", "the same, allocations", allocs("OnCall/who=belfry"), "", metric{}, false, 0},
		{"P11", "`belfry test`, 1,000 cases", ns("Tool/verb=test"), "", metric{}, false, 2e9},
		{"P11", "`belfry lint`, 1,000 policies", ns("Tool/verb=lint"), "", metric{}, false, 1e9},
	}
}
