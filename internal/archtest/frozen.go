package archtest

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// CheckFrozen looks for package variables that change in any room that is
// imported by others. Rooms that do not compile are judged by what is known of
// them.
func CheckFrozen(t *Tree) []Breach {
	c := newChecker(t)
	var out []Breach
	for _, dir := range t.Rooms() {
		if !underAny(dir, programs()) {
			out = append(out, frozen(t, c.room(dir))...)
		}
	}
	return out
}

// frozen finds package variables that something writes after their
// declaration: an assignment, an increment, an address taken, a method with a
// pointer receiver, or a built-in that writes. Writing an element or a field
// counts. What a function of another package does with a slice or map that it
// was handed is not seen.
func frozen(t *Tree, r *typed) []Breach {
	w := &writes{tree: t, info: r.info}
	for _, f := range r.files {
		ast.Inspect(f.AST, w.visit)
	}
	return w.out
}

// shared is a package variable whose address is handed out for reading.
type shared struct{ room, name, why string }

func sharedVars() []shared {
	return []shared{
		{"escalation", "empty", "stands for the rare part of a state that has none, so that readers need no copy; a clone precedes every write"},
	}
}

func isShared(v *types.Var) bool {
	return slices.ContainsFunc(sharedVars(), func(s shared) bool {
		return v.Pkg().Path() == pathOf(s.room) && v.Name() == s.name
	})
}

const frozenWhy = "state that outlives a call makes the next one depend on it; pass it as an argument or keep it in a value"

// writes collects the places where package variables may change.
type writes struct {
	tree *Tree
	info *types.Info
	out  []Breach
}

func (w *writes) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE {
			w.each(n.Lhs, "assigns to")
		}
	case *ast.IncDecStmt:
		w.one(n.X, "changes")
	case *ast.RangeStmt:
		if n.Tok == token.ASSIGN {
			w.each([]ast.Expr{n.Key, n.Value}, "assigns to")
		}
	case *ast.UnaryExpr:
		if v := w.rootVar(n.X); n.Op == token.AND && v != nil && !isShared(v) {
			w.one(n.X, "takes the address of")
		}
	case *ast.SelectorExpr:
		w.method(n)
	case *ast.CallExpr:
		w.builtin(n)
	}
	return true
}

func (w *writes) each(list []ast.Expr, what string) {
	for _, x := range list {
		w.one(x, what)
	}
}

// one reports x if it is a package variable or a part of one.
func (w *writes) one(x ast.Expr, what string) {
	if v := w.rootVar(x); v != nil {
		w.out = append(w.out, Breach{w.tree.pos(x), what + " the package variable " + v.Name(), frozenWhy})
	}
}

// method reports a method with a pointer receiver on an addressable package
// variable: the call takes its address.
func (w *writes) method(n *ast.SelectorExpr) {
	sel := w.info.Selections[n]
	if sel == nil || sel.Kind() != types.MethodVal {
		return
	}
	signature, ok := sel.Obj().Type().(*types.Signature)
	if !ok || signature.Recv() == nil || !isPointer(signature.Recv().Type()) || isPointer(sel.Recv()) {
		return
	}
	w.one(n.X, "calls a pointer method of")
}

// builtin reports the built-in functions that write into their first argument.
func (w *writes) builtin(n *ast.CallExpr) {
	name, ok := n.Fun.(*ast.Ident)
	if !ok || len(n.Args) == 0 {
		return
	}
	if _, ok := w.info.Uses[name].(*types.Builtin); !ok {
		return
	}
	switch name.Name {
	case "clear", "copy", "delete":
		w.one(n.Args[0], name.Name+"s")
	}
}

// rootVar follows fields, elements and dereferences down to a package
// variable; nil if there is none.
func (w *writes) rootVar(x ast.Expr) *types.Var {
	switch x := x.(type) {
	case *ast.Ident:
		return w.packageVar(x)
	case *ast.SelectorExpr:
		if v := w.packageVar(x.Sel); v != nil { // pkg.Var
			return v
		}
		return w.rootVar(x.X)
	case *ast.IndexExpr:
		return w.rootVar(x.X)
	case *ast.SliceExpr:
		return w.rootVar(x.X)
	case *ast.StarExpr:
		return w.rootVar(x.X)
	case *ast.ParenExpr:
		return w.rootVar(x.X)
	}
	return nil
}

func (w *writes) packageVar(name *ast.Ident) *types.Var {
	v, ok := w.info.Uses[name].(*types.Var)
	if !ok || v.IsField() || v.Pkg() == nil || !isPackageLevel(v) {
		return nil
	}
	return v
}

func isPointer(t types.Type) bool {
	_, ok := t.Underlying().(*types.Pointer)
	return ok
}
