package archtest

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/types"
	"strings"
)

// checker type-checks rooms of a tree. Our packages are checked from the tree,
// the standard library is read as the go command has compiled it, and other
// modules are left out: what comes from them has no type, which no rule here
// needs. That keeps the test free of golang.org/x/tools.
type checker struct {
	tree  *Tree
	std   types.Importer
	rooms map[string]*typed
}

// typed is a room with the types of its expressions.
type typed struct {
	files []*File
	pkg   *types.Package
	info  *types.Info
	errs  []error
}

func newChecker(t *Tree) *checker {
	return &checker{tree: t, std: importer.Default(), rooms: make(map[string]*typed)}
}

// room type-checks the non-test files of a directory, once.
func (c *checker) room(dir string) *typed {
	if done, ok := c.rooms[dir]; ok {
		return done
	}
	r := &typed{
		files: c.tree.Room(dir),
		info: &types.Info{
			Types:      make(map[ast.Expr]types.TypeAndValue),
			Defs:       make(map[*ast.Ident]types.Object),
			Uses:       make(map[*ast.Ident]types.Object),
			Selections: make(map[*ast.SelectorExpr]*types.Selection),
		},
	}
	c.rooms[dir] = r // before its imports: a cycle ends here, the compiler reports it
	syntax := make([]*ast.File, len(r.files))
	for i, f := range r.files {
		syntax[i] = f.AST
	}
	conf := types.Config{Importer: c, Error: func(err error) { r.errs = append(r.errs, err) }}
	// The error is the first of those that the handler has kept.
	r.pkg, _ = conf.Check(pathOf(dir), c.tree.Fset, syntax, r.info)
	return r
}

// Import serves go/types.
func (c *checker) Import(name string) (*types.Package, error) {
	if dir, ours := strings.CutPrefix(name, Module+"/"); ours {
		if r := c.room(dir); r.pkg != nil {
			return r.pkg, nil
		}
		return nil, fmt.Errorf("import cycle through %s", name)
	}
	if isStd(name) {
		return c.std.Import(name)
	}
	return nil, fmt.Errorf("%s is not the root module's", name)
}

func pathOf(dir string) string {
	if dir == "." {
		return Module
	}
	return Module + "/" + dir
}
