package policy

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// policyNames are the names that anchors of a policy can refer to, in the
// order of the compiled policy.
type policyNames struct {
	deadlines []string
	tracks    []string
	tiers     [][]string // by track
	gates     []string
	actions   []string // of `actions`, then the bare names of `run` lists
	declared  int      // how many of actions are of `actions`
}

// collectNames reads the names of a policy without a fault; what is malformed
// is reported when it is read in earnest.
func collectNames(p *Node) policyNames {
	var names policyNames
	fields := func(n *Node) []Field {
		if n == nil {
			return nil
		}
		return slices.DeleteFunc(slices.Clone(n.Fields), func(f Field) bool {
			return f.Name == "description" && f.Value.Kind == NodeString
		})
	}
	for _, f := range first(fields(p.Field("deadlines")), MaxParts) {
		names.deadlines = append(names.deadlines, f.Name)
	}
	if tiers := p.Field("tiers"); tiers != nil {
		names.tracks = append(names.tracks, mainTrack)
		names.tiers = append(names.tiers, itemNames(tiers, "name"))
	}
	for _, f := range first(fields(p.Field("tracks")), MaxTracks) {
		names.tracks = append(names.tracks, f.Name)
		names.tiers = append(names.tiers, itemNames(f.Value.Field("tiers"), "name"))
	}
	names.gates = itemNames(p.Field("gates"), "name")
	names.actions = itemNames(p.Field("actions"), "name", "run")
	names.declared = len(names.actions)
	bare := func(n *Node) {
		for _, name := range texts(n.Field("run")) {
			if len(names.actions) <= MaxParts && !slices.Contains(names.actions, name) {
				names.actions = append(names.actions, name)
			}
		}
	}
	for _, tiers := range append([]*Node{p.Field("tiers")}, trackTiers(p)...) {
		if tiers != nil {
			for _, t := range tiers.Items {
				bare(t)
			}
		}
	}
	bare(p.Field("exhausted"))
	return names
}

func trackTiers(p *Node) []*Node {
	var out []*Node
	if tracks := p.Field("tracks"); tracks != nil {
		for _, f := range tracks.Fields {
			out = append(out, f.Value.Field("tiers"))
		}
	}
	return out
}

// itemNames lists the first of fields that each item has.
func itemNames(list *Node, fields ...string) []string {
	if list == nil {
		return nil
	}
	items := first(list.Items, MaxParts) // tiers, gates, actions: as many as may be
	out := make([]string, len(items))
	for i, item := range items {
		for _, f := range fields {
			if n := item.Field(f); n != nil && n.Kind == NodeString {
				out[i] = n.Text
				break
			}
		}
	}
	return out
}

// first cuts a list: what is beyond a limit is refused when it is read.
func first[T any](list []T, most int) []T { return list[:min(len(list), most)] }

func texts(list *Node) []string {
	if list == nil {
		return nil
	}
	var out []string
	for _, item := range list.Items {
		if item.Kind == NodeString {
			out = append(out, item.Text)
		}
	}
	return out
}

// anchorWords are the anchors that stand alone.
var anchorWords = [...]struct {
	word string
	kind AnchorKind
}{
	{"open", AnchorOpen},
	{"expiry", AnchorExpiry},
	{"window.opens", AnchorWindowOpens},
	{"window.closes", AnchorWindowCloses},
	{"acknowledged", AnchorAcknowledged},
	{"resolved", AnchorResolved},
	{"exhausted", AnchorExhausted},
}

// anchorWord reports whether name is an anchor of its own.
func anchorWord(name string) bool {
	for _, w := range anchorWords {
		if w.word == name {
			return true
		}
	}
	return name == "never" || name == "review"
}

// happens reports whether every anchor of n is an event: nothing waits for
// those, so that the tier above has a wait of its own.
func happens(n *Node) bool {
	if n.Kind == NodeList {
		for _, item := range n.Items {
			if !happens(item) {
				return false
			}
		}
		return len(n.Items) > 0
	}
	word, _, _ := strings.Cut(strings.TrimSpace(n.Text), " ")
	if name, _, found := strings.Cut(word, ":"); found {
		return name == "raised" || name == "tier" || name == "gate" || name == "action" || name == "evidence"
	}
	return word == "acknowledged" || word == "resolved" || word == "exhausted"
}

// anchor reads an anchor or a list of them, of which the earliest counts.
func (r *policyReader) anchor(n *Node, path string) (Anchor, bool) {
	items, ats := []*Node{n}, []string{path}
	if n.Kind == NodeList {
		items, ats = n.Items, nil
		if len(items) == 0 {
			r.Fault(n, path, "an anchor list is empty")
			return Anchor{}, false
		}
		for i := range items {
			ats = append(ats, index(path, i))
		}
	}
	var a Anchor
	var written []string
	ok := true
	for i, item := range items {
		text, isText := r.Text(item, ats[i])
		if !isText {
			ok = false
			continue
		}
		t, err := r.term(strings.TrimSpace(text))
		if err != nil {
			r.FaultNear(item, ats[i], err.msg, err.got, err.known)
			ok = false
			continue
		}
		a.Terms = append(a.Terms, t)
		written = append(written, text)
	}
	a.Text = strings.Join(written, ", ")
	return a, ok
}

