package main

import (
	"errors"

	"github.com/belfry-go/belfry/policy"
	"github.com/belfry-go/belfry/policy/policyfile"
)

// directory reads the directory of a policy document, or one that stands in a
// file of its own: under `directory:`, with a version or without, or bare.
func (t *tool) directory(name string) (*policy.Directory, error) {
	src, err := t.readFile(name)
	if err != nil {
		return nil, err
	}
	// A tree beside an error has duplicates in it; the loader tells all at once.
	root, err := policyfile.Tree(name, src)
	if alone := directoryAlone(root); err == nil && alone != nil {
		doc, err := policy.Compile(name, src, alone)
		if err != nil {
			return nil, err
		}
		return doc.Directory, nil
	}
	if root == nil && err == nil {
		return nil, errors.New(name + ": the file is empty; it holds a policy document or a directory")
	}
	load := func() (*policy.Document, error) { return policyfile.Load(name) }
	if name == "-" {
		load = func() (*policy.Document, error) { return policyfile.Parse(name, src) }
	}
	doc, err := load()
	if err != nil {
		return nil, err
	}
	return doc.Directory, nil
}

// directoryAlone completes a directory in a file of its own to a document; nil
// when root is something else.
func directoryAlone(root *policy.Node) *policy.Node {
	if root == nil || root.Kind != policy.NodeMap || root.Field("version") != nil {
		return nil
	}
	dir := root.Field("directory")
	switch {
	case dir != nil && len(root.Fields) == 1 && dir.Kind == policy.NodeMap:
	case dir == nil && root.Field("schedules") != nil:
		dir = root
	default:
		return nil
	}
	return &policy.Node{Kind: policy.NodeMap, Line: root.Line, Column: root.Column, Fields: []policy.Field{
		{Name: "version", Line: root.Line, Column: root.Column, Value: &policy.Node{Kind: policy.NodeNumber, Text: "1", Line: root.Line, Column: root.Column}},
		{Name: "directory", Line: root.Line, Column: root.Column, Value: dir},
	}}
}
