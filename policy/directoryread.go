package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// directoryReader reads a `directory:`. Wrong names of people are reported
// where they stand, also by policies, so the people are read first.
type directoryReader struct {
	*compiler
	dir   *Directory
	zones map[string]*time.Location
}

func (c *compiler) directory(n *Node, path string) *Directory {
	d := &directoryReader{compiler: c, dir: &Directory{Open: true}, zones: map[string]*time.Location{}}
	c.doc.Directory = d.dir
	o := c.Object(n, path, "the directory")
	d.people(o)
	d.dir.Teams = d.groups(o, "teams")
	d.dir.Roles = d.groups(o, "roles")
	d.services(o)
	d.channels(o)
	d.hours(o)
	d.schedules(o)
	d.owners(o)
	o.Done()
	return d.dir
}

// entries is Object.Entries for values that may be left empty, as in
// `people: {alice: }`.
func (d *directoryReader) entries(o *Object, name string) ([]Field, string) {
	fields, path := o.Entries(name)
	for i := range fields {
		if v := fields[i].Value; v.Kind == NodeNull {
			fields[i].Value = &Node{Kind: NodeMap, Line: v.Line, Column: v.Column}
		}
	}
	return fields, path
}

func (d *directoryReader) people(o *Object) {
	fields, path := d.entries(o, "people")
	if o.Node("people") == nil {
		return
	}
	d.dir.Open = false
	d.dir.People = make(map[string]*Person, len(fields))
	for _, f := range fields {
		at := join(path, f.Name)
		if strings.Contains(f.Name, ":") {
			d.faultf(&Node{Line: f.Line, Column: f.Column}, at, "people are listed by their bare names, %q", strings.TrimPrefix(f.Name, "user:"))
		}
		po := d.Object(f.Value, at, fmt.Sprintf("person %q", f.Name))
		p := &Person{Name: f.Name, Timezone: d.zone(po, "")}
		p.Contact = d.contact(po)
		po.Done()
		d.dir.People[f.Name] = p
	}
}

// contact reads the contact rules, in the order in which they are due.
func (d *directoryReader) contact(o *Object) []ContactRule {
	items, path := o.List("contact")
	var out []ContactRule
	for i, item := range items {
		at := index(path, i)
		ro := d.Object(item, at, "a contact rule")
		rule := ContactRule{After: ro.Duration("after", 0, 0)}
		if via := ro.Need("via"); via != nil {
			rule.Via = ro.Text("via")
			d.checkName(via, ro.Path("via"), rule.Via)
		}
		ro.Done()
		out = append(out, rule)
	}
	slices.SortStableFunc(out, func(a, b ContactRule) int { return cmp.Compare(a.After, b.After) })
	if len(items) > MaxContactRules {
		d.faultf(items[MaxContactRules], path, "%s has more than %d contact rules", o.what, MaxContactRules)
	}
	if len(out) == 0 {
		return []ContactRule{{Via: DefaultChannel}}
	}
	return out
}

// DefaultChannel is the channel of somebody who names none.
const DefaultChannel = "default"

// MaxContactRules bounds the contact rules of one person.
const MaxContactRules = 16

// zone reads `timezone`; absent is def.
func (d *directoryReader) zone(o *Object, def string) string {
	n := o.Node("timezone")
	if n == nil {
		return def
	}
	name, ok := d.Text(n, o.Path("timezone"))
	if !ok {
		return def
	}
	if d.location(name) == nil {
		near := nearZone(name)
		d.faultMeant(n, o.Path("timezone"), fmt.Sprintf("unknown timezone %q; write an IANA name such as Europe/Berlin", clip(name)), near)
		return def
	}
	return name
}

// location loads a zone; nil when there is none of that name. Local is none: a
// document means the same on every machine.
func (d *directoryReader) location(name string) *time.Location {
	if name == "" {
		return time.UTC
	}
	if name == "Local" {
		return nil
	}
	loc, ok := d.zones[name]
	if !ok {
		loc, _ = time.LoadLocation(name)
		d.zones[name] = loc
	}
	return loc
}

// person reads the name of a person, with or without user:.
func (d *directoryReader) person(n *Node, path string) (string, bool) {
	text, ok := d.Text(n, path)
	if !ok {
		return "", false
	}
	name := strings.TrimPrefix(text, "user:")
	if strings.Contains(name, ":") || name == "" {
		d.faultf(n, path, "%q is not a person; people stand here by their names", clip(text))
		return "", false
	}
	if _, ok := d.dir.People[name]; !ok && !d.dir.Open {
		d.FaultNear(n, path, fmt.Sprintf("%q is not among the people of the directory", clip(name)), name, sortedKeys(d.dir.People))
		return "", false
	}
	return name, true
}

// persons reads a list of people, each once.
func (d *directoryReader) persons(n *Node, path string) []string {
	items, _ := d.List(n, path)
	out := make([]string, 0, len(items))
	seen := make(map[string]bool, len(items))
	for i, item := range items {
		name, ok := d.person(item, index(path, i))
		if ok && !seen[name] {
			seen[name] = true
			out = append(out, name)
		}
	}
	return out
}

// groups reads teams or roles; nil when the section is absent.
func (d *directoryReader) groups(o *Object, name string) map[string][]string {
	fields, path := o.Entries(name)
	if o.Node(name) == nil {
		return nil
	}
	out := make(map[string][]string, len(fields))
	for _, f := range fields {
		out[f.Name] = d.persons(f.Value, join(path, f.Name))
	}
	return out
}

