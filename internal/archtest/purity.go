package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"path"
	"slices"
	"strings"
)

// pureRoom is the machine: its files may do nothing but compute.
const pureRoom = "escalation"

// pureImports are what the machine's files may import.
func pureImports() []string {
	return []string{
		"bytes", "cmp", "crypto/sha256", "encoding", "encoding/base64", "encoding/binary", "encoding/hex", "errors",
		"fmt", "hash", "hash/crc32", "hash/fnv", "io", "iter", "maps", "math", "math/bits", "slices",
		"sort", "strconv", "strings", "time", "unicode", "unicode/utf8",
		Module + "/policy", Module + "/policy/oncall",
	}
}

// licence lets some of the machine's files import more.
type licence struct {
	file    string // a pattern of path.Match for the base name
	imports []string
	why     string
}

func licences() []licence {
	return []licence{
		{"simulate.go", []string{"context"}, "it drives, as drive.go does"},
		{"drive.go", []string{"context"}, "the driver asks a directory, which may take time; Step does not know it"},
		{"directory*.go", []string{"context"}, "the built-in directory answers through the interface that a remote one has"},
		{"json*.go", []string{"encoding/json"}, "the JSON view; the machine itself never sees it"},
	}
}

// clockReads are what the package time has beside values.
func clockReads() []string {
	return []string{
		"After", "AfterFunc", "Local", "LoadLocation", "NewTicker", "NewTimer", "Now", "Since", "Sleep", "Tick", "Until",
	}
}

// CheckPurity looks for whatever could make two runs of the machine differ. It
// works on types, so that a named map, an alias of time.Now or a dot import
// does not slip through; it does not follow calls into other packages, which
// pureImports keeps to those that compute. An error means that the room does
// not compile.
func CheckPurity(t *Tree) ([]Breach, error) {
	r := newChecker(t).room(pureRoom)
	if len(r.errs) > 0 {
		return nil, fmt.Errorf("package %s: %w", pureRoom, r.errs[0])
	}
	p := &purity{tree: t, typed: r}
	for _, f := range r.files {
		p.imports(f)
		ast.Inspect(f.AST, p.visit)
	}
	return append(p.out, frozen(t, r)...), nil
}

// purity collects the breaches of a room.
type purity struct {
	tree *Tree
	*typed
	sorted []ast.Expr // calls whose order a surrounding call makes irrelevant
	out    []Breach
}

func (p *purity) report(n ast.Node, what, why string) {
	p.out = append(p.out, Breach{p.tree.pos(n), what, why})
}

// imports checks what a file imports.
func (p *purity) imports(f *File) {
	allowed := pureImports()
	for _, l := range licences() {
		if ok, err := path.Match(l.file, f.Base()); err == nil && ok {
			allowed = append(allowed, l.imports...)
		}
	}
	for _, spec := range f.AST.Imports {
		if name := imported(spec); !slices.Contains(allowed, name) {
			p.report(spec, "imports "+name,
				"the machine computes from its arguments alone; pureImports in internal/archtest lists what it may use")
		}
	}
}

// visit looks at one node of a file.
func (p *purity) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.GoStmt:
		p.report(n, "starts a goroutine", "the order of goroutines is not in the arguments")
	case *ast.SelectStmt:
		p.report(n, "selects", "select chooses at random among what is ready")
	case *ast.SendStmt:
		p.report(n, "sends on a channel", "a channel couples the machine to another goroutine")
	case *ast.ChanType:
		p.report(n, "has a channel type", "a channel couples the machine to another goroutine")
	case *ast.UnaryExpr:
		if n.Op == token.ARROW {
			p.report(n, "receives from a channel", "a channel couples the machine to another goroutine")
		}
	case *ast.RangeStmt:
		p.ranges(n)
	case *ast.CallExpr:
		p.call(n)
	case *ast.Ident:
		p.uses(n)
	}
	return true
}

// ranges looks at what a loop goes over.
func (p *purity) ranges(n *ast.RangeStmt) {
	switch coreOf(p.info.TypeOf(n.X)).(type) {
	case *types.Map:
		p.report(n, "ranges over a map", "its order differs from run to run; range over slices.Sorted(maps.Keys(m))")
	case *types.Chan:
		p.report(n, "ranges over a channel", "a channel couples the machine to another goroutine")
	}
}

// call looks at calls of package maps: their order is a map's, unless a
// sorting function takes it at once. Outer calls are visited before inner ones.
func (p *purity) call(n *ast.CallExpr) {
	switch pkg, name := p.function(n.Fun); {
	case pkg == "slices" && strings.HasPrefix(name, "Sorted"):
		p.sorted = append(p.sorted, n.Args[0])
	case pkg == "maps" && (name == "All" || name == "Keys" || name == "Values"):
		if !slices.Contains(p.sorted, ast.Expr(n)) {
			p.report(n, "uses maps."+name, "its order differs from run to run; take slices.Sorted of it")
		}
	}
}

// function names the package-level function that a call calls.
func (p *purity) function(fun ast.Expr) (pkg, name string) {
	if index, ok := fun.(*ast.IndexExpr); ok { // explicit type argument
		fun = index.X
	}
	sel, ok := fun.(*ast.SelectorExpr)
	if !ok {
		return "", ""
	}
	obj := p.info.Uses[sel.Sel]
	if obj == nil || obj.Pkg() == nil || !isPackageLevel(obj) {
		return "", ""
	}
	return obj.Pkg().Path(), obj.Name()
}

// uses looks at every name of package time, however it was imported.
func (p *purity) uses(n *ast.Ident) {
	obj := p.info.Uses[n]
	if obj == nil || obj.Pkg() == nil || obj.Pkg().Path() != "time" {
		return
	}
	method := !isPackageLevel(obj)
	if method && obj.Name() == "Local" || !method && slices.Contains(clockReads(), obj.Name()) {
		p.report(n, "uses time."+obj.Name(), "time enters the machine in the event; clock and zone of the computer are not arguments")
	}
}

func isPackageLevel(obj types.Object) bool { return obj.Parent() == obj.Pkg().Scope() }

// coreOf is a type's underlying type; of a type parameter the one that all its
// types share, else nil.
func coreOf(t types.Type) types.Type {
	if t == nil {
		return nil
	}
	constraint, generic := t.Underlying().(*types.Interface)
	if _, ok := types.Unalias(t).(*types.TypeParam); !ok || !generic {
		return t.Underlying()
	}
	for i := range constraint.NumEmbeddeds() {
		switch e := constraint.EmbeddedType(i).(type) {
		case *types.Union:
			return coreOf(e.Term(0).Type())
		default:
			return coreOf(e)
		}
	}
	return nil
}
