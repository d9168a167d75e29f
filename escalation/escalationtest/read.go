package escalationtest

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/belfry-go/belfry/policy"
	"github.com/belfry-go/belfry/policy/policyfile"
)

// defaultStart is when a test begins that does not say: a Monday morning.
var defaultStart = time.Date(2026, time.January, 5, 9, 0, 0, 0, time.UTC)

// afterLast is how long a test goes on after its last line.
const afterLast = time.Hour

// Read reads a test file. name is for messages, and the place from which the
// paths of `policies` are relative; open returns the content of such a path.
//
// Read never fails: what is wrong with the file as a whole is the Err of the
// result, what is wrong with one test is that test's, and the other tests can
// run.
func Read(name string, src []byte, open func(name string) ([]byte, error)) *File {
	f := &File{Name: name}
	root, err := policyfile.Tree(name, src)
	if err != nil {
		f.Err = err
		return f
	}
	r := &reader{file: name, src: src, open: open, Decoder: policy.NewDecoder(name, src)}
	tests := r.top(root)
	if f.Err = r.Err(); f.Err != nil {
		return f
	}
	for i, n := range tests {
		f.Cases = append(f.Cases, r.test(n, fmt.Sprintf("tests[%d]", i)))
	}
	return f
}

// reader reads one file. The embedded Decoder collects the faults of the file;
// while a test is read, those of that test.
type reader struct {
	*policy.Decoder
	file string
	src  []byte
	open func(name string) ([]byte, error)
	doc  *policy.Document
	errs []error // of documents in files of their own
}

// Err joins the faults of the file with those of the documents it names.
func (r *reader) Err() error {
	return join(append(r.errs, r.Decoder.Err())...)
}

// join is errors.Join that keeps a single error as it is.
func join(errs ...error) error {
	errs = slices.DeleteFunc(errs, func(err error) bool { return err == nil })
	if len(errs) == 1 {
		return errs[0]
	}
	return errors.Join(errs...)
}

// top reads what stands outside the tests and returns their nodes.
func (r *reader) top(root *policy.Node) []*policy.Node {
	if root == nil || root.Kind == policy.NodeNull {
		r.Fault(root, "", "the file is empty; a test file has version: 1, policies or a document, and tests")
		return nil
	}
	o := r.Object(root, "", "the test file")
	if n := o.Need("version"); n != nil && n.Text != "1" {
		r.Fault(n, "version", fmt.Sprintf("\"version\" is %q; this format is version: 1", n.Text))
	}
	files, inline := o.Node("policies"), o.Node("document")
	switch {
	case files != nil && inline != nil:
		r.Fault(inline, "document", "the file has both \"policies\" and \"document\"; keep one of them")
	case inline != nil:
		r.doc = r.document(inline)
	case files != nil:
		r.doc = r.linked(files)
	case root.Kind == policy.NodeMap:
		r.Fault(root, "", "the file names no policy: write policies: [FILE] or a document: inline")
	}
	tests := o.Need("tests")
	if tests == nil {
		o.Done()
		return nil
	}
	items, _ := r.List(tests, "tests")
	if tests.Kind == policy.NodeList && len(items) == 0 {
		r.Fault(tests, "tests", "the file has no test, so it would always pass")
	}
	o.Done()
	return items
}

// document compiles a document that stands inline.
func (r *reader) document(n *policy.Node) *policy.Document {
	root, directory := policyfile.Split(n)
	var names []string
	if directory != "" {
		names = append(names, r.relative(r.file, directory))
	}
	return r.link(n, []policy.Source{{File: r.file, Text: r.src, Root: root}}, names)
}

// linked reads the files that `policies` lists as one document.
func (r *reader) linked(n *policy.Node) *policy.Document {
	items, _ := r.List(n, "policies")
	if n.Kind == policy.NodeList && len(items) == 0 {
		r.Fault(n, "policies", "\"policies\" names no file")
	}
	var names []string
	for i, item := range items {
		if name, ok := r.Text(item, fmt.Sprintf("policies[%d]", i)); ok {
			names = append(names, r.relative(r.file, name))
		}
	}
	return r.link(n, nil, names)
}

// link compiles one document from sources and files. A directory that is the
// name of a file is read from it, as package policyfile does.
func (r *reader) link(n *policy.Node, sources []policy.Source, names []string) *policy.Document {
	read := map[string]bool{}
	for i := 0; i < len(names); i++ {
		name := names[i]
		if read[name] {
			continue
		}
		read[name] = true
		src, err := r.open(name)
		if err != nil {
			r.Fault(n, "policies", fmt.Sprintf("a policy file cannot be read: %v", err))
			continue
		}
		root, err := policyfile.Tree(name, src)
		if err != nil {
			r.errs = append(r.errs, err)
			continue
		}
		root, directory := policyfile.Split(root)
		if directory != "" {
			names = append(names, r.relative(name, directory))
		}
		sources = append(sources, policy.Source{File: name, Text: src, Root: root})
	}
	if len(r.errs) > 0 || r.Failed() || len(sources) == 0 {
		return nil
	}
	doc, err := policy.Link(sources...)
	if err != nil {
		r.errs = append(r.errs, err)
		return nil
	}
	return doc
}

