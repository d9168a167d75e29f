package policyfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/belfry-go/belfry/policy"
)

// Tree reads YAML or JSON into a neutral tree that knows its places. It is for
// documents and for whatever else is written like them, such as test files.
// name is for messages; one that ends in .json is read as JSON only. The error
// is a [policy.Errors]. When nothing but duplicates and odd names or tags is
// wrong, the tree is returned beside the error, without them: what else is wrong
// of it can be told in one go. Who wants a sound tree looks at the error.
func Tree(name string, src []byte) (*policy.Node, error) {
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	var jsonErr error
	if isJSON := strings.EqualFold(filepath.Ext(name), ".json"); isJSON || bytes.HasPrefix(bytes.TrimSpace(src), []byte("{")) {
		root, err := policy.ParseNode(name, src)
		if root != nil || isJSON {
			return root, err
		}
		jsonErr = err // it may be YAML that begins with a flow map
	}
	root, err := yamlTree(name, src)
	if root == nil && jsonErr != nil {
		return nil, jsonErr
	}
	return root, err
}

func yamlTree(name string, src []byte) (*policy.Node, error) {
	c := converter{Decoder: policy.NewDecoder(name, src)}
	if !c.CheckText() {
		return nil, c.Err()
	}
	doc := c.document(src)
	if doc == nil {
		return nil, c.Err()
	}
	root := c.node(doc.Content[0], 1)
	if c.stopped {
		return nil, c.Err()
	}
	return root, c.Err()
}

// document reads the one document of src; nil after a fault.
func (c *converter) document(src []byte) *yaml.Node {
	loader, err := yaml.NewLoader(bytes.NewReader(src), yaml.WithPlugin(limits{}))
	if err != nil {
		c.syntax(err)
		return nil
	}
	var doc, next yaml.Node
	switch err := loader.Load(&doc); {
	case errors.Is(err, io.EOF):
		c.fault(nil, "the document is empty")
		return nil
	case err != nil:
		c.syntax(err)
		return nil
	case len(doc.Content) == 0:
		c.fault(nil, "the document is empty")
		return nil
	}
	switch err := loader.Load(&next); {
	case err == nil:
		c.fault(&next, "a second document begins here; a file holds one")
		return nil
	case !errors.Is(err, io.EOF):
		c.syntax(err)
		return nil
	}
	return &doc
}

// limits keeps the parser from descending further than the tree may go.
type limits struct{}

// CheckDepth implements yaml.LoaderLimitsPlugin.
func (limits) CheckDepth(depth int, _ *yaml.DepthContext) error {
	if depth > policy.MaxDepth {
		return fmt.Errorf("values are nested deeper than %d", policy.MaxDepth)
	}
	return nil
}

// CheckAlias implements yaml.LoaderLimitsPlugin; the converter counts.
func (limits) CheckAlias(int, int) error { return nil }

// converter turns a YAML tree into a neutral one.
type converter struct {
	*policy.Decoder
	nodes   int
	stopped bool         // a limit was reached: the rest is not worth a look
	inside  []*yaml.Node // anchored values that are being expanded
}

func (c *converter) fault(n *yaml.Node, msg string) {
	if n == nil {
		n = &yaml.Node{Line: 1, Column: 1}
	}
	c.Fault(&policy.Node{Line: n.Line, Column: n.Column}, "", msg)
}

func (c *converter) stop(n *yaml.Node, msg string) *policy.Node {
	if !c.stopped {
		c.stopped = true
		c.fault(n, msg)
	}
	return &policy.Node{}
}

// syntax records an error of the YAML parser, in place of its own prefix.
func (c *converter) syntax(err error) {
	var le *yaml.LoadError
	if !errors.As(err, &le) {
		c.fault(nil, "not valid YAML: "+err.Error())
		return
	}
	msg := le.Message
	if le.ContextMsg != "" {
		msg = le.ContextMsg + ": " + msg
	}
	at := &yaml.Node{Line: max(le.Mark.Line, 1), Column: max(le.Mark.Column, 1)}
	c.fault(at, "not valid YAML: "+msg)
}

