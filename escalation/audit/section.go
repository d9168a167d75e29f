package audit

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// section is a part of a report as people read it: a note, and a table. Markdown
// and HTML are two ways to write the same sections.
type section struct {
	Title string
	Note  string
	Head  []string
	Rows  [][]string
}

// title is the report's heading.
func (r *Report) title() string {
	return fmt.Sprintf("Evidence: %s#%d", r.Key, r.Incarnation)
}

// sections are all parts that have something to say.
func (r *Report) sections() []section {
	all := []section{
		r.integrity(), r.summary(),
		{Title: "Policies", Note: "What governed the alert. The digest is recorded with each entry.", Head: []string{"From", "Policy", "Digest"}, Rows: r.policyRows()},
		{
			Title: "Who was told", Note: "Each message: whom, by which channel, why, and when the channel took it. A message that was taken need not have been read; that, only an acknowledgement says.",
			Head: []string{"Asked for", "To", "From", "Via", "Kind", "Why", "Tier", "Result", "Reported", "Late", "Tries", "There"}, Rows: r.toldRows(),
		},
		{
			Title: "Why others stepped in", Note: "Each move of the ladder: why, whom it passed over, and how long was waited.",
			Head: []string{"At", "What", "Tier", "Why", "Passed over", "Waited"}, Rows: r.ladderRows(),
		},
		{Title: "Who did what", Head: []string{"At", "What", "By", "About", "Words", "Answer"}, Rows: r.actRows()},
		{Title: "What was refused", Note: "Rejected: not permitted. Ignored: lawful, and of no effect. Neither changed anything.", Head: []string{"At", "What", "By", "About", "Answer"}, Rows: r.refusedRows()},
		{Title: "Deadlines", Head: []string{"Deadline", "At", "Result", "When", "Margin"}, Rows: r.deadlineRows()},
		{Title: "Gates", Head: []string{"At", "Gate", "Operations", "Of", "Decision", "Until", "By"}, Rows: r.gateRows()},
		{Title: "Reviews", Head: []string{"At", "Review", "What", "By", "Stage", "Vote", "Answer"}, Rows: r.reviewRows()},
		{Title: "Actions", Head: []string{"At", "Action", "Run", "On", "Subjects", "Result", "Why", "Detail"}, Rows: r.actionRows()},
		{Title: "What actions were done to", Note: "The subjects by their ids, as they were bound before anything was done, and what it came to.", Head: []string{"At", "Action", "What"}, Rows: r.deedRows()},
		{Title: "When nobody ran", Note: "Spans in which the engine did not run, as it found out afterwards.", Head: []string{"From", "To"}, Rows: r.gapRows()},
		{Title: "Erased", Note: "The content of these entries was erased; that they were there, and what they summed to, is still proven.", Head: []string{"Entry", "At", "Kind", "Sum"}, Rows: r.erasedRows()},
		{
			Title: "Relevant to", Note: "Controls for which this record can serve as evidence. Whether a control is met is for those who judge it; no record says so.",
			Head: []string{"Catalogue", "Id", "Title", "By"}, Rows: r.controlRows(),
		},
		{Title: "The whole record", Head: []string{"Line"}, Rows: r.recordRows()},
	}
	var out []section
	for _, s := range all {
		if len(s.Rows) > 0 {
			out = append(out, s)
		}
	}
	return out
}

func (r *Report) integrity() section {
	i := &r.Integrity
	state := "The export is whole: no entry was changed, left out, put in or moved."
	if !i.Whole {
		state = "THE EXPORT IS BROKEN. What follows is what it says, and may not be what happened."
	}
	pinned := "by no checkpoint: what was cut off at the end would not be found"
	if i.Pinned > 0 {
		pinned = fmt.Sprintf("by a signed checkpoint, up to entry %d of %d", i.Pinned, i.Entries)
	}
	replayed := "yes: the machine, given the recorded events, gives the recorded effects"
	if !i.Replayed {
		replayed = "no: " + i.Note
	}
	s := section{Title: "Integrity", Note: state, Head: []string{"", ""}, Rows: [][]string{
		{"Store", r.Namespace},
		{"History", r.Stream},
		{"Entries", fmt.Sprintf("%d, %d of them erased", i.Entries, i.Erased)},
		{"Head", i.Head},
		{"Pinned", pinned},
		{"Replayed", replayed},
	}}
	for _, f := range i.Faults {
		s.Rows = append(s.Rows, []string{"Fault", f.Error()})
	}
	return s
}

func (r *Report) summary() section {
	a := &r.Alert
	s := section{Title: "Alert", Head: []string{"", ""}}
	row := func(name, value string) {
		if value != "" {
			s.Rows = append(s.Rows, []string{name, value})
		}
	}
	row("Key", r.Key)
	row("Kind", a.Kind)
	row("Summary", a.Summary)
	row("Source", a.Source)
	row("Status", r.Status)
	row("Opened", r.Opened)
	row("Resolved", r.Resolved)
	row("Severity", a.Severity)
	row("Priority", a.Priority)
	row("Blast radius", a.BlastRadius)
	row("Identity", strings.TrimSpace(a.Identity+" "+parenthesised(a.IdentityKind)))
	row("Owner", a.Owner)
	row("Criticality", a.Criticality)
	row("Environment", a.Environment)
	if a.ThirdParty {
		row("Third party", "yes")
	}
	row("Assumed, as the highest", strings.Join(a.Assumed, ", "))
	row("Parties", strings.Join(a.Parties, ", "))
	for _, name := range slices.Sorted(maps.Keys(a.Labels)) {
		row("Label "+name, a.Labels[name])
	}
	row("Triggers", countText(a.Triggers))
	row("Latest delivery", r.Latest)
	return s
}

