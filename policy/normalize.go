package policy

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// The limits of an alert's texts, in bytes, and of its lists. What is longer is
// cut, never refused: the page matters more than its wording.
const (
	MaxKeyText    = 256  // key, kind, source, identity fields
	MaxScaleText  = 64   // severity, criticality, blast_radius, as written
	MaxSummary    = 1024 // summary
	MaxLabels     = 64   // labels; the first by name are kept
	MaxLabelText  = 1024 // a label's value; its name is a key text
	MaxLinks      = 16   // links, each at most MaxLinkText
	MaxLinkText   = 2048
	MaxParties    = 64
	MaxAlertTimes = 32
)

// Normalize returns a with what a machine needs filled in and bounded, and the
// JSON paths of the fields that were changed, sorted as the fields stand. An
// empty key becomes kind/identity.id; texts are cut on a rune to their limits;
// invalid UTF-8 and NUL, which not every store can hold, become U+FFFD;
// confidence is brought within 0 to 100; instants are in UTC and whole
// microseconds (which counts as no change). a's maps and lists are copied.
func (a Alert) Normalize() (Alert, []string) {
	var z normalizer
	z.text((*string)(&a.Kind), "kind", MaxKeyText)
	z.text((*string)(&a.Severity), "severity", MaxScaleText)
	z.text(&a.Summary, "summary", MaxSummary)
	if c := min(max(a.Confidence, 0), 100); c != a.Confidence {
		a.Confidence = c
		z.note("confidence")
	}
	z.text(&a.Source, "source", MaxKeyText)
	a.Labels = z.labels(a.Labels)
	a.Links = z.links(a.Links)
	a.Parties = z.parties(a.Parties)
	z.identity(&a.Identity)
	z.text((*string)(&a.BlastRadius), "blast_radius", MaxScaleText)
	a.ExpiresAt = micros(a.ExpiresAt)
	a.Window = Window{Opens: micros(a.Window.Opens), Closes: micros(a.Window.Closes)}
	a.Times = z.times(a.Times)
	if a.Key == "" {
		a.Key = string(a.Kind) + "/" + a.Identity.ID
		z.text(&a.Key, "", MaxKeyText)
		z.changed = slices.Insert(z.changed, 0, "key")
		return a, z.changed
	}
	before := len(z.changed)
	z.text(&a.Key, "key", MaxKeyText)
	if len(z.changed) > before {
		z.changed = slices.Insert(z.changed[:before], 0, "key")
	}
	return a, z.changed
}

type normalizer struct{ changed []string }

func (z *normalizer) note(path string) {
	if path != "" && !slices.Contains(z.changed, path) {
		z.changed = append(z.changed, path)
	}
}

// text repairs and cuts a text in place.
func (z *normalizer) text(s *string, path string, most int) {
	if v := cutText(*s, most); v != *s {
		*s = v
		z.note(path)
	}
}

// cutText repairs s and cuts it on a rune to at most so many bytes.
func cutText(s string, most int) string {
	if !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
	}
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}

// labels keeps the first by name, so that the same alert is always cut alike.
func (z *normalizer) labels(in map[string]string) map[string]string {
	if in == nil {
		return nil
	}
	out := make(map[string]string, min(len(in), MaxLabels))
	for _, name := range slices.Sorted(maps.Keys(in)) {
		if len(out) == MaxLabels {
			z.note("labels")
			break
		}
		clean, v := cutText(name, MaxKeyText), in[name]
		if clean != name {
			z.note("labels")
		}
		if _, taken := out[clean]; taken {
			continue
		}
		z.text(&v, "labels."+clean, MaxLabelText)
		out[clean] = v
	}
	return out
}

func (z *normalizer) links(in []string) []string {
	if len(in) > MaxLinks {
		in = in[:MaxLinks]
		z.note("links")
	}
	out := slices.Clone(in)
	for i := range out {
		z.text(&out[i], "links["+strconv.Itoa(i)+"]", MaxLinkText)
	}
	return out
}

func (z *normalizer) parties(in []Target) []Target {
	if len(in) > MaxParties {
		in = in[:MaxParties]
		z.note("parties")
	}
	out := slices.Clone(in)
	for i := range out {
		z.text(&out[i].ID, "parties["+strconv.Itoa(i)+"]", MaxKeyText)
	}
	return out
}

func (z *normalizer) identity(id *Identity) {
	z.text(&id.ID, "identity.id", MaxKeyText)
	z.text(&id.Kind, "identity.kind", MaxKeyText)
	z.text(&id.Owner.ID, "identity.owner", MaxKeyText)
	z.text((*string)(&id.Criticality), "identity.criticality", MaxScaleText)
	z.text(&id.Privilege, "identity.privilege", MaxKeyText)
	z.text(&id.Environment, "identity.environment", MaxKeyText)
	z.text(&id.CredentialVersion, "identity.credential_version", MaxKeyText)
}

func (z *normalizer) times(in map[string]time.Time) map[string]time.Time {
	if in == nil {
		return nil
	}
	out := make(map[string]time.Time, min(len(in), MaxAlertTimes))
	for _, name := range slices.Sorted(maps.Keys(in)) {
		if len(out) == MaxAlertTimes {
			z.note("times")
			break
		}
		clean := cutText(name, MaxKeyText)
		if clean != name {
			z.note("times")
		}
		if _, taken := out[clean]; !taken {
			out[clean] = micros(in[name])
		}
	}
	return out
}

// micros is t as an Instant keeps it.
func micros(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}

// Levels returns the levels of a's scales and the JSON paths of those that were
// assumed: an absent or unknown value has the highest level.
func (a *Alert) Levels() (sev, crit, blast Level, assumed []string) {
	var known bool
	if sev, known = a.Severity.Level(); !known {
		assumed = append(assumed, "severity")
	}
	if crit, known = a.Identity.Criticality.Level(); !known {
		assumed = append(assumed, "identity.criticality")
	}
	if blast, known = a.BlastRadius.Level(); !known {
		assumed = append(assumed, "blast_radius")
	}
	return sev, crit, blast, assumed
}

// FactsOf returns the facts of an alert that has just opened: its levels, one
// trigger, no age, no priority yet. It keeps a.
func FactsOf(a *Alert) Facts {
	f := Facts{Alert: a, Count: 1}
	f.Severity, _ = a.Severity.Level()
	f.Criticality, _ = a.Identity.Criticality.Level()
	f.BlastRadius, _ = a.BlastRadius.Level()
	return f
}
