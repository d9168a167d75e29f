package policy

import (
	"bytes"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"
)

// Alert reads an alert as documents and test files hold one: unknown fields,
// malformed targets and malformed instants are faults. A word that is not of
// its scale is none: it counts as the highest. Nothing is filled in.
func (d *Decoder) Alert(n *Node, path string) Alert {
	o := d.Object(n, path, "an alert")
	a := Alert{
		Key:         o.Scalar("key"),
		Kind:        Kind(o.Scalar("kind")),
		Severity:    Severity(o.Scalar("severity")),
		Summary:     o.Scalar("summary"),
		Confidence:  o.Int("confidence", 0, -1<<31, 1<<31-1),
		Source:      o.Scalar("source"),
		Links:       o.Texts("links"),
		Parties:     o.Targets("parties"),
		BlastRadius: BlastRadius(o.Scalar("blast_radius")),
		ExpiresAt:   o.Time("expires_at"),
	}
	for _, f := range o.open("labels") {
		if v, ok := d.Scalar(f.Value, join(o.Path("labels"), f.Name)); ok {
			if a.Labels == nil {
				a.Labels = map[string]string{}
			}
			a.Labels[f.Name] = v
		}
	}
	for _, f := range o.open("times") {
		if t, ok := d.Time(f.Value, join(o.Path("times"), f.Name)); ok {
			if a.Times == nil {
				a.Times = map[string]time.Time{}
			}
			a.Times[f.Name] = t
		}
	}
	if w := o.Node("window"); w != nil {
		wo := d.Object(w, o.Path("window"), "\"window\" of an alert")
		a.Window = Window{Opens: wo.Time("opens"), Closes: wo.Time("closes")}
		wo.Done()
	}
	if id := o.Node("identity"); id != nil {
		a.Identity = d.Identity(id, o.Path("identity"))
	}
	o.Done()
	return a
}

// Identity reads the identity of an alert; see [Decoder.Alert].
func (d *Decoder) Identity(n *Node, path string) Identity {
	o := d.Object(n, path, "an identity")
	id := Identity{
		ID:                o.Scalar("id"),
		Kind:              o.Scalar("kind"),
		Owner:             o.Target("owner"),
		Criticality:       Criticality(o.Scalar("criticality")),
		Privilege:         o.Scalar("privilege"),
		Environment:       o.Scalar("environment"),
		ThirdParty:        o.Bool("third_party"),
		CredentialVersion: o.Scalar("credential_version"),
	}
	o.Done()
	return id
}

// open returns the entries of a field that is a map from any names.
func (o *Object) open(name string) []Field {
	n := o.Node(name)
	if n == nil {
		return nil
	}
	if n.Kind != NodeMap {
		o.d.wrongKind(n, o.Path(name), NodeMap)
		return nil
	}
	return n.Fields
}

// ParseAlert reads an alert from JSON as senders write it: unknown fields are
// passed over, and so is a value that cannot be what its field is. The error
// says that src is no JSON object, or too long. [ReadAlert] says what was
// passed over.
func ParseAlert(src []byte) (Alert, error) {
	a, _, err := ReadAlert(src)
	return a, err
}

// ReadAlert is [ParseAlert] that also returns the paths of the known fields
// whose values it could not read: such a field is as absent, and the record of
// the trigger can say so.
func ReadAlert(src []byte) (a Alert, unread []string, err error) {
	if len(src) > MaxSource {
		return Alert{}, nil, fmt.Errorf("an alert of %d bytes is longer than %d MiB", len(src), MaxSource>>20)
	}
	if !utf8.Valid(src) {
		src = bytes.ToValidUTF8(src, []byte(string(utf8.RuneError)))
	}
	s := scanner{d: NewDecoder("", nil), src: src, line: 1}
	root, fault := s.value(1)
	if fault == nil {
		if s.space(); s.pos < len(src) {
			fault = s.fail("there is something after the end of the alert")
		}
	}
	if fault != nil {
		return Alert{}, nil, fmt.Errorf("an alert is not valid JSON at %d:%d: %s", fault.line, fault.col, fault.msg)
	}
	if root.Kind != NodeMap {
		return Alert{}, nil, fmt.Errorf("an alert is %s; it must be a JSON object", root.Kind)
	}
	r := lenient{}
	a = r.alert(root)
	return a, r.unread, nil
}

