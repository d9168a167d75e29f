package policy

// matchIndex finds the policies that can match an alert without trying each.
// Every policy whose match needs some field to equal one of a few values is
// posted under those values, by the field that few other policies share; the
// rest is tried always. Of all that is found the first in document order that
// matches wins, as in a scan of the whole document.
type matchIndex struct {
	fields []postedField                  // by field, without labels
	labels map[string]map[string][]uint16 // by label, by value
	rest   []uint16                       // policies that no value leads to
	all    []uint16                       // every policy, for the rare alert with too many labels
}

// postedField is the policies posted under the values of one field.
type postedField struct {
	field  field
	values map[string][]uint16 // classText
	levels [8][]uint16         // classScale
	owners map[Target][]uint16 // fieldOwner
}

// maxPolicies bounds a document, so that an index fits in 16 bits.
const maxPolicies = 1 << 15

// post is one value under which a policy can be posted.
type post struct {
	field field
	label string
	text  string
	level Level
	owner Target
}

// posts returns the values of which an alert must have one for t to hold; nil
// when there is no such set.
func (t *test) posts() []post {
	switch {
	case t.op == opAny:
		var out []post
		for i := range t.kids {
			p := t.kids[i].posts()
			if p == nil {
				return nil
			}
			out = append(out, p...)
		}
		return out
	case t.op == opAll:
		for i := range t.kids {
			if p := t.kids[i].posts(); p != nil {
				return p
			}
		}
		return nil
	case t.not || t.op != opEqual && t.op != opIn:
		return nil
	}
	base := post{field: t.field, label: t.label}
	var out []post
	switch {
	case t.field == fieldOwner:
		for _, o := range t.owner {
			base.owner = o
			out = append(out, base)
		}
	case t.field.class() == classText && t.op == opEqual:
		base.text = t.text
		out = append(out, base)
	case t.field.class() == classText:
		for _, v := range t.list {
			base.text = v
			out = append(out, base)
		}
	case t.field.class() == classScale && t.op == opEqual:
		base.level = Level(t.number)
		out = append(out, base)
	case t.field.class() == classScale:
		for l := Level(1); l < 8; l++ {
			if t.levels>>l&1 == 1 {
				base.level = l
				out = append(out, base)
			}
		}
	}
	return out
}

// newMatchIndex builds the index of policies, without the built-in last one.
func newMatchIndex(policies []*Policy) matchIndex {
	shared := map[post]int{} // how many policies could be posted under a value
	for _, p := range policies {
		for i := range p.Match.all {
			for _, v := range p.Match.all[i].posts() {
				shared[v]++
			}
		}
	}
	ix := matchIndex{labels: map[string]map[string][]uint16{}}
	for n, p := range policies {
		var best []post
		bestCost := 0
		for i := range p.Match.all {
			posts := p.Match.all[i].posts()
			cost := 0
			for _, v := range posts {
				cost += shared[v]
			}
			if posts != nil && (best == nil || cost < bestCost) {
				best, bestCost = posts, cost
			}
		}
		ix.all = append(ix.all, uint16(n))
		if best == nil {
			ix.rest = append(ix.rest, uint16(n))
		}
		for _, v := range best {
			ix.add(v, uint16(n))
		}
	}
	return ix
}

func (ix *matchIndex) add(v post, n uint16) {
	if v.field == fieldLabel {
		if ix.labels[v.label] == nil {
			ix.labels[v.label] = map[string][]uint16{}
		}
		ix.labels[v.label][v.text] = appendOnce(ix.labels[v.label][v.text], n)
		return
	}
	at := -1
	for i := range ix.fields {
		if ix.fields[i].field == v.field {
			at = i
		}
	}
	if at < 0 {
		at = len(ix.fields)
		ix.fields = append(ix.fields, postedField{field: v.field, values: map[string][]uint16{}, owners: map[Target][]uint16{}})
	}
	f := &ix.fields[at]
	switch {
	case v.field == fieldOwner:
		f.owners[v.owner] = appendOnce(f.owners[v.owner], n)
	case v.field.class() == classScale:
		f.levels[v.level] = appendOnce(f.levels[v.level], n)
	default:
		f.values[v.text] = appendOnce(f.values[v.text], n)
	}
}

func appendOnce(list []uint16, n uint16) []uint16 {
	if len(list) > 0 && list[len(list)-1] == n {
		return list
	}
	return append(list, n)
}

// maxLists is how many lists of candidates are merged on the stack.
const maxLists = 24

// candidates is the lists that an alert's values lead to.
type candidates struct {
	lists [maxLists][]uint16
	n     int
}

// add appends a list; false when there is no room left.
func (c *candidates) add(list []uint16) bool {
	if len(list) == 0 {
		return true
	}
	if c.n == maxLists {
		return false
	}
	c.lists[c.n] = list
	c.n++
	return true
}

// collect gathers the lists for f; false when there are too many to merge.
func (ix *matchIndex) collect(f *Facts, c *candidates) bool {
	ok := c.add(ix.rest)
	for i := range ix.fields {
		p := &ix.fields[i]
		switch {
		case p.field == fieldOwner:
			ok = c.add(p.owners[f.Alert.Identity.Owner]) && ok
		case p.field.class() == classScale:
			ok = c.add(p.levels[p.field.level(f)]) && ok
		default:
			if v, there := p.field.text(f.Alert, ""); there {
				ok = c.add(p.values[v]) && ok
			}
		}
	}
	if len(ix.labels) < len(f.Alert.Labels) {
		for name, values := range ix.labels {
			if v, there := f.Alert.Labels[name]; there {
				ok = c.add(values[v]) && ok
			}
		}
		return ok
	}
	for name, v := range f.Alert.Labels { // in any order: the merge puts them in document order
		if values := ix.labels[name]; values != nil {
			ok = c.add(values[v]) && ok
		}
	}
	return ok
}

// next takes the smallest index off the lists; ok is false when none is left.
func (c *candidates) next() (n uint16, ok bool) {
	for i := 0; i < c.n; i++ {
		if head := c.lists[i][0]; !ok || head < n {
			n, ok = head, true
		}
	}
	for i := 0; i < c.n; {
		if c.lists[i][0] == n {
			c.lists[i] = c.lists[i][1:]
		}
		if len(c.lists[i]) > 0 {
			i++
			continue
		}
		c.n--
		c.lists[i] = c.lists[c.n]
	}
	return n, ok
}

// Choose returns the policy that governs an alert: the first in document order
// whose match holds, else the default. It looks conditions of equality up in
// an index, so that a thousand policies cost about what ten cost, and does not
// allocate. f.Alert must not be nil.
func (d *Document) Choose(f *Facts) *Policy {
	var c candidates
	if !d.index.collect(f, &c) {
		c.n = 1
		c.lists[0] = d.index.all
	}
	for {
		n, ok := c.next()
		if !ok {
			return d.Policies[d.Default]
		}
		if p := d.Policies[n]; p.Match.Holds(f) == True {
			return p
		}
	}
}
