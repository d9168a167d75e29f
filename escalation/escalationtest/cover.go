package escalationtest

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/belfry-go/belfry/policy"
)

// Cover says which tiers of a document some test entered.
type Cover struct {
	Document        *policy.Document
	Files           []string // test files that use it
	Entered, Missed []string // policy/track/tier, in document order
}

// Coverage compares what tests entered with the tiers there are, document by
// document. Files that use an equal document count together.
func Coverage(files []*File, results []Result) []Cover {
	var out []Cover
	for _, f := range files {
		if f.Err != nil || len(f.Cases) == 0 {
			continue
		}
		doc := f.Cases[0].Document
		i := slices.IndexFunc(out, func(c Cover) bool { return c.Document.Digest == doc.Digest })
		if i < 0 {
			i = len(out)
			out = append(out, Cover{Document: doc})
		}
		out[i].Files = append(out[i].Files, f.Name)
	}
	for i := range out {
		c := &out[i]
		entered := map[string]bool{}
		for _, r := range results {
			if slices.Contains(c.Files, r.File) {
				for _, t := range r.Tiers {
					entered[t] = true
				}
			}
		}
		for _, t := range tiersOf(c.Document) {
			if entered[t] {
				c.Entered = append(c.Entered, t)
			} else {
				c.Missed = append(c.Missed, t)
			}
		}
	}
	return out
}

// tiersOf lists the tiers of a document, without those of the built-in policy.
func tiersOf(doc *policy.Document) []string {
	var out []string
	for _, pol := range doc.Policies {
		if pol.Name == policy.Unmatched {
			continue
		}
		for i := range pol.Tracks {
			for j := range pol.Tracks[i].Tiers {
				out = append(out, pol.Name+"/"+pol.Tracks[i].Name+"/"+pol.Tracks[i].Tiers[j].Name)
			}
		}
	}
	return out
}

// WriteCover writes how much of each document was entered, and what was not.
func WriteCover(w io.Writer, covers []Cover) error {
	var b strings.Builder
	for _, c := range covers {
		all := len(c.Entered) + len(c.Missed)
		if all == 0 {
			continue
		}
		fmt.Fprintf(&b, "%s: %d of %d tiers entered (%d%%)\n", strings.Join(c.Files, ", "), len(c.Entered), all, 100*len(c.Entered)/all)
		for _, t := range c.Missed {
			fmt.Fprintf(&b, "  not entered: %s\n", t)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