func (d *directoryReader) services(o *Object) {
	fields, path := d.entries(o, "services")
	if o.Node("services") == nil {
		return
	}
	d.dir.Services = make(map[string]ServiceAccount, len(fields))
	for _, f := range fields {
		at := join(path, f.Name)
		so := d.Object(f.Value, at, fmt.Sprintf("service %q", f.Name))
		var s ServiceAccount
		if behind := so.Node("behind"); behind != nil {
			if name, ok := d.person(behind, so.Path("behind")); ok {
				s.Behind = User(name)
			}
		}
		so.Done()
		d.dir.Services[f.Name] = s
	}
}

func (d *directoryReader) owners(o *Object) {
	n := o.Node("owners")
	if n == nil {
		return
	}
	if n.Kind != NodeMap {
		d.wrongKind(n, o.Path("owners"), NodeMap)
		return
	}
	d.dir.Owners = make(map[string]Target, len(n.Fields))
	for _, f := range n.Fields {
		at := join(o.Path("owners"), f.Name)
		if t, ok := d.target(f.Value, at, ownerKinds); ok {
			d.dir.Owners[f.Name] = t
		}
	}
}

// ownerKinds is what an identity may be owned by.
var ownerKinds = []TargetKind{TargetUser, TargetTeam, TargetRole, TargetSchedule}

func (d *directoryReader) channels(o *Object) {
	fields, path := d.entries(o, "channels")
	if o.Node("channels") == nil {
		return
	}
	d.dir.Channels = make(map[string]ChannelSettings, len(fields))
	for _, f := range fields {
		at := join(path, f.Name)
		d.dir.Channels[f.Name] = d.channel(d.Object(f.Value, at, fmt.Sprintf("channel %q", f.Name)))
	}
}

func (d *directoryReader) channel(o *Object) ChannelSettings {
	s := ChannelSettings{
		GiveUp: o.Duration("give_up", DefaultGiveUp, time.Microsecond),
		Bundle: o.Duration("bundle", 0, 0),
	}
	if dep := o.Node("depends"); dep != nil {
		do := d.Object(dep, o.Path("depends"), "\"depends\" of "+o.what)
		s.Depends = do.Texts("identities")
		do.Done()
	}
	items, path := o.List("limit")
	for i, item := range items {
		lo := d.Object(item, index(path, i), "a limit of "+o.what)
		lo.Need("max")
		l := Limit{Max: lo.Int("max", 1, 1, maxBudget)}
		if lo.Need("per") != nil {
			l.Per = lo.Duration("per", 0, time.Microsecond)
		}
		lo.Done()
		s.Limits = append(s.Limits, l)
	}
	o.Done()
	return s
}

func (d *directoryReader) hours(o *Object) {
	fields, path := d.entries(o, "hours")
	if o.Node("hours") == nil {
		return
	}
	d.dir.Hours = make(map[string]*Hours, len(fields))
	for _, f := range fields {
		at := join(path, f.Name)
		ho := d.Object(f.Value, at, fmt.Sprintf("hours %q", f.Name))
		h := &Hours{Name: f.Name, Timezone: d.zone(ho, "UTC")}
		windows := ho.Need("windows")
		items, list := ho.List("windows")
		for i, item := range items {
			h.Windows = append(h.Windows, d.window(item, index(list, i), nil))
		}
		if windows != nil && windows.Kind == NodeList && len(items) == 0 {
			d.faultf(windows, list, "hours %q never begin: they have no window", f.Name)
		}
		ho.Done()
		d.dir.Hours[f.Name] = h
	}
}

var dayNames = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// days reads a list of weekdays; absent is def for each.
func (d *directoryReader) days(o *Object, def bool) (days [7]bool) {
	n := o.Node("days")
	if n == nil {
		for i := range days {
			days[i] = def
		}
		return days
	}
	items, path := o.List("days")
	if len(items) == 0 && n.Kind == NodeList {
		d.Fault(n, path, "\"days\" lists no day; leave it out for every day")
	}
	for i, item := range items {
		text, ok := d.Text(item, index(path, i))
		if !ok {
			continue
		}
		at := slices.Index(dayNames, text)
		if at < 0 {
			d.FaultNear(item, index(path, i), fmt.Sprintf("%q is not a day; days are %s", clip(text), orList(dayNames)), text, dayNames)
			continue
		}
		days[at] = true
	}
	return days
}

// window reads a span of the day; refs reads its `who`, nil for hours.
func (d *directoryReader) window(n *Node, path string, refs func(o *Object) []Ref) DayWindow {
	o := d.Object(n, path, "a window")
	w := DayWindow{Days: d.days(o, true)}
	w.From = d.clock(o, "from", 0, 24*60-1)
	w.To = d.clock(o, "to", 24*60, 24*60)
	if refs != nil {
		w.Who = refs(o)
	}
	o.Done()
	return w
}

// clock reads HH:MM as minutes since midnight, at most most.
func (d *directoryReader) clock(o *Object, name string, def, most int) int {
	n := o.Node(name)
	if n == nil {
		return def
	}
	text, ok := d.Text(n, o.Path(name))
	if !ok {
		return def
	}
	var h, m int
	if len(text) == 5 && text[2] == ':' {
		h, m = twoDigits(text[:2]), twoDigits(text[3:])
	} else {
		h = -1
	}
	if v := h*60 + m; h >= 0 && m >= 0 && m < 60 && v <= most {
		return v
	}
	d.faultf(n, o.Path(name), "%q is %q; write a time of the day such as \"09:00\"", name, clip(text))
	return def
}

func twoDigits(s string) int {
	if s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9' {
		return -1 << 20
	}
	return int(s[0]-'0')*10 + int(s[1]-'0')
}
