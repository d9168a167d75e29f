package icalimport

import (
	"slices"
	"strings"

	"github.com/belfry-go/belfry/policy"
)

// people are those on call in an event: its attendees, else those of its
// summary.
func (in *importer) people(e *event) []policy.Ref {
	var refs []policy.Ref
	add := func(name string) {
		ref := policy.Ref{Person: name}
		if name != "" && !slices.Contains(refs, ref) {
			refs = append(refs, ref)
		}
	}
	for _, a := range e.Attendees() {
		address := strings.TrimSpace(a.Value)
		if i := strings.IndexByte(address, ':'); i >= 0 && strings.EqualFold(address[:i], "mailto") {
			address = address[i+1:]
		}
		display := strings.Join(a.ICalParameters["CN"], ",")
		if slices.ContainsFunc(a.ICalParameters["PARTSTAT"], func(s string) bool { return strings.EqualFold(s, "DECLINED") }) {
			in.lose(e, "%s declined, and is left out", address)
			continue
		}
		name, known := in.named(address, display)
		if !known {
			local, _, _ := strings.Cut(address, "@")
			name = plain(local)
			in.unnamed(e, address, name)
		}
		add(name)
	}
	if len(refs) > 0 {
		return refs
	}
	for _, part := range summaryPeople(e.summary) {
		name, known := in.named(part)
		if !known {
			name = plain(part)
			in.unnamed(e, part, name)
		}
		add(name)
	}
	return refs
}

// named finds a person in Options.People by any of several names.
func (in *importer) named(names ...string) (string, bool) {
	for _, n := range names {
		if n == "" {
			continue
		}
		if name, ok := in.opts.People[n]; ok {
			return name, true
		}
		// Case matters to a map, not to mail: the least of the equals, so that the
		// result does not hang on the order of the map.
		found := ""
		for key, name := range in.opts.People {
			if strings.EqualFold(key, n) && (found == "" || name < found) {
				found = name
			}
		}
		if found != "" {
			return found, true
		}
	}
	return "", false
}

// unnamed reports somebody who is not in Options.People, when it says anybody,
// or whose name had to be changed.
func (in *importer) unnamed(e *event, written, name string) {
	local, _, _ := strings.Cut(written, "@")
	switch {
	case len(in.opts.People) > 0:
		in.lose(e, "%q is not in Options.People, and is called %q", written, name)
	case name != local:
		in.lose(e, "%q is called %q", written, name)
	}
}

// summaryPeople are the people that a summary ends with: "iam: alice, bob" or
// "On Call - Alice Smith".
func summaryPeople(summary string) []string {
	rest := summary
	if i := strings.LastIndexByte(rest, ':'); i >= 0 {
		rest = rest[i+1:]
	} else if i := strings.LastIndex(rest, " - "); i >= 0 {
		rest = rest[i+len(" - "):]
	}
	var people []string
	for part := range strings.SplitSeq(rest, ",") {
		if part = strings.TrimSpace(part); part != "" {
			people = append(people, part)
		}
	}
	return people
}

// plain makes a name that a directory can have: no colon, no blanks, no control
// characters.
func plain(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ':' || r == ' ' || r == '\t':
			return '-'
		case r < ' ' || r == 0x7f:
			return -1
		}
		return r
	}, strings.TrimSpace(strings.ToValidUTF8(name, "")))
}
