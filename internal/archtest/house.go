package archtest

import (
	"fmt"
	"go/ast"
	"slices"
	"strings"
)

// maxRows is how long a file may grow before its length is noted.
const maxRows = 400

// seam is a file that may look at the clock of the computer.
type seam struct{ file, why string }

func seams() []seam {
	return []seam{
		{"escalation/engine/config.go", "where the host's clock is chosen; all other code is given instants"},
	}
}

// programs are the rooms that are run, not imported: they may print and look
// at the clock.
func programs() []string {
	return []string{"escalation/cmd/...", "examples/..."}
}

// CheckHouse looks in the library's files for what a library must not do: look
// at the clock of the computer, print, or act when it is imported.
func CheckHouse(t *Tree) []Breach {
	var out []Breach
	for _, f := range t.Files {
		if f.Test || underAny(f.Room, programs()) {
			continue
		}
		h := &house{tree: t, names: localNames(f), clock: isSeam(f.Path)}
		ast.Inspect(f.AST, h.visit)
		out = append(out, h.out...)
	}
	return out
}

func isSeam(file string) bool {
	return slices.ContainsFunc(seams(), func(s seam) bool { return s.file == file })
}

// localNames maps the names by which a file knows its imports to their paths.
// It goes by syntax alone, so that rooms are read that do not compile yet or
// import other modules.
func localNames(f *File) map[string]string {
	names := make(map[string]string)
	for _, spec := range f.AST.Imports {
		p := imported(spec)
		name := p[strings.LastIndex(p, "/")+1:]
		if spec.Name != nil {
			name = spec.Name.Name
		}
		names[name] = p
	}
	return names
}

// house collects the breaches of a file.
type house struct {
	tree  *Tree
	names map[string]string
	clock bool // the file is a seam
	out   []Breach
}

func (h *house) report(n ast.Node, what, why string) {
	h.out = append(h.out, Breach{h.tree.pos(n), what, why})
}

func (h *house) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.FuncDecl:
		if n.Recv == nil && n.Name.Name == "init" {
			h.report(n, "has an init function", "importing a package must do nothing")
		}
	case *ast.ImportSpec:
		if n.Name != nil && n.Name.Name == "." {
			h.report(n, "dot import", "a name must say where it is from")
		}
	case *ast.SelectorExpr:
		h.selector(n)
	}
	return true
}

// selector looks at uses of other packages' names.
func (h *house) selector(n *ast.SelectorExpr) {
	id, ok := n.X.(*ast.Ident)
	if !ok {
		return
	}
	switch pkg, name := h.names[id.Name], n.Sel.Name; {
	case pkg == "time" && !h.clock && slices.Contains([]string{"Now", "Since", "Until", "Sleep"}, name):
		h.report(n, "uses time."+name, "an instant is given or comes from the injected clock; a new seam needs a row in internal/archtest/house.go")
	case pkg == "fmt" && strings.HasPrefix(name, "Print"):
		h.report(n, "uses fmt."+name, "a library prints nothing; write to a writer or a logger that the host gave")
	}
}

// LongFiles lists the files with more rows than a reader keeps in mind; a
// note, not a breach.
func LongFiles(t *Tree) []string {
	var out []string
	for _, f := range t.Files {
		if f.Rows > maxRows {
			out = append(out, fmt.Sprintf("%s has %d lines", f.Path, f.Rows))
		}
	}
	return out
}