func (c *converter) node(n *yaml.Node, depth int) *policy.Node {
	switch {
	case c.stopped:
		return &policy.Node{}
	case depth > policy.MaxDepth:
		return c.stop(n, fmt.Sprintf("values are nested deeper than %d", policy.MaxDepth))
	}
	if c.nodes++; c.nodes > policy.MaxNodes {
		return c.stop(n, fmt.Sprintf("the document has more than %d values, aliases counted as often as they are used", policy.MaxNodes))
	}
	out := &policy.Node{Line: n.Line, Column: n.Column}
	switch n.Kind {
	case yaml.AliasNode:
		return c.alias(n, depth)
	case yaml.ScalarNode:
		c.scalar(n, out)
	case yaml.SequenceNode:
		c.tag(n, "!!seq")
		out.Kind = policy.NodeList
		for _, item := range n.Content {
			out.Items = append(out.Items, c.node(item, depth+1))
		}
	case yaml.MappingNode:
		c.tag(n, "!!map")
		out.Kind = policy.NodeMap
		c.fields(n, out, depth)
	}
	return out
}

func (c *converter) tag(n *yaml.Node, want string) {
	if tag := n.ShortTag(); tag != want {
		c.fault(n, fmt.Sprintf("the tag %s has no meaning here", tag))
	}
}

func (c *converter) alias(n *yaml.Node, depth int) *policy.Node {
	if n.Alias == nil {
		return c.stop(n, fmt.Sprintf("the alias *%s names nothing", n.Value))
	}
	for _, outer := range c.inside {
		if outer == n.Alias {
			return c.stop(n, fmt.Sprintf("the alias *%s stands inside what it names", n.Value))
		}
	}
	c.inside = append(c.inside, n.Alias)
	out := c.node(n.Alias, depth)
	c.inside = c.inside[:len(c.inside)-1]
	return out
}

func (c *converter) scalar(n *yaml.Node, out *policy.Node) {
	out.Text = n.Value
	switch tag := n.ShortTag(); tag {
	case "!!str", "!!timestamp":
		out.Kind = policy.NodeString
	case "!!int", "!!float":
		out.Kind = policy.NodeNumber
	case "!!bool":
		out.Kind, out.Text = policy.NodeBool, strings.ToLower(n.Value)
	case "!!null":
		out.Kind, out.Text = policy.NodeNull, ""
	case "!!merge":
		out.Kind = policy.NodeString
	default:
		out.Kind = policy.NodeString
		c.fault(n, fmt.Sprintf("the tag %s has no meaning here", tag))
	}
}

// fields reads the entries of a map. Those of a merge key come last and do not
// replace the map's own.
func (c *converter) fields(n *yaml.Node, out *policy.Node, depth int) {
	lines := make(map[string]int, len(n.Content)/2)
	var merges []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind == yaml.AliasNode && key.Alias != nil {
			key = key.Alias
		}
		if key.ShortTag() == "!!merge" {
			merges = append(merges, value)
			continue
		}
		if key.Kind != yaml.ScalarNode {
			c.fault(key, "the name of a field must be a text")
			continue
		}
		if first, dup := lines[key.Value]; dup {
			c.fault(key, fmt.Sprintf("%q stands here a second time; the first is in line %d", key.Value, first))
			continue
		}
		lines[key.Value] = key.Line
		out.Fields = append(out.Fields, policy.Field{
			Name: key.Value, Line: key.Line, Column: key.Column, Value: c.node(value, depth+1),
		})
	}
	for _, m := range merges {
		c.merge(m, out, lines, depth)
	}
}

func (c *converter) merge(n *yaml.Node, out *policy.Node, lines map[string]int, depth int) {
	from := c.node(n, depth+1)
	maps := []*policy.Node{from}
	if from.Kind == policy.NodeList {
		maps = from.Items
	}
	for _, m := range maps {
		if m.Kind != policy.NodeMap {
			if !c.stopped {
				c.fault(n, "<< merges maps only")
			}
			return
		}
		for _, f := range m.Fields {
			if _, own := lines[f.Name]; !own {
				lines[f.Name] = f.Line
				out.Fields = append(out.Fields, f)
			}
		}
	}
}