// relative is where a file lies that another names.
func (r *reader) relative(from, name string) string {
	if path.IsAbs(name) || filepath.IsAbs(name) {
		return name
	}
	return path.Join(path.Dir(filepath.ToSlash(from)), filepath.ToSlash(name))
}

// test reads one test. Its faults are its own.
func (r *reader) test(n *policy.Node, at string) *Case {
	outer := r.Decoder
	r.Decoder, r.errs = policy.NewDecoder(r.file, r.src), nil
	defer func() { r.Decoder, r.errs = outer, nil }()

	c := &Case{File: r.file, Line: n.Line, Document: r.doc, Start: policy.InstantOf(defaultStart)}
	o := r.Object(n, at, called("test", n, at))
	if c.Name = o.Scalar("name"); c.Name == "" && n.Kind == policy.NodeMap {
		r.Fault(n, at, "a test has no \"name\"")
	}
	if t := o.Time("start"); !t.IsZero() {
		c.Start = policy.InstantOf(t)
	}
	if a := o.Node("alert"); a != nil {
		alert := r.Alert(a, o.Path("alert"))
		c.Alert = &alert
	}
	c.Given = r.given(o, c)
	steps, where := o.List("when")
	for i, item := range steps {
		c.Steps = append(c.Steps, r.step(item, fmt.Sprintf("%s[%d]", where, i)))
	}
	lines, where := o.List("then")
	for i, item := range lines {
		c.Lines = append(c.Lines, r.line(item, fmt.Sprintf("%s[%d]", where, i), c))
	}
	c.Strict = true
	if s := o.Node("strict"); s != nil {
		c.Strict, _ = r.Bool(s, o.Path("strict"))
	}
	c.Until = o.Duration("until", c.last()+afterLast, 0)
	o.Done()
	if n.Kind == policy.NodeMap {
		r.checkWhole(n, at, c)
	}
	c.Err = r.Err()
	slices.SortStableFunc(c.Steps, func(a, b Step) int { return int(min(max(a.At-b.At, -1), 1)) })
	return c
}

// last is the instant of the last line.
func (c *Case) last() time.Duration {
	var last time.Duration
	for _, l := range c.Lines {
		last = max(last, l.At, l.Until.Truncate(time.Millisecond))
	}
	return last
}

// checkWhole finds what makes a test say less than it seems to.
func (r *reader) checkWhole(n *policy.Node, at string, c *Case) {
	if len(c.Lines) == 0 {
		r.Fault(n, at, "the test has no line in \"then\", so it would always pass")
	}
	for i, l := range c.Lines {
		if l.At > c.Until || l.Until.Truncate(time.Millisecond) > c.Until {
			r.Fault(&policy.Node{Line: l.Line, Column: 1}, fmt.Sprintf("%s.then[%d]", at, i),
				fmt.Sprintf("the line is about an instant after the end of the test, %s", c.Until))
		}
	}
	for i, s := range c.Steps {
		if s.At > c.Until {
			r.Fault(&policy.Node{Line: s.Line, Column: 1}, fmt.Sprintf("%s.when[%d]", at, i),
				fmt.Sprintf("this happens after the end of the test, %s; give the test a later \"until\"", c.Until))
		}
	}
	if c.Alert == nil && !slices.ContainsFunc(c.Steps, func(s Step) bool { return s.alertless() }) {
		return
	}
	if c.Alert == nil {
		for i, s := range c.Steps {
			if s.alertless() && s.Key == "" {
				r.Fault(&policy.Node{Line: s.Line, Column: 1}, fmt.Sprintf("%s.when[%d]", at, i),
					"a trigger without an alert of its own needs the test's \"alert\"")
			}
		}
	}
}

// called is how messages call a named thing.
func called(what string, n *policy.Node, at string) string {
	if name := n.Field("name"); name != nil && name.Text != "" {
		return fmt.Sprintf("%s %q", what, name.Text)
	}
	return what + " " + at
}

// oneLine writes a node as it could stand in a file, on one line.
func oneLine(n *policy.Node) string {
	var b strings.Builder
	writeNode(&b, n)
	return b.String()
}

func writeNode(b *strings.Builder, n *policy.Node) {
	switch n.Kind {
	case policy.NodeMap:
		b.WriteByte('{')
		for i, f := range n.Fields {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(f.Name + ": ")
			writeNode(b, f.Value)
		}
		b.WriteByte('}')
	case policy.NodeList:
		b.WriteByte('[')
		for i, item := range n.Items {
			if i > 0 {
				b.WriteString(", ")
			}
			writeNode(b, item)
		}
		b.WriteByte(']')
	case policy.NodeNull:
		b.WriteString("null")
	default:
		b.WriteString(n.Text)
	}
}
