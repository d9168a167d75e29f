package policy

// Node is a neutral tree of a document, whatever it was written in: a value
// with the place it stands at. JSON is read into it by [ParseNode], YAML by
// package policyfile.
type Node struct {
	Kind   NodeKind
	Text   string  // scalars: a string's value, a number as written, "true", "false"
	Line   int     // from 1
	Column int     // from 1, in runes
	Items  []*Node // of a list
	Fields []Field // of a map, as written; names are unique
}

// Field is one entry of a map.
type Field struct {
	Name         string
	Line, Column int
	Value        *Node
}

// NodeKind is the kind of a [Node].
type NodeKind uint8

const (
	NodeNull NodeKind = iota
	NodeBool
	NodeNumber
	NodeString
	NodeList
	NodeMap
)
