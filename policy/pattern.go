package policy

import (
	"regexp"
	"regexp/syntax"
	"strings"
)

// pattern is an anchored RE2 pattern. Most are a text, or a text before or after
// `.*`: for those the automaton is not asked.
type pattern struct {
	re             *regexp.Regexp
	plain          bool // prefix, then anything but a line's end if open, then suffix
	open           bool
	prefix, suffix string
}

// newPattern compiles a pattern that must match the whole text.
func newPattern(src string) (*pattern, error) {
	re, err := regexp.Compile(`^(?:` + src + `)$`)
	if err != nil {
		return nil, err
	}
	p := &pattern{re: re}
	if tree, err := syntax.Parse(src, syntax.Perl); err == nil {
		p.simplify(tree.Simplify())
	}
	return p, nil
}

// simplify recognises TEXT, TEXT.*, .*TEXT and TEXT.*TEXT.
func (p *pattern) simplify(re *syntax.Regexp) {
	parts := []*syntax.Regexp{re}
	if re.Op == syntax.OpConcat {
		parts = re.Sub
	}
	var text [2]string
	for _, part := range parts {
		switch {
		case part.Op == syntax.OpLiteral && part.Flags&syntax.FoldCase == 0 && !p.open && text[0] == "":
			text[0] = string(part.Rune)
		case part.Op == syntax.OpStar && part.Sub[0].Op == syntax.OpAnyCharNotNL && !p.open:
			p.open = true
		case part.Op == syntax.OpLiteral && part.Flags&syntax.FoldCase == 0 && p.open && text[1] == "":
			text[1] = string(part.Rune)
		default:
			p.open = false
			return
		}
	}
	p.plain, p.prefix, p.suffix = true, text[0], text[1]
}

// MatchString reports whether the whole of v matches.
func (p *pattern) MatchString(v string) bool {
	if !p.plain {
		return p.re.MatchString(v)
	}
	if !p.open {
		return v == p.prefix
	}
	n := len(p.prefix) + len(p.suffix)
	return len(v) >= n && strings.HasPrefix(v, p.prefix) && strings.HasSuffix(v, p.suffix) &&
		strings.IndexByte(v[len(p.prefix):len(v)-len(p.suffix)], '\n') < 0
}
