package main

// durableGoals are the rows of what is written to a disk or a server.
func durableGoals() []goal {
	rows := append(commitGoals(), queueGoals()...)
	rows = append(rows, outageGoals()...)
	return append(rows, latenessGoals()...)
}

func rate(bench string) metric { return metric{bench, "events/s"} }

func commitGoals() []goal {
	at := func(who, rest string) metric { return rate("DurableCommit/who=" + who + "/" + rest) }
	const one, many, shared = "callers=1/batch=1", "callers=1/batch=100", "callers=64/batch=1"
	const raw = "an upsert of an indexed row"
	return []goal{
		{"P7", "commits to SQLite, full sync, one caller", at("belfry", one), raw, at("raw", one), true, 0.8},
		{"P7", "the same, a hundred at once", at("belfry", many), raw, at("raw", many), true, 0.8},
		{"P7", "the same, 64 callers", at("belfry", shared), "one caller", at("belfry", one), true, 5},
	}
}

func queueGoals() []goal {
	row := func(what, bench, peer string, limit float64) goal {
		return goal{"P8", what, rate(bench + "/who=belfry"), peer, rate(bench + "/who=river"), true, limit}
	}
	return []goal{
		row("triggers on PostgreSQL, 64 callers, 16 connections", "DurableTrigger", "River, `Insert`", 2),
		row("the same, 1,000 at once", "DurableBatch", "River, `InsertManyFast`", 1),
		row("tiers that are due, put in the outbox by two engines", "DurableDue", "River, jobs worked", 1),
	}
}

func outageGoals() []goal {
	at := func(store, until string) metric {
		return metric{"DurableOutage/store=" + store + "/until=" + until, "s"}
	}
	const page, outbox = "the first critical page after an outage, 100,000 tiers overdue, ", "all of them in the outbox, "
	return []goal{
		{"P9", page + "SQLite", at("sqlite", "page"), "", metric{}, false, 1},
		{"P9", page + "PostgreSQL, two engines", at("postgres", "page"), "", metric{}, false, 1},
		{"P9", outbox + "SQLite", at("sqlite", "outbox"), "", metric{}, false, 5},
		{"P9", outbox + "PostgreSQL, two engines", at("postgres", "outbox"), "", metric{}, false, 8},
	}
}

func latenessGoals() []goal {
	var rows []goal
	for _, at := range []struct {
		store, name string
		worst       float64
	}{{"memory", "in memory", 1}, {"sqlite", "SQLite", 1}, {"postgres", "PostgreSQL", 2}} {
		bench := "DurableLateness/store=" + at.store
		rows = append(rows,
			goal{"P12", "how late a page is, " + at.name + ", half of them", metric{bench, "s/p50"}, "", metric{}, false, 0.05},
			goal{"P12", "the same, 999 of 1,000", metric{bench, "s/p99.9"}, "", metric{}, false, at.worst})
	}
	return rows
}
