package main

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// everywhere ends an argument that means a directory and all below it, as in
// the patterns of the go command.
const everywhere = "..."

// testFiles returns the files that arguments of the test verb mean: a file as
// it stands, of a directory its test files, of DIR/... those below it as well,
// in the order of their names. A directory without any is an error, for a
// check that looks at nothing must not pass.
func testFiles(args []string) ([]string, error) {
	var out []string
	for _, arg := range args {
		dir, deep := below(arg)
		if info, err := os.Stat(dir); !deep && (err != nil || !info.IsDir()) {
			out = append(out, arg) // what cannot be read is reported as a result
			continue
		}
		found, err := testFilesIn(dir, deep)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("%s: no test files; their names end in .test.yaml, .test.yml or .test.json", arg)
		}
		out = append(out, found...)
	}
	return out, nil
}

// below splits DIR/... ; deep says that an argument was of that form.
func below(arg string) (dir string, deep bool) {
	if arg == everywhere {
		return ".", true
	}
	if dir, deep = strings.CutSuffix(filepath.ToSlash(arg), "/"+everywhere); deep {
		return filepath.FromSlash(cmp.Or(dir, "/")), true
	}
	return arg, false
}

func testFilesIn(dir string, deep bool) ([]string, error) {
	var out []string
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !e.IsDir():
			if isTestFile(e.Name()) {
				out = append(out, path)
			}
		case path != dir && (!deep || strings.HasPrefix(e.Name(), ".")):
			return filepath.SkipDir
		}
		return nil
	})
	return out, err
}

func isTestFile(name string) bool {
	return slices.ContainsFunc([]string{".test.yaml", ".test.yml", ".test.json"}, func(end string) bool {
		return strings.HasSuffix(name, end)
	})
}
