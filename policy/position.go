package policy

import (
	"crypto/sha256"
	"strconv"
	"strings"
)

// remember keeps what is asked of the document later: its tree, canonical form
// and digest.
func (d *Document) remember(sources []Source, c *compiler) {
	root := &Node{Kind: NodeMap, Line: 1, Column: 1}
	if len(sources) == 1 && sources[0].Root != nil {
		root = sources[0].Root
	} else {
		d.files = map[*Node]string{}
		root.Fields = append(root.Fields, Field{Name: "version", Value: &Node{Kind: NodeNumber, Text: "1", Line: 1, Column: 1}})
		for _, name := range documentFields[1:] {
			if s, ok := c.sections[name]; ok {
				root.Fields = append(root.Fields, Field{Name: name, Value: s.node, Line: s.node.Line, Column: s.node.Column})
				d.files[s.node] = s.from.File
			}
		}
		root.Fields = d.appendList(root.Fields, "policies", c.policies)
		root.Fields = d.appendList(root.Fields, "expectations", c.expected)
	}
	if len(sources) > 0 {
		d.file = sources[0].File
	}
	d.root = root
	d.canonical = canonicalDocument(root)
	d.Digest = sha256.Sum256(d.canonical)
}

func (d *Document) appendList(fields []Field, name string, list []section) []Field {
	if len(list) == 0 {
		return fields
	}
	n := &Node{Kind: NodeList, Line: list[0].node.Line, Column: list[0].node.Column}
	for _, s := range list {
		n.Items = append(n.Items, s.node)
		d.files[s.node] = s.from.File
	}
	d.files[n] = list[0].from.File
	return append(fields, Field{Name: name, Value: n, Line: n.Line, Column: n.Column})
}

// Position returns the line and column of the value at path, such as
// policies[2].tracks.main.tiers[0].wait; see [Document.Place].
func (d *Document) Position(path string) (line, col int) {
	_, line, col = d.Place(path)
	return line, col
}

// Place returns the file, line and column of the value at path. Where the
// document has no such value, it is the place of the nearest one around it. The
// one track of a policy that has `tiers` directly is found as tracks.main, too.
func (d *Document) Place(path string) (file string, line, col int) {
	n := d.root
	file, line, col = d.file, n.Line, n.Column
	for path != "" {
		next, place, rest := step(n, path)
		if next == nil {
			if rest, ok := strings.CutPrefix(path, "tracks."+mainTrack); ok && n.Field("tiers") != nil {
				path = strings.TrimPrefix(rest, ".")
				continue
			}
			break
		}
		n, path = next, rest
		line, col = place.Line, place.Column
		if f, ok := d.files[n]; ok {
			file = f
		}
	}
	return file, line, col
}

// step takes the first part off path. Names may hold dots and brackets, so the
// longest field name that path begins with is taken.
func step(n *Node, path string) (next, place *Node, rest string) {
	if n.Kind == NodeList && path[0] == '[' {
		end := strings.IndexByte(path, ']')
		if end < 0 {
			return nil, nil, ""
		}
		i, err := strconv.Atoi(path[1:end])
		if err != nil || i < 0 || i >= len(n.Items) {
			return nil, nil, ""
		}
		return n.Items[i], n.Items[i], strings.TrimPrefix(path[end+1:], ".")
	}
	best := -1
	for i, f := range n.Fields {
		rest, ok := strings.CutPrefix(path, f.Name)
		if ok && (rest == "" || rest[0] == '.' || rest[0] == '[') && (best < 0 || len(f.Name) > len(n.Fields[best].Name)) {
			best = i
		}
	}
	if best < 0 {
		return nil, nil, ""
	}
	f := n.Fields[best]
	return f.Value, f.Value, strings.TrimPrefix(path[len(f.Name):], ".")
}