// lenient reads what it can and notes the paths of what it cannot.
type lenient struct{ unread []string }

func (r *lenient) alert(n *Node) Alert {
	a := Alert{
		Key:         r.text(n, "", "key"),
		Kind:        Kind(r.text(n, "", "kind")),
		Severity:    Severity(r.text(n, "", "severity")),
		Summary:     r.text(n, "", "summary"),
		Confidence:  r.int(n, "", "confidence"),
		Source:      r.text(n, "", "source"),
		Identity:    r.identity(n.Field("identity")),
		BlastRadius: BlastRadius(r.text(n, "", "blast_radius")),
		ExpiresAt:   r.time(n, "", "expires_at"),
		Window: Window{
			Opens:  r.time(n.Field("window"), "window", "opens"),
			Closes: r.time(n.Field("window"), "window", "closes"),
		},
	}
	for i, item := range r.list(n, "links") {
		if item.Kind == NodeString {
			a.Links = append(a.Links, item.Text)
		} else {
			r.miss(index("links", i))
		}
	}
	for i, item := range r.list(n, "parties") {
		if t, err := ParseTarget(item.Text); err == nil {
			a.Parties = append(a.Parties, t)
		} else {
			r.miss(index("parties", i))
		}
	}
	labels := r.entries(n, "labels")
	for _, f := range labels {
		if a.Labels == nil {
			a.Labels = make(map[string]string, len(labels))
		}
		if f.Value.scalar() {
			a.Labels[f.Name] = f.Value.Text
		} else {
			r.miss(join("labels", f.Name))
		}
	}
	for _, f := range r.entries(n, "times") {
		if t := r.time(n.Field("times"), "times", f.Name); !t.IsZero() {
			if a.Times == nil {
				a.Times = map[string]time.Time{}
			}
			a.Times[f.Name] = t
		}
	}
	return a
}

func (r *lenient) identity(n *Node) Identity {
	if n == nil || n.Kind == NodeNull {
		return Identity{}
	}
	const at = "identity"
	if n.Kind != NodeMap {
		r.miss(at)
	}
	id := Identity{
		ID:                r.text(n, at, "id"),
		Kind:              r.text(n, at, "kind"),
		Criticality:       Criticality(r.text(n, at, "criticality")),
		Privilege:         r.text(n, at, "privilege"),
		Environment:       r.text(n, at, "environment"),
		CredentialVersion: r.text(n, at, "credential_version"),
	}
	if owner := r.text(n, at, "owner"); owner != "" {
		t, err := ParseTarget(owner)
		if err != nil {
			r.miss("identity.owner")
		}
		id.Owner = t
	}
	switch v := n.Field("third_party"); {
	case v == nil, v.Kind == NodeNull:
	case v.Kind == NodeList, v.Kind == NodeMap:
		r.miss("identity.third_party")
	default:
		b, err := strconv.ParseBool(v.Text)
		if id.ThirdParty = b; err != nil {
			r.miss("identity.third_party")
		}
	}
	return id
}

func (r *lenient) miss(path string) { r.unread = append(r.unread, path) }

// text reads a scalar; absent, null and unreadable are "".
func (r *lenient) text(n *Node, path, name string) string {
	v := n.Field(name)
	if v == nil || v.Kind == NodeNull {
		return ""
	}
	if !v.scalar() {
		r.miss(join(path, name))
	}
	return v.Text
}

func (r *lenient) int(n *Node, path, name string) int {
	text := r.text(n, path, name)
	if text == "" {
		return 0
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || v != v || v < -1e9 || v > 1e9 {
		r.miss(join(path, name))
		return 0
	}
	return int(v)
}

func (r *lenient) time(n *Node, path, name string) time.Time {
	text := r.text(n, path, name)
	if text == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		r.miss(join(path, name))
		return time.Time{}
	}
	return t.UTC()
}

func (r *lenient) list(n *Node, name string) []*Node {
	v := n.Field(name)
	if v == nil || v.Kind == NodeNull {
		return nil
	}
	if v.Kind != NodeList {
		r.miss(name)
	}
	return v.Items
}

func (r *lenient) entries(n *Node, name string) []Field {
	v := n.Field(name)
	if v == nil || v.Kind == NodeNull {
		return nil
	}
	if v.Kind != NodeMap {
		r.miss(name)
	}
	return v.Fields
}
