package policyfile

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/belfry-go/belfry/policy"
)

// Load reads one document from the files at paths, in YAML or JSON. Policies
// and expectations are taken in the order of the files; any other section may
// stand in one file only. A `directory` that is a text names the file that
// holds it, relative to the file that names it. In a file of its own it may stand
// with a version, under `directory:` alone, or bare.
//
// The error is a [policy.Errors] with every fault of the document, or what kept
// a file from being read.
func Load(paths ...string) (*policy.Document, error) {
	if len(paths) == 0 {
		return nil, fmt.Errorf("policyfile: no file is given")
	}
	var sources []policy.Source
	var faults []error
	read := map[string]bool{}
	for i := 0; i < len(paths); i++ {
		path := paths[i]
		if read[filepath.Clean(path)] {
			continue
		}
		read[filepath.Clean(path)] = true
		src, err := readFile(path)
		if err != nil {
			return nil, err
		}
		root, err := Tree(path, src)
		if err != nil {
			faults = append(faults, err)
		}
		if root == nil {
			continue
		}
		root, directory := Split(root)
		if directory != "" {
			if !filepath.IsAbs(directory) {
				directory = filepath.Join(filepath.Dir(path), directory)
			}
			paths = append(paths[:len(paths):len(paths)], directory)
		}
		sources = append(sources, policy.Source{File: path, Text: src, Root: root})
	}
	var doc *policy.Document
	if len(sources) == len(read) { // else names would seem unknown that are not
		var err error
		doc, err = policy.Link(sources...)
		faults = append(faults, err)
	}
	if err := policy.Merge(faults...); err != nil {
		return nil, err
	}
	return doc, nil
}

// Parse reads a document from memory, in YAML or JSON by its content. name is
// for messages. It holds its own directory, for from memory no other file is
// found. The error is a [policy.Errors] with every fault.
func Parse(name string, src []byte) (*policy.Document, error) {
	root, err := Tree(name, src)
	if root == nil {
		return nil, err
	}
	d := policy.NewDecoder(name, src)
	cut, directory := Split(root)
	if directory != "" {
		d.Fault(root.Field("directory"), "directory", "\"directory\" is the name of a file, which is not looked for from here: load the document from a file, or write the directory in it")
	}
	doc, compileErr := policy.Compile(name, src, cut)
	if err = policy.Merge(err, d.Err(), compileErr); err != nil {
		return nil, err
	}
	return doc, nil
}

// readFile reads a file of at most one byte more than a document may have: the
// parser then says that it is too long, without this reading it all.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("policyfile: %w", err)
	}
	defer func() { _ = f.Close() }() // it was only read
	src, err := io.ReadAll(io.LimitReader(f, policy.MaxSource+1))
	if err != nil {
		return nil, fmt.Errorf("policyfile: read %s: %w", path, err)
	}
	return src, nil
}