func parenthesised(s string) string {
	if s == "" {
		return ""
	}
	return "(" + s + ")"
}

func countText(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// tierText is a track's tier, as main/owner, and its pass from the second on.
func tierText(track, tier string, pass int) string {
	s := strings.Trim(track+"/"+tier, "/")
	if pass > 1 {
		s += " pass " + strconv.Itoa(pass)
	}
	return s
}

// answerText is a verdict and its reason.
func answerText(verdict, reason string) string {
	if reason == "" {
		return verdict
	}
	return verdict + ": " + reason
}

// rowsOf makes a row of each item.
func rowsOf[T any](items []T, row func(*T) []string) [][]string {
	var out [][]string
	for i := range items {
		out = append(out, row(&items[i]))
	}
	return out
}

func (r *Report) policyRows() [][]string {
	return rowsOf(r.Policies, func(p *PolicyUsed) []string { return []string{p.From, p.Name, p.Digest} })
}

func (r *Report) toldRows() [][]string {
	return rowsOf(r.Told, func(t *Telling) []string {
		target := t.Target
		if target == t.To {
			target = ""
		}
		why := t.Reason
		if len(t.PassedOver) > 0 {
			why += ", passed over " + strings.Join(t.PassedOver, ", ")
		}
		result := firstText(t.Result, "not reported yet")
		if t.Detail != "" {
			result += ": " + t.Detail
		}
		return []string{t.At, t.To, target, t.Via, t.Kind, why, tierText(t.Track, t.Tier, t.Pass), result, t.Reported, t.Late, countText(t.Attempts), firstText(t.Message, t.URL)}
	})
}

func (r *Report) ladderRows() [][]string {
	return rowsOf(r.Ladder, func(g *Rung) []string {
		what := g.What
		if g.Until != "" {
			what += " until " + g.Until
		}
		return []string{g.At, what, tierText(g.Track, g.Tier, g.Pass), g.Reason, strings.Join(g.PassedOver, ", "), g.Waited}
	})
}

// byText is an author, and who stands behind.
func (a *Act) byText() string {
	if a.Behind == "" {
		return a.By
	}
	return a.By + " for " + a.Behind
}

func (r *Report) actRows() [][]string {
	return rowsOf(r.Acts, func(a *Act) []string {
		return []string{a.At, a.What, a.byText(), a.About, a.Words, answerText(a.Verdict, a.Reason)}
	})
}

func (r *Report) refusedRows() [][]string {
	return rowsOf(r.Refused, func(a *Act) []string {
		return []string{a.At, a.What, a.byText(), a.About, answerText(a.Verdict, a.Reason)}
	})
}

func (r *Report) deadlineRows() [][]string {
	return rowsOf(r.Deadlines, func(d *Deadline) []string {
		at := d.At
		if d.Moved > 0 {
			at += fmt.Sprintf(" (moved %d times)", d.Moved)
		}
		return []string{d.Name, at, firstText(d.Result, "open"), d.When, d.Margin}
	})
}

func (r *Report) gateRows() [][]string {
	return rowsOf(r.Gates, func(g *Gate) []string {
		return []string{g.At, g.Gate, strings.Join(g.Operations, ", "), g.Subject, g.Decision, g.Until, g.By}
	})
}

func (r *Report) reviewRows() [][]string {
	return rowsOf(r.Reviews, func(v *Review) []string {
		return []string{v.At, v.Review, v.What, v.By, v.Stage, v.Vote, strings.TrimPrefix(answerText(v.Verdict, v.Reason), ": ")}
	})
}

func (r *Report) actionRows() [][]string {
	return rowsOf(r.Actions, func(a *Action) []string {
		run := a.Run
		if a.Undo {
			run += " (undo)"
		}
		return []string{a.At, a.Action, run, a.Subject, countText(a.Subjects), a.Result, a.Reason, a.Detail}
	})
}

func (r *Report) deedRows() [][]string {
	return rowsOf(r.Deeds, func(d *Deed) []string { return []string{d.At, d.Action, d.Text} })
}

func (r *Report) gapRows() [][]string {
	return rowsOf(r.Gaps, func(g *Gap) []string { return []string{g.From, g.To} })
}

func (r *Report) erasedRows() [][]string {
	return rowsOf(r.Erased, func(e *Erasure) []string {
		return []string{strconv.FormatUint(e.Seq, 10), e.At, e.Kind, e.Sum.String()}
	})
}

func (r *Report) controlRows() [][]string {
	return rowsOf(r.Relevant, func(c *Control) []string { return []string{c.Catalogue, c.ID, c.Title, strings.Join(c.By, ", ")} })
}

func (r *Report) recordRows() [][]string {
	return rowsOf(r.Record, func(s *string) []string { return []string{*s} })
}
