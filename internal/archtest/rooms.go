package archtest

// room is one row of the import table.
type room struct {
	// path is a directory relative to the root; "dir/..." is everything below
	// dir that has no row of its own.
	path string
	// ours are the rooms that it may import; "x/..." is x and all below.
	ours []string
	// theirs are the third-party modules that it may import.
	theirs []string
	// without are the packages of the standard library that stay out.
	without []string
	// testing: the room exists for tests and may import testing and what
	// serves it.
	testing bool
	// why gives the reason, and what to do instead.
	why string
}

const (
	clockModule = "github.com/benbjohnson/clock"
	cmpModule   = "github.com/google/go-cmp"
	syncModule  = "golang.org/x/sync"
	yamlModule  = "go.yaml.in/yaml/v4"
)

// host is what a pure room does without: the outer world, and whatever is so
// large that those who embed the library would notice it.
func host() []string {
	return []string{
		"context", "database/...", "html/...", "io/ioutil", "log/...", "math/rand/...", "net/...",
		"os/...", "path/filepath", "plugin", "runtime/...", "sync/...", "syscall/...", "text/template/...", "unsafe",
	}
}

// rooms is the import table. It answers "who may import whom" as the design
// has it: no arrow points up.
func rooms() []room {
	return []room{
		{path: ".", why: "the root package is documentation; programs import the rooms"},

		{
			path: "policy", without: host(),
			why: "the rule language is std only and pure: it must serve a browser, a linter and a machine alike",
		},
		{
			path: "policy/oncall", ours: []string{"policy"}, without: without(host(), "sync/..."),
			why: "who is on call at an instant is a function of schedule and instant; it may remember answers, hence sync",
		},
		{
			path: "policy/policyfile", ours: []string{"policy", "policy/oncall"}, theirs: []string{yamlModule},
			why: "the only room that reads YAML and files; it hands policy a neutral tree",
		},
		{
			path: "policy/lint", ours: []string{"policy", "policy/oncall"}, without: host(),
			why: "a finding follows from the document alone, so that an editor and a server find the same",
		},
		{
			path: "policy/render", ours: []string{"policy", "policy/oncall"}, without: []string{"net/...", "os/..."},
			why: "a picture is made from the policy's own model, never from the host",
		},

		{
			path: "escalation", ours: []string{"policy", "policy/oncall"}, without: without(host(), "context"),
			why: "the machine is a pure function; what it cannot know is a question to the driver (purity.go has the rest)",
		},
		{
			path: "escalation/engine",
			ours: []string{
				"policy", "policy/oncall", "notify", "escalation", "escalation/store", "escalation/gate", "escalation/audit",
				"internal/timekeeper",
			},
			theirs: []string{clockModule, syncModule},
			why:    "the host drives the machine; whatever else it needs is plugged in through an interface",
		},
		{
			path: "escalation/engine/enginetest", ours: []string{"policy", "escalation", "escalation/engine"}, testing: true,
			why: "the contract of actions speaks of what the engine calls, so that any action can be held to it",
		},
		{
			path: "escalation/store", ours: []string{"policy", "escalation"},
			why: "a store keeps what the machine says and knows neither engine nor notifier",
		},
		{
			path: "escalation/store/storetest",
			ours: []string{"policy", "escalation", "escalation/store", "escalation/audit"}, theirs: []string{cmpModule}, testing: true,
			why: "the store's contract speaks of streams alone, so that any store can be held to it",
		},
		{
			path: "escalation/store/sqlstore/...", ours: []string{"policy", "escalation", "escalation/store", "escalation/audit"},
			why: "database/sql and the store's contract; the host brings the driver",
		},
		{
			path: "escalation/store/kvstore", ours: []string{"policy", "escalation", "escalation/store"},
			why: "five methods and the store's contract; the host brings the storage",
		},
		{
			path: "escalation/gate", ours: []string{"policy", "escalation", "escalation/store", "internal/timekeeper"},
			theirs: []string{clockModule},
			why:    "the board is read on a hot path; it knows what is committed to a store, and the time",
		},
		{
			path: "escalation/gate/gatehttp", ours: []string{"policy", "escalation", "escalation/gate"},
			why: "the gate before a handler; who holds a board need not bring net/http along",
		},
		{
			path: "escalation/audit", ours: []string{"policy", "escalation", "escalation/store"},
			why: "a verifier that trusts the engine proves nothing; the store is read for the export alone",
		},
		{
			path: "escalation/intake/...", ours: []string{"policy", "escalation", "escalation/intake"},
			why: "a source's payload becomes an alert here; what happens to it is the engine's",
		},
		{
			path: "escalation/httpapi/...",
			ours: []string{
				"policy", "policy/oncall", "policy/render", "notify", "escalation", "escalation/engine", "escalation/store",
				"escalation/gate", "escalation/audit", "escalation/intake/...", "escalation/httpapi/...",
			},
			why: "an adapter: it calls the engine's verbs and shows what they answer",
		},
		{
			path: "escalation/escalationtest/...",
			ours: []string{
				"policy/...", "notify", "notify/notifytest", "escalation", "escalation/engine", "escalation/store",
				"escalation/store/storetest", "escalation/gate", "escalation/audit", "escalation/escalationtest/...",
			},
			theirs: []string{clockModule, cmpModule}, testing: true,
			why: "what users test their policies with: the real engine on a clock that hops",
		},
		{
			path: "escalation/cmd/belfry/...", ours: []string{"policy/...", "notify/...", "escalation/...", "internal/..."},
			why: "the tool is a program: it may use every room, and no module that the library does not require",
		},

		{
			path: "notify", ours: []string{"policy"},
			why: "how to tell someone: it knows targets and messages, and nothing of state",
		},
		{
			path: "notify/notifytest", ours: []string{"policy", "notify"}, theirs: []string{cmpModule}, testing: true,
			why: "the notifier's contract, for those who write one",
		},
		{
			path: "notify/...", ours: []string{"policy", "notify/..."},
			why: "a channel is a small package over notify and net",
		},

		{
			path: "examples/...", ours: []string{"policy/...", "notify/...", "escalation/...", "examples/..."},
			theirs: []string{clockModule, syncModule},
			why:    "an example shows what a user can write, so it has no access to internal",
		},

		{path: "internal/archtest", why: "reads the tree as text; it must not depend on what it judges"},
		{
			path: "internal/timekeeper", ours: []string{"policy"}, theirs: []string{clockModule},
			why: "the one time of engine and board: the only room that makes an instant of a clock's reading",
		},
		{path: "internal/faket", testing: true, why: "a helper of tests, std only"},
		{path: "internal/golden", testing: true, why: "a helper of tests, std only"},
		{path: "internal/transcript", ours: []string{"internal/golden"}, testing: true, why: "a helper of tests, std only"},
		{
			path: "internal/...", ours: []string{"policy/...", "notify", "escalation", "internal/..."},
			why: "shared insides of the rooms below the engine; what needs the engine belongs beside it",
		},
	}
}

// roomOf returns the row of a directory: its own, else the nearest above that
// ends in "/...".
func roomOf(table []room, dir string) (room, bool) {
	var best room
	var found bool
	for _, r := range table {
		if under(dir, r.path) && (!found || r.path == dir || best.path != dir && len(r.path) > len(best.path)) {
			best, found = r, true
		}
	}
	return best, found
}

// without returns list without one of its patterns' packages.
func without(list []string, name string) []string {
	var out []string
	for _, pattern := range list {
		if pattern != name {
			out = append(out, pattern)
		}
	}
	return out
}
