package policy

import (
	"fmt"
	"maps"
	"slices"
)

// Source is one file of a document: its name for messages, its text for their
// excerpts, and its tree.
type Source struct {
	File string
	Text []byte
	Root *Node
}

// Parse reads a JSON document. The error is an [Errors] with every fault, or
// the first one when it is of the syntax. file is for messages only.
func Parse(file string, src []byte) (*Document, error) {
	root, err := ParseNode(file, src)
	if root == nil {
		return nil, err
	}
	doc, compileErr := Compile(file, src, root)
	if err = Merge(err, compileErr); err != nil {
		return nil, err
	}
	return doc, nil
}

// Compile compiles a document from its tree. The error is an [Errors] with
// every fault; src is the text that root was read from, for their excerpts.
func Compile(file string, src []byte, root *Node) (*Document, error) {
	return Link(Source{File: file, Text: src, Root: root})
}

// Link compiles one document from several files: a directory may stand in a
// file of its own, and so may some of the policies. Policies and expectations
// are taken in the order of the files; every other section stands in one file.
func Link(sources ...Source) (*Document, error) {
	c := &compiler{Decoder: NewDecoder("", nil), doc: &Document{}}
	c.link(sources)
	if len(c.errs) > 0 {
		return nil, c.Err()
	}
	return c.doc, nil
}

// compiler is one compilation. Its methods record faults and go on; what they
// return is of use only when there was none.
type compiler struct {
	*Decoder
	doc      *Document
	sections map[string]section // by field of the document
	policies []section          // one each
	expected []section
}

// section is a part of the document and the file it stands in.
type section struct {
	node *Node
	path string
	from *Source
}

// where is the place of s as seen from another section.
func (s section) where(from section) string {
	if s.from == from.from {
		return fmt.Sprintf("line %d", s.node.Line)
	}
	return fmt.Sprintf("%s, line %d,", s.from.File, s.node.Line)
}

// enter makes faults name the section's file.
func (c *compiler) enter(s section) *Node {
	c.use(s.from.File, s.from.Text)
	return s.node
}

var documentFields = [...]string{"version", "priority", "directory", "authority", "operations", "default"}

func (c *compiler) link(sources []Source) {
	c.sections = map[string]section{}
	for i := range sources {
		c.gather(&sources[i])
	}
	c.doc.remember(sources, c)
	c.doc.Directory = &Directory{Open: true}
	if s, ok := c.sections["directory"]; ok {
		c.doc.Directory = c.directory(c.enter(s), s.path)
	}
	if s, ok := c.sections["authority"]; ok {
		c.doc.Authority = c.authority(c.enter(s), s.path, Authority{})
	}
	if s, ok := c.sections["operations"]; ok {
		c.operations(c.enter(s), s.path)
	}
	if s, ok := c.sections["priority"]; ok {
		c.priorityTable(c.enter(s), s.path)
	}
	c.compilePolicies()
	c.compileExpectations()
	c.chooseDefault()
}

// gather reads the top level of one file.
func (c *compiler) gather(src *Source) {
	c.use(src.File, src.Text)
	if src.Root == nil || src.Root.Kind == NodeNull {
		c.Fault(src.Root, "", "the document is empty; it begins with version: 1")
		return
	}
	o := c.Object(src.Root, "", "the document")
	if n := o.Need("version"); n != nil {
		if n.Kind != NodeNumber || n.Text != "1" {
			c.faultf(n, "version", "\"version\" is %s; this format is version: 1", clip(n.Text))
		}
	}
	for _, name := range documentFields[1:] {
		n := o.Node(name)
		if n == nil {
			continue
		}
		if first, dup := c.sections[name]; dup {
			c.faultf(n, name, "%q stands in %s too; it may stand in one file", name, first.from.File)
			continue
		}
		c.sections[name] = section{n, name, src}
	}
	c.policies = c.listed(o, "policies", c.policies, src)
	c.expected = c.listed(o, "expectations", c.expected, src)
	o.Done()
}

// listed adds the items of a list of the document to those of earlier files.
func (c *compiler) listed(o *Object, name string, list []section, src *Source) []section {
	items, _ := o.List(name)
	for _, item := range items {
		list = append(list, section{item, index(name, len(list)), src})
	}
	return list
}