// term reads ANCHOR [± DURATION] or ANCHOR ± SHARE%. The whole text is tried as
// a name first, since a name may hold a hyphen.
func (r *policyReader) term(text string) (Term, *conditionError) {
	t, err := r.base(text)
	if err == nil {
		return t, nil
	}
	at, sign := lastSign(text)
	if at < 0 {
		return t, err
	}
	t, baseErr := r.base(strings.TrimSpace(text[:at]))
	if baseErr != nil {
		return t, baseErr
	}
	offset := strings.TrimSpace(text[at+1:])
	if share, ok := strings.CutSuffix(offset, "%"); ok {
		return t, t.setShare(share, sign)
	}
	d, durationErr := ParseDuration(offset)
	if durationErr != nil {
		return t, badCondition("anchor %q: %s", clip(text), durationErr)
	}
	t.Offset = d
	if sign == '-' {
		t.Offset = -d
	}
	return t, nil
}

// lastSign finds the + or - before the offset: the last that stands between
// blanks, else the last before a digit.
func lastSign(text string) (at int, sign byte) {
	at = max(strings.LastIndex(text, " + "), strings.LastIndex(text, " - "))
	if at >= 0 {
		return at + 1, text[at+1]
	}
	for i := len(text) - 2; i > 0; i-- {
		if (text[i] == '+' || text[i] == '-') && (text[i+1] >= '0' && text[i+1] <= '9' || text[i+1] == ' ') {
			return i, text[i]
		}
	}
	return -1, 0
}

func (t *Term) setShare(text string, sign byte) *conditionError {
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || !(v > 0 && v <= 100) {
		return badCondition("a share is a number of percent up to 100, not %q", clip(text)+"%")
	}
	if t.Kind == AnchorOpen || t.Kind.Event() {
		return badCondition("a share is of the time between open and an instant that is known then, such as expiry - 15%%")
	}
	t.Share = int(math.Round(v * 100))
	if sign == '-' {
		t.Share = -t.Share
	}
	return nil
}

// base reads an anchor without an offset.
func (r *policyReader) base(text string) (Term, *conditionError) {
	for _, w := range anchorWords {
		if w.word == text {
			return Term{Kind: w.kind}, nil
		}
	}
	if i := slices.Index(r.names.deadlines, text); i >= 0 {
		return Term{Kind: AnchorDeadline, Index: i}, nil
	}
	if name, ok := strings.CutPrefix(text, "times."); ok && freeName(name) {
		return Term{Kind: AnchorTime, Name: name}, nil
	}
	kind, name, ok := strings.Cut(text, ":")
	if !ok {
		return Term{}, r.unknownAnchor(text)
	}
	switch kind {
	case "raised":
		l, ok := Severity(name).Level()
		if !ok {
			return Term{}, unknownLevel(fieldSeverity, name)
		}
		return Term{Kind: AnchorRaised, Level: l}, nil
	case "tier":
		return r.tierBase(name)
	case "gate":
		if i := slices.Index(r.names.gates, name); i >= 0 {
			return Term{Kind: AnchorGate, Index: i}, nil
		}
		return Term{}, unknownName("gate", name, r.names.gates)
	case "action":
		if i := slices.Index(r.names.actions, name); i >= 0 {
			return Term{Kind: AnchorAction, Index: i}, nil
		}
		bare, failed := strings.CutSuffix(name, "/failed")
		if i := slices.Index(r.names.actions, bare); failed && i >= 0 {
			return Term{Kind: AnchorActionFailed, Index: i}, nil
		}
		return Term{}, unknownName("action", bare, r.names.actions)
	case "evidence":
		if freeName(name) {
			return Term{Kind: AnchorEvidence, Name: name}, nil
		}
	}
	return Term{}, r.unknownAnchor(text)
}

// freeName reports whether name can be of a time or an evidence, which are
// declared nowhere: what holds a blank or a + is a name with an offset.
func freeName(name string) bool { return name != "" && !strings.ContainsAny(name, " \t+") }

func (r *policyReader) tierBase(name string) (Term, *conditionError) {
	var known []string
	for i, track := range r.names.tracks {
		for j, tier := range r.names.tiers[i] {
			if full := track + "/" + tier; full == name {
				return Term{Kind: AnchorTier, Index: i, Tier: j}, nil
			} else {
				known = append(known, full)
			}
		}
	}
	if !strings.Contains(name, "/") {
		return Term{}, &conditionError{fmt.Sprintf("the anchor tier:%s is not of the form tier:TRACK/NAME", clip(name)), mainTrack + "/" + name, known}
	}
	return Term{}, unknownName("tier", name, known)
}

func unknownName(what, name string, known []string) *conditionError {
	return &conditionError{fmt.Sprintf("an anchor names the %s %q, which the policy has not", what, clip(name)), name, known}
}

func (r *policyReader) unknownAnchor(text string) *conditionError {
	known := slices.Clone(r.names.deadlines)
	for _, w := range anchorWords {
		known = append(known, w.word)
	}
	near := text
	if at, _ := lastSign(text); at > 0 {
		near = strings.TrimSpace(text[:at])
	}
	return &conditionError{fmt.Sprintf("unknown anchor %q; it is a deadline's name, or one of open expiry window.opens window.closes times.NAME acknowledged resolved exhausted raised:LEVEL tier:TRACK/NAME gate:NAME action:NAME evidence:NAME, with an offset such as - 30m", clip(near)), near, known}
}
