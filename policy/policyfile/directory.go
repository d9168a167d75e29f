package policyfile

import (
	"slices"

	"github.com/belfry-go/belfry/policy"
)

// Split is the document in the tree of a file, and the name of the file that its
// `directory` is in; "" when it holds its directory, or has none. A directory in a
// file of its own, bare or under `directory:` alone, becomes a document that has
// nothing else. [Load] does so with each file that it reads.
func Split(root *policy.Node) (document *policy.Node, directory string) {
	root = completed(root)
	dir := root.Field("directory")
	if dir == nil || dir.Kind != policy.NodeString || dir.Text == "" {
		return root, ""
	}
	cut := *root
	cut.Fields = slices.DeleteFunc(slices.Clone(root.Fields), func(f policy.Field) bool { return f.Name == "directory" })
	return &cut, dir.Text
}

// completed makes a document of a directory in a file of its own: what is bare is
// put under `directory:`, and gets the version that it is read as. Anything else
// is left as it is.
func completed(root *policy.Node) *policy.Node {
	if root == nil || root.Kind != policy.NodeMap || root.Field("version") != nil {
		return root
	}
	dir := root.Field("directory")
	switch {
	case dir != nil && len(root.Fields) == 1 && dir.Kind == policy.NodeMap:
	case bare(root):
		dir = root
	default:
		return root
	}
	at := func(name string, n *policy.Node) policy.Field {
		return policy.Field{Name: name, Line: root.Line, Column: root.Column, Value: n}
	}
	version := &policy.Node{Kind: policy.NodeNumber, Text: "1", Line: root.Line, Column: root.Column}
	return &policy.Node{
		Kind: policy.NodeMap, Line: root.Line, Column: root.Column,
		Fields: []policy.Field{at("version", version), at("directory", dir)},
	}
}

// bare reports whether a tree has sections of a directory, and none of a document.
func bare(root *policy.Node) bool {
	has := func(names ...string) bool {
		return slices.ContainsFunc(root.Fields, func(f policy.Field) bool { return slices.Contains(names, f.Name) })
	}
	return has("people", "teams", "roles", "services", "owners", "channels", "hours", "schedules") &&
		!has("policies", "default", "priority", "directory", "authority", "operations", "expectations")
}