func (c *compiler) compilePolicies() {
	seen := map[string]section{}
	if len(c.policies) > maxPolicies {
		s := c.policies[maxPolicies]
		c.faultf(c.enter(s), s.path, "a document holds at most %d policies", maxPolicies)
		return
	}
	for _, s := range c.policies {
		n := c.enter(s)
		p := c.policy(n, s.path)
		if first, dup := seen[p.Name]; dup && p.Name != "" {
			c.faultf(nameNode(n), s.path+".name", "policy %q stands in %s already", p.Name, first.where(s))
		}
		seen[p.Name] = s
		p.Doc, p.Index = c.doc, len(c.doc.Policies)
		p.Digest = digestOf(n)
		c.doc.Policies = append(c.doc.Policies, p)
	}
	c.doc.index = newMatchIndex(c.doc.Policies)
	last := unmatchedPolicy()
	last.Doc, last.Index, last.Authority = c.doc, len(c.doc.Policies), c.doc.Authority
	c.doc.Policies = append(c.doc.Policies, last)
	reviewBypasses(c.doc.Policies)
	c.doc.byName = make(map[string]*Policy, len(c.doc.Policies))
	for _, p := range c.doc.Policies {
		c.doc.byName[p.Name] = p
	}
}

// reviewBypasses gives every policy the deadline `review`, which only alerts
// have that review a break-glass, if some policy has one: such an alert is
// matched like any other. A policy's own deadline of that name is left.
func reviewBypasses(policies []*Policy) {
	const name = "review"
	if !slices.ContainsFunc(policies, func(p *Policy) bool {
		return slices.ContainsFunc(p.Gates, func(g Gate) bool { return g.BreakGlass != nil })
	}) {
		return
	}
	for _, p := range policies {
		if slices.ContainsFunc(p.Deadlines, func(d Deadline) bool { return d.Name == name }) {
			continue
		}
		at := Anchor{Terms: []Term{{Kind: AnchorBypassReview}}, Text: name}
		p.Deadlines = append(p.Deadlines, Deadline{Name: name, At: at, Outcome: "resolved"})
	}
}

func (c *compiler) chooseDefault() {
	c.doc.Default = len(c.doc.Policies) - 1
	s, ok := c.sections["default"]
	if !ok {
		return
	}
	name, ok := c.Text(c.enter(s), s.path)
	if !ok {
		return
	}
	if p := c.doc.byName[name]; p != nil {
		c.doc.Default = p.Index
		return
	}
	c.FaultNear(s.node, s.path, fmt.Sprintf("\"default\" names the policy %q, which is not in the document", clip(name)), name, sortedKeys(c.doc.byName))
}

// operations reads {read: allow}.
func (c *compiler) operations(n *Node, path string) {
	wrap := &Node{Kind: NodeMap, Fields: []Field{{Name: path, Value: n}}}
	o := c.Object(wrap, "", "the document")
	entries, _ := o.Entries(path)
	for _, f := range entries {
		if f.Value.Kind != NodeString || f.Value.Text != "allow" {
			c.faultf(f.Value, join(path, f.Name), "operation %q can only be `allow` here; what is closed is a gate's", f.Name)
			continue
		}
		c.doc.Operations = append(c.doc.Operations, f.Name)
	}
	slices.Sort(c.doc.Operations)
}

func (c *compiler) priorityTable(n *Node, path string) {
	items, ok := c.List(n, path)
	if !ok {
		return
	}
	if len(items) == 0 {
		c.Fault(n, path, "the priority table has no line; leave it out for the built-in points")
		return
	}
	if len(items) > maxTableLines {
		c.faultf(items[maxTableLines], index(path, maxTableLines), "the priority table has more than %d lines", maxTableLines)
		return
	}
	before := len(c.errs)
	for i, item := range items {
		at := index(path, i)
		o := c.Object(item, at, "a line of the priority table")
		row := priorityRow{}
		if w := o.Node("when"); w != nil {
			row.when.all = c.conditions(w, o.Path("when"), scopeTable, nil)
		}
		if o.Need("is") != nil {
			row.is = c.level(o, "is")
		}
		o.Done()
		c.doc.table = append(c.doc.table, row)
	}
	if len(c.errs) > before {
		return
	}
	if msg := checkTable(c.doc.table); msg != "" {
		c.Fault(n, path, msg)
	}
}

// level reads a priority.
func (c *compiler) level(o *Object, name string) Level {
	if i := o.Enum(name, -1, "P1", "P2", "P3", "P4", "P5"); i >= 0 {
		return Level(5 - i)
	}
	return 0
}

// PolicyNamed returns the policy of that name, the built-in one included, or
// nil.
func (d *Document) PolicyNamed(name string) *Policy { return d.byName[name] }

// sortedKeys lists the names of a map for messages, in an order that holds.
func sortedKeys[V any](m map[string]V) []string {
	if len(m) > maxSuggestions {
		return nil
	}
	return slices.Sorted(maps.Keys(m))
}

// nameNode is where a fault about the name of n is shown.
func nameNode(n *Node) *Node {
	if name := n.Field("name"); name != nil {
		return name
	}
	return n
}

// called is how messages call a named thing of which only the node is known.
func called(what string, n *Node, path string) string {
	if name := n.Field("name"); name != nil && name.Kind == NodeString && name.Text != "" {
		return fmt.Sprintf("%s %q", what, clip(name.Text))
	}
	return what + " " + path
}
