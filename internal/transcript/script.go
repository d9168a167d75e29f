package transcript

import (
	"fmt"
	"strings"
)

const (
	dashes = "----"
	crlf   = "\r\n"
)

// script is a parsed file: steps with the text between them, so that nothing
// that a person wrote is lost when the outputs are written anew.
type script struct {
	steps []step
	tail  string // comments and blank lines after the last step
}

// step is one directive.
type step struct {
	before    string // comments and blank lines
	source    string // the directive's lines and its input, without the dashes
	directive string // the directive as one line
	name      string
	args      []argument
	input     string
	output    string
	pos       string // file:line
}

// parse reads a transcript; an error names file and line.
func parse(path, content string) (*script, error) {
	if before, _, found := strings.Cut(content+"\n", crlf); found {
		return nil, fmt.Errorf("%s:%d: the line ends in a carriage return; lines of a transcript end in a newline alone",
			path, strings.Count(before, "\n")+1)
	}
	r := &reader{path: path, lines: splitLines(content)}
	s := new(script)
	for {
		between := r.skipComments()
		if r.done() {
			s.tail = between
			return s, nil
		}
		st, err := r.step()
		if err != nil {
			return nil, err
		}
		st.before = between
		s.steps = append(s.steps, st)
	}
}

// splitLines cuts content into lines without their ends.
func splitLines(content string) []string {
	if content == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(content, "\n"), "\n")
}

func isBlank(line string) bool { return strings.TrimSpace(line) == "" }

// reader goes through the lines of a file.
type reader struct {
	path  string
	lines []string
	next  int // index of the line to read
}

func (r *reader) done() bool { return r.next == len(r.lines) }

func (r *reader) line() string {
	r.next++
	return r.lines[r.next-1]
}

func (r *reader) pos(index int) string { return fmt.Sprintf("%s:%d", r.path, index+1) }

// skipComments reads blank lines and comments.
func (r *reader) skipComments() string {
	var b strings.Builder
	for !r.done() {
		line := r.lines[r.next]
		if !isBlank(line) && !strings.HasPrefix(line, "#") {
			break
		}
		b.WriteString(r.line() + "\n")
	}
	return b.String()
}

// step reads a directive, its input and its output.
func (r *reader) step() (step, error) {
	first := r.next
	st := step{pos: r.pos(first), directive: r.line()}
	for strings.HasSuffix(st.directive, `\`) && !r.done() {
		st.directive = strings.TrimSuffix(st.directive, `\`) + " " + r.line()
	}
	st.directive = strings.TrimSpace(st.directive)
	var err error
	if st.name, st.args, err = parseDirective(st.directive); err != nil {
		return st, fmt.Errorf("%s: %w", st.pos, err)
	}
	begin := r.next
	for !r.done() && r.lines[r.next] != dashes {
		r.next++
	}
	if r.done() {
		return st, fmt.Errorf("%s: %s has no line of four dashes below it", st.pos, st.name)
	}
	st.input = joinLines(r.lines[begin:r.next])
	st.source = joinLines(r.lines[first:r.next])
	r.next++
	st.output, err = r.output()
	return st, err
}

// output reads the expected output in either form. The blank line that ends
// the single form is left to the text before the next directive.
func (r *reader) output() (string, error) {
	begin := r.next
	if r.done() || r.lines[r.next] != dashes {
		for !r.done() && !isBlank(r.lines[r.next]) {
			r.next++
		}
		return joinLines(r.lines[begin:r.next]), nil
	}
	for i := begin + 1; i+1 < len(r.lines); i++ {
		if r.lines[i] == dashes && r.lines[i+1] == dashes {
			r.next = i + 2
			return joinLines(r.lines[begin+1 : i]), nil
		}
	}
	return "", fmt.Errorf("%s: output that begins with doubled dashes must end with them", r.pos(begin))
}

func joinLines(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}

// format writes the script with the outputs of its steps. An error means that
// an output would not be read as it was written.
func (s *script) format() (string, error) {
	var b strings.Builder
	for i, st := range s.steps {
		b.WriteString(st.before)
		b.WriteString(st.source)
		b.WriteString(dashes + "\n")
		if strings.Contains(st.output, crlf) {
			return "", fmt.Errorf("%s: %s printed a carriage return at the end of a line, which a transcript cannot hold", st.pos, st.name)
		}
		if !needsDoubled(st.output) {
			b.WriteString(st.output)
			if after := s.textAfter(i); after != "" && !isBlank(firstLine(after)) {
				b.WriteString("\n")
			}
			continue
		}
		const end = dashes + "\n" + dashes + "\n"
		if strings.Contains("\n"+st.output+dashes+"\n", "\n"+end) {
			return "", fmt.Errorf("%s: %s printed blank lines and, in a row or at its end, four dashes, which end an output", st.pos, st.name)
		}
		b.WriteString(dashes + "\n" + st.output + end)
	}
	b.WriteString(s.tail)
	return b.String(), nil
}

// textAfter is what the file holds behind the output of step i.
func (s *script) textAfter(i int) string {
	if i+1 < len(s.steps) {
		return s.steps[i+1].before + s.steps[i+1].source
	}
	return s.tail
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// needsDoubled reports whether the single form would cut or misread output.
func needsDoubled(output string) bool {
	for i, line := range splitLines(output) {
		if isBlank(line) || i == 0 && line == dashes {
			return true
		}
	}
	return false
}
