package main

import (
	"fmt"
	"math"
	"strings"
)

// table is the rows as Markdown. A row that was not measured says so: what is
// missing must not look met.
func table(r *results, rows []goal) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Medians of %d runs on %s.\n\n", r.runs(), r.machine)
	b.WriteString("| | what | measured | beside | measured | ratio | goal | |\n|---|---|--:|---|--:|--:|--:|---|\n")
	for _, g := range rows {
		b.WriteString(row(r, g))
	}
	return b.String()
}

func row(r *results, g goal) string {
	ours, ok := r.median(g.ours)
	value, theirs, ratio := ours, "", ""
	if ok && g.beside != "" {
		var v float64
		if v, ok = r.median(g.theirs); ok {
			value, theirs = ours/v, amount(v, g.theirs.unit)
			ratio = times(value)
		}
	}
	if !ok {
		return fmt.Sprintf("| %s | %s | – | %s | – | – | %s | not measured |\n", g.figure, g.what, g.beside, g.wanted())
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %s | %s | %s |\n",
		g.figure, g.what, amount(ours, g.ours.unit), g.beside, theirs, ratio, g.wanted(), g.verdict(value))
}

// wanted is the goal in words.
func (g *goal) wanted() string {
	if g.limit == none {
		return ""
	}
	sign, limit := "≤", amount(g.limit, g.ours.unit)
	if g.atLeast {
		sign = "≥"
	}
	if g.beside != "" {
		limit = times(g.limit)
	}
	return sign + " " + limit
}

func (g *goal) verdict(v float64) string {
	switch {
	case g.limit == none:
		return ""
	case g.atLeast && v >= g.limit, !g.atLeast && v <= g.limit:
		return "met"
	}
	return "**missed**"
}

// amount is a number in its unit, with three digits.
func amount(v float64, unit string) string {
	switch {
	case unit == "ns/op" || unit == "ns/event":
		for _, u := range []string{"ns", "µs", "ms"} {
			if v < 1000 {
				return digits(v) + " " + u
			}
			v /= 1000
		}
		return digits(v) + " s"
	case unit == "allocs/op":
		return digits(v)
	case strings.HasPrefix(unit, "B/"):
		return digits(v) + " B"
	case unit == "ms/gc":
		return digits(v) + " ms"
	case unit == "events/s":
		return thousands(v) + "/s"
	case strings.HasPrefix(unit, "s/") && v < 1:
		return digits(v*1000) + " ms"
	case strings.HasPrefix(unit, "s/"):
		return digits(v) + " s"
	}
	return digits(v) + " " + unit
}

// times is a ratio: below 1 as a fraction.
func times(v float64) string {
	if v < 0.95 && v > 0 {
		return "1/" + digits(1/v)
	}
	return digits(v) + " ×"
}

// digits is v with three digits, or all that stand before the point.
func digits(v float64) string {
	switch {
	case v == math.Trunc(v) && v < 1000, v >= 100:
		return thousands(v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// thousands is v without a fraction, its digits in threes.
func thousands(v float64) string {
	s := fmt.Sprintf("%.0f", v)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
