package escalation

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/belfry-go/belfry/policy"
	"github.com/belfry-go/belfry/policy/oncall"
)

// Directory knows what the machine cannot: who people are, how each is told, who
// is on call, which hours hold. A host that keeps this elsewhere than in the
// policy document implements it; [NewDirectory] makes the built-in one.
//
// Resolve is called once for all that a step wants to know, from any number of
// goroutines at once. It answers every question, in any order; an answer is
// found by its Question, which is repeated in it unchanged. Nobody stands twice
// in the responders of one answer, the rules of each are sorted by After, and
// there is at least one. A question of a kind that an implementation does not
// know is answered with Failed set.
//
// An answer is recorded and replayed: what it points to is shared and must not
// be written again by anybody. The same person may be the same slice each time.
//
// An error is the whole call's: no answer of it counts. Whoever calls sees to
// time-outs, repeats nothing by itself, and falls back to the last good answers,
// marked stale; where there are none the last resort is told. A stale answer is
// good enough to tell somebody, and gives no permission.
type Directory interface {
	Resolve(ctx context.Context, qs []Question) ([]Answer, error)
}

// OnCall is who is on call in the span [From, Until). A span that has no Until,
// the zero instant or Never, does not end.
type OnCall struct {
	From, Until policy.Instant
	Who         []string // people, with or without user:
}

// DirectoryOption changes what [NewDirectory] makes.
type DirectoryOption func(*directory)

// WithOnCall puts a script in the place of schedules, by name; of a role or a
// team, too, where one has that name. A script replaces what it names wholly:
// the people of all spans that hold at an instant are on call, in the order
// listed, and outside of them, or with an empty list, nobody is. People whom the
// directory does not know become known, told at once over the default channel.
func WithOnCall(script map[string][]OnCall) DirectoryOption {
	return func(d *directory) {
		d.script = make(map[string][]OnCall, len(script))
		for _, name := range slices.Sorted(maps.Keys(script)) {
			spans := slices.Clone(script[name])
			for i := range spans {
				spans[i].Who = bareNames(spans[i].Who)
				for _, who := range spans[i].Who {
					d.know(who)
				}
			}
			d.script[name] = spans
		}
	}
}

// WithToldLast says when a target was last told by a tier with `pick: next`,
// over all alerts; Never: not yet. It is called from any number of goroutines.
//
// Defaults to not yet, so that the order is the document's.
func WithToldLast(last func(policy.Target) policy.Instant) DirectoryOption {
	return func(d *directory) { d.toldLast = last }
}

// directory is the built-in Directory: an adapter over a document's directory.
// It is immutable once made.
type directory struct {
	doc       *policy.Document
	dir       *policy.Directory
	schedules map[string]*oncall.Schedule
	hours     map[string]*oncall.Hours
	script    map[string][]OnCall
	toldLast  func(policy.Target) policy.Instant
	// people, groups and channels are answers made once, so that a step that
	// resolves a person allocates nothing for them.
	people   map[string][]Responder        // of one
	groups   map[policy.Target][]Responder // teams and roles
	channels map[string][]Responder        // of one; those that the document names
	depends  map[string]bool               // identities on which some channel depends
	soles    soles
}

// NewDirectory returns the directory that a document carries. It answers from
// memory, never fails as a whole, and does not look at its context. A schedule
// or hours that do not compile, which [policy.Compile] lets no document have,
// answer with Failed set.
func NewDirectory(doc *policy.Document, opts ...DirectoryOption) Directory {
	d := &directory{doc: doc, dir: doc.Directory}
	if d.dir == nil {
		d.dir = &policy.Directory{Open: true}
	}
	d.intern()
	d.compile()
	for _, o := range opts {
		o(d)
	}
	d.soleAnswers()
	return d
}

// compile makes schedules and hours ready; those that do not compile are left
// out.
func (d *directory) compile() {
	var c oncall.Compiler
	d.schedules = make(map[string]*oncall.Schedule, len(d.dir.Schedules))
	for _, name := range slices.Sorted(maps.Keys(d.dir.Schedules)) {
		if s, err := c.Schedule(d.dir.Schedules[name]); err == nil {
			d.schedules[name] = s
		}
	}
	d.hours = make(map[string]*oncall.Hours, len(d.dir.Hours))
	for _, name := range slices.Sorted(maps.Keys(d.dir.Hours)) {
		if h, err := c.Hours(d.dir.Hours[name]); err == nil {
			d.hours[name] = h
		}
	}
}

// intern makes the answers that can be made beforehand.
func (d *directory) intern() {
	d.people = make(map[string][]Responder, len(d.dir.People))
	for _, name := range slices.Sorted(maps.Keys(d.dir.People)) {
		d.people[name] = d.alone(policy.User(name), d.dir.People[name].Contact)
	}
	d.depends = map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(d.dir.Channels)) {
		for _, id := range d.dir.Channels[name].Depends {
			d.depends[id] = true
		}
	}
	d.channels = map[string][]Responder{}
	for _, p := range d.doc.Policies {
		for i := range p.Tracks {
			for j := range p.Tracks[i].Tiers {
				d.mentioned(p.Tracks[i].Tiers[j].Notify)
			}
		}
		d.mentioned(p.Exhausted.Notify)
	}
	d.groups = make(map[policy.Target][]Responder, len(d.dir.Teams)+len(d.dir.Roles))
	for _, name := range slices.Sorted(maps.Keys(d.dir.Teams)) {
		d.groups[policy.Target{Kind: policy.TargetTeam, ID: name}] = d.all(d.dir.Teams[name])
	}
	for _, name := range slices.Sorted(maps.Keys(d.dir.Roles)) {
		d.groups[policy.Target{Kind: policy.TargetRole, ID: name}] = d.all(d.dir.Roles[name])
	}
}

// mentioned makes the answers for those whom a policy tells by name.
func (d *directory) mentioned(list []policy.Recipient) {
	for i := range list {
		switch to := list[i].To; {
		case to.Kind == policy.TargetUser && d.dir.Open:
			d.know(to.ID)
		case to.Kind == policy.TargetChannel:
			d.channels[to.ID] = d.alone(to, []policy.ContactRule{{Via: to.ID}})
		}
		for _, via := range list[i].Via {
			d.channels[via] = d.alone(policy.Channel(via), []policy.ContactRule{{Via: via}})
		}
	}
}

// know makes a person known who was not.
func (d *directory) know(name string) {
	if _, ok := d.people[name]; !ok {
		d.people[name] = d.alone(policy.User(name), nil)
	}
}

// alone is the answer that is one person or channel.
func (d *directory) alone(to policy.Target, contact []policy.ContactRule) []Responder {
	if len(contact) == 0 {
		contact = []policy.ContactRule{{Via: policy.DefaultChannel}}
	}
	rules := make([]Rule, len(contact))
	for i, c := range contact {
		rules[i] = Rule{Via: c.Via, After: c.After}
	}
	slices.SortStableFunc(rules, func(a, b Rule) int { return cmp.Compare(a.After, b.After) })
	return []Responder{{To: to, Rules: rules}}
}

// bareNames drops the user: before names, and who comes again.
func bareNames(names []string) []string {
	out := make([]string, 0, len(names))
	for _, n := range names {
		if n = strings.TrimPrefix(n, "user:"); !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}
