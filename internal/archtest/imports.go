package archtest

import (
	"fmt"
	"slices"
	"strings"
)

// testOnly are the packages that serve tests alone. Linked into a program they
// bring the flags of go test and its size along.
func testOnly() []string {
	return []string{
		"testing/...", "net/http/httptest",
		Module + "/internal/archtest", Module + "/internal/faket", Module + "/internal/golden", Module + "/internal/transcript",
	}
}

// CheckImports holds every import of the tree against the table.
func CheckImports(t *Tree, table []room) []Breach {
	var out []Breach
	var strangers []string
	for _, f := range t.Files {
		r, found := roomOf(table, f.Room)
		if !found && !slices.Contains(strangers, f.Room) {
			strangers = append(strangers, f.Room)
			out = append(out, Breach{
				f.Path + ":1", "package without a row in the import table",
				"add one to internal/archtest/rooms.go, with its reason",
			})
		}
		if !found {
			continue
		}
		for _, spec := range f.AST.Imports {
			name := imported(spec)
			if what, why := judge(f, r, name); what != "" {
				out = append(out, Breach{t.pos(spec), what, why})
			}
		}
	}
	return out
}

// judge returns what is wrong with one import and why; "" if nothing is.
func judge(f *File, r room, name string) (what, why string) {
	switch {
	case name == Module || strings.HasPrefix(name, Module+"/"):
		return judgeOurs(f, r, name)
	case isStd(name):
		return judgeStd(f, r, name)
	default:
		return judgeTheirs(f, r, name)
	}
}

// judgeOurs looks at an import of one of our rooms. A test may reach further
// than its room, for instance to run a conformance suite; the compiler sees to
// cycles.
func judgeOurs(f *File, r room, name string) (what, why string) {
	dir := strings.TrimPrefix(strings.TrimPrefix(name, Module), "/")
	switch {
	case f.Test:
		return "", ""
	case !r.testing && underAny(name, testOnly()):
		return "imports " + dir, "a helper of tests has no place in what is shipped"
	case !underAny(dir, r.ours):
		return fmt.Sprintf("%s imports %s", f.Room, orRoot(dir)), r.why
	}
	return "", ""
}

func orRoot(dir string) string {
	if dir == "" {
		return "the root package"
	}
	return dir
}

// judgeStd looks at an import of the standard library.
func judgeStd(f *File, r room, name string) (what, why string) {
	switch {
	case f.Test:
		return "", ""
	case !r.testing && underAny(name, testOnly()):
		return "imports " + name, "only tests and the …test packages may; else every program that embeds the library gets it"
	case underAny(name, r.without):
		return fmt.Sprintf("%s imports %s", f.Room, name), r.why
	}
	return "", ""
}

// judgeTheirs looks at an import of another module. Tests may use go-cmp
// anywhere, and the clock where they drive the engine.
func judgeTheirs(f *File, r room, name string) (what, why string) {
	allowed := r.theirs
	if f.Test {
		allowed = append([]string{cmpModule, clockModule}, allowed...)
	}
	for _, module := range allowed {
		if under(name, module+"/...") {
			return "", ""
		}
	}
	if name == cmpModule || strings.HasPrefix(name, cmpModule+"/") {
		return "imports " + name, "go-cmp is for tests: it panics on unexported fields and its output is not stable"
	}
	return fmt.Sprintf("%s imports %s", f.Room, name), r.why
}

// isStd reports whether an import path is the standard library's: its first
// element has no dot.
func isStd(name string) bool {
	first, _, _ := strings.Cut(name, "/")
	return !strings.Contains(first, ".")
}

// Graph draws who imports whom: one line for each room with its imports of
// ours and of other modules.
func Graph(t *Tree) string {
	var b strings.Builder
	for _, dir := range t.Rooms() {
		var to []string
		for _, f := range t.Room(dir) {
			for _, spec := range f.AST.Imports {
				if name := imported(spec); !isStd(name) {
					to = append(to, strings.TrimPrefix(name, Module+"/"))
				}
			}
		}
		slices.Sort(to)
		fmt.Fprintf(&b, "%-28s → %s\n", dir, strings.Join(orStd(slices.Compact(to)), ", "))
	}
	return b.String()
}

func orStd(to []string) []string {
	if len(to) == 0 {
		return []string{"std"}
	}
	return to
}
