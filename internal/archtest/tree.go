// Package archtest checks the shape of the whole module: who may import whom,
// that the machine is a pure function, and a few rules of the house that a
// compiler does not know.
//
// The rules are tables in this package, each row with its reason; the tests
// read every Go file of the root module and fail with file:line and that
// reason. Run them with -v to see the import graph:
//
//	go test ./internal/archtest -v -run TestImports
//
// Nested modules are not read: their own go.mod says what they may require.
package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Module is the import path of the root module.
const Module = "github.com/belfry-go/belfry"

// Breach is one place where a rule is broken.
type Breach struct {
	Pos  string // file:line, the file relative to the module's root
	What string // what stands there
	Why  string // the rule's reason
}

func (b Breach) String() string { return fmt.Sprintf("%s: %s: %s", b.Pos, b.What, b.Why) }

// File is one parsed Go file.
type File struct {
	Path string // slash-separated, relative to the module's root
	Room string // its directory; "." is the root package
	Test bool   // its name ends in _test.go
	AST  *ast.File
	Rows int // lines
}

// Base is the file's name without its directory.
func (f *File) Base() string { return path.Base(f.Path) }

// Tree is a module's Go files, sorted by path.
type Tree struct {
	Fset  *token.FileSet
	Files []*File
}

// Load parses every Go file below root, except testdata, hidden directories
// and nested modules. An error names the file that could not be read or parsed.
func Load(root string) (*Tree, error) {
	t := &Tree{Fset: token.NewFileSet()}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name != root && isElsewhere(name) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		source, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		return t.Add(filepath.ToSlash(rel), source)
	})
	return t, err
}

// isElsewhere reports whether a directory below the root is not the module's.
func isElsewhere(dir string) bool {
	base := filepath.Base(dir)
	if base == "testdata" || base == "vendor" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") {
		return true
	}
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

// Add parses one file; name is slash-separated and relative to the root.
func (t *Tree) Add(name string, source []byte) error {
	file, err := parser.ParseFile(t.Fset, name, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	t.Files = append(t.Files, &File{
		Path: name,
		Room: path.Dir(name),
		Test: strings.HasSuffix(name, "_test.go"),
		AST:  file,
		Rows: t.Fset.File(file.FileStart).LineCount(),
	})
	return nil
}

// Room returns the non-test files of a directory.
func (t *Tree) Room(dir string) []*File {
	return slices.DeleteFunc(slices.Clone(t.Files), func(f *File) bool { return f.Test || f.Room != dir })
}

// Rooms returns the directories that hold non-test files, sorted.
func (t *Tree) Rooms() []string {
	var rooms []string
	for _, f := range t.Files {
		if !f.Test {
			rooms = append(rooms, f.Room)
		}
	}
	slices.Sort(rooms)
	return slices.Compact(rooms)
}

// pos is a breach's place.
func (t *Tree) pos(n ast.Node) string {
	p := t.Fset.Position(n.Pos())
	return fmt.Sprintf("%s:%d", p.Filename, p.Line)
}

// imported is the import path of a declaration.
func imported(spec *ast.ImportSpec) string {
	name, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		return spec.Path.Value // the parser has checked it; kept for the message
	}
	return name
}

// under reports whether an import path or room is pattern, or below it where
// pattern ends in "/...".
func under(name, pattern string) bool {
	dir, deep := strings.CutSuffix(pattern, "/...")
	return name == dir || deep && strings.HasPrefix(name, dir+"/")
}

// underAny is under for several patterns.
func underAny(name string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return under(name, p) })
}
