package policy

// Node is a neutral tree of a document, whatever it was written in: a value
// with the place it stands at. [ParseNode] reads JSON into it; package
// policyfile reads YAML. A tree is for reading only once it is built.
type Node struct {
	Kind   NodeKind
	Text   string  // scalars: a string's value, a number as written, "true" or "false"
	Line   int     // from 1
	Column int     // from 1, in runes
	Items  []*Node // of a list
	Fields []Field // of a map, in the order written; names are unique
}

// Field is one entry of a map, with the place of its name.
type Field struct {
	Name         string
	Line, Column int
	Value        *Node
}

// NodeKind is the kind of a [Node].
type NodeKind uint8

// The kinds of nodes, those of JSON.
const (
	NodeNull NodeKind = iota
	NodeBool
	NodeNumber
	NodeString
	NodeList
	NodeMap
)

// String names the kind as messages do.
func (k NodeKind) String() string {
	switch k {
	case NodeNull:
		return "nothing"
	case NodeBool:
		return "true or false"
	case NodeNumber:
		return "a number"
	case NodeString:
		return "a text"
	case NodeList:
		return "a list"
	case NodeMap:
		return "a map"
	}
	return "unknown"
}

// Field returns the value of the named field of a map; nil when n is nil, not
// a map, or has no such field.
func (n *Node) Field(name string) *Node {
	if n == nil {
		return nil
	}
	for i := range n.Fields {
		if n.Fields[i].Name == name {
			return n.Fields[i].Value
		}
	}
	return nil
}

// scalar reports whether n is a text, a number or a bool.
func (n *Node) scalar() bool {
	return n.Kind == NodeString || n.Kind == NodeNumber || n.Kind == NodeBool
}

// The limits of a document, so that a hostile one costs little: text beyond
// MaxSource bytes, values nested deeper than MaxDepth, and trees of more than
// MaxNodes values are refused before they are read.
const (
	MaxSource = 4 << 20
	MaxDepth  = 64
	MaxNodes  = 200_000
)
