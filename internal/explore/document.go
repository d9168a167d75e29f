package explore

import (
	"fmt"
	"strings"
)

// Whom the documents of this package know. Zoe is told by no tier; mallory may
// be a party.
var (
	people   = [...]string{"alice", "bob", "carol", "dave", "erin", "zoe", "mallory"}
	targets  = [...]string{"user:alice", "user:bob", "user:carol", "user:mallory", "team:core", "role:lead", "role:nobody", "schedule:night", "owner", "channel:room"}
	voters   = [...]string{"user:alice", "user:bob", "team:core", "role:lead", "user:erin"}
	services = [...]string{"rotator", "verifier", "svc-app", "stranger"}
)

// directoryText is the directory of every document of this package. Its contact
// rules fall behind each other, one channel depends on an identity, and one
// role is nobody.
const directoryText = `{
 "people": {
  "alice": {"contact": [{"via": "push"}, {"via": "sms", "after": "1m"}]},
  "bob": {"contact": [{"via": "chat"}, {"via": "voice", "after": "3m"}]},
  "carol": {"contact": [{"via": "push"}, {"via": "sms"}]},
  "dave": {"contact": [{"via": "voice", "after": "2m"}]},
  "erin": {}, "zoe": {}, "mallory": {}},
 "teams": {"core": ["bob", "carol"]},
 "roles": {"lead": ["dave"], "nobody": []},
 "services": {"rotator": {"behind": "erin"}, "verifier": {}, "svc-app": {"behind": "alice"}},
 "owners": {"svc-app": "user:carol"},
 "channels": {"chat": {"depends": {"identities": ["svc-app"]}}},
 "hours": {"office": {"timezone": "UTC", "windows": [{"days": ["tue"], "from": "09:00", "to": "14:20"}, {"days": ["wed"], "from": "09:00", "to": "17:00"}]}},
 "schedules": {"night": {"timezone": "UTC", "rotations": {"r": {"every": "1h", "start": "2026-03-10T00:00", "members": ["alice", "dave"]}}, "layers": [{"always": ["rotation:r"]}]}}}`

// writer writes a random document.
type writer struct {
	c Chooser
	b strings.Builder
	// what may be referred to
	deadlines, actions, gates []string
}

// RandomDocument returns the text of a document in JSON that is mostly valid,
// with one policy or two. What is refused by [policy.Parse] is to be drawn
// again.
func RandomDocument(c Chooser) []byte {
	w := &writer{c: c}
	fmt.Fprintf(&w.b, `{"version":1,"directory":%s,"default":"p0",`, directoryText)
	w.opt(4, `"priority":[{"when":["criticality >= critical","severity >= high"],"is":"P1"},{"is":"P3"}],`)
	w.opt(4, `"authority":{"verify":["service:verifier","responders"],"rebase":["user:erin"]},`)
	w.opt(6, `"authority":{"acknowledge":["people","services"],"resolve":["responders"]},`)
	w.b.WriteString(`"policies":[`)
	n := 1 + c(2)
	for i := range n {
		if i > 0 {
			w.b.WriteByte(',')
		}
		w.policy(i, i < n-1)
	}
	w.b.WriteString(`]}`)
	return []byte(w.b.String())
}

func (w *writer) opt(n int, text string) {
	if w.c.Chance(n) {
		w.b.WriteString(text)
	}
}

func (w *writer) policy(i int, matched bool) {
	c := w.c
	w.deadlines, w.actions, w.gates = nil, nil, nil
	fmt.Fprintf(&w.b, `{"name":"p%d"`, i)
	if matched {
		fmt.Fprintf(&w.b, `,"match":[%q]`, pick(c, "severity >= high", "kind = credential_expiring", "blast_radius >= production"))
	}
	w.opt(3, fmt.Sprintf(`,"priority":%q`, pick(c, "P1", "P2", "P3", "P4")))
	w.opt(4, `,"parties":["user:mallory"]`)
	w.opt(3, `,"grace":"5m"`)
	if c.Chance(2) {
		w.deadlines = []string{"fix_by"}
		fmt.Fprintf(&w.b, `,"deadlines":{"fix_by":{"at":%q}`, pick(c, "open + 1h", "expiry", "expiry - 15%", "window.closes", "times.found + 1h"))
		if c.Chance(2) {
			w.deadlines = append(w.deadlines, "contain_by")
			fmt.Fprintf(&w.b, `,"contain_by":{"at":%q,"outcome":"contained"}`, pick(c, "open + 20m", "acknowledged + 10m"))
		}
		w.b.WriteByte('}')
	}
	if c.Chance(2) {
		w.actions = []string{"disable"}
	}
	if c.Chance(2) {
		w.gates = []string{"deploy"}
	}
	w.tracks()
	w.behaviour()
	w.actionList()
	w.gateList()
	w.opt(6, fmt.Sprintf(`,"reviews":[{"name":"access","at":%q,"by":["user:erin"],"within":"2h","answers":["keep","reduce","remove"]}]`, pick(c, "resolved", "open + 10m")))
	if c.Chance(2) {
		fmt.Fprintf(&w.b, `,"exhausted":{"notify":[%q],"every":%q`, pick(c, "role:lead", "user:zoe", "role:nobody", "channel:room"), pick(c, "30m", "1h"))
		if len(w.actions) > 0 {
			w.opt(2, `,"run":["disable"]`)
		}
		w.b.WriteByte('}')
	}
	w.b.WriteByte('}')
}

// behaviour writes the rules of acknowledgements, refires and rises.
func (w *writer) behaviour() {
	c := w.c
	if c.Chance(2) {
		fmt.Fprintf(&w.b, `,"ack":{"timeout":%q,"resume":%q`, pick(c, "10m", "1h", "8h"), pick(c, "next", "same", "restart"))
		w.opt(2, `,"remind":"20m"`)
		w.b.WriteByte('}')
	}
	if c.Chance(2) {
		fmt.Fprintf(&w.b, `,"refire":{"acknowledged":%q,"resolved":%q}`, pick(c, "ignore", "reopen", "restart"), pick(c, "new", "reopen"))
	}
	w.opt(2, fmt.Sprintf(`,"rise":%q`, pick(c, "reopen", "restart", "ignore")))
}

func (w *writer) tracks() {
	c := w.c
	w.b.WriteString(`,"tracks":{`)
	for i := range 1 + c(3) {
		if i > 0 {
			w.b.WriteByte(',')
		}
		fmt.Fprintf(&w.b, `"t%d":{`, i)
		w.opt(4, fmt.Sprintf(`"when":[%q],`, pick(c, "severity >= high", "severity >= critical", "priority >= P2", "identity.third_party = true")))
		fmt.Fprintf(&w.b, `"repeat":%d,"tiers":[`, c(3))
		n := 1 + c(4)
		if i == 2 && c.Chance(2) {
			w.tierAt(0, "exhausted", "x")
			n = 0
		}
		w.tierList(n)
		w.b.WriteByte(']')
		if n > 1 {
			w.opt(4, `,"from":"1"`)
		}
		w.b.WriteByte('}')
	}
	w.b.WriteByte('}')
}

// tierList writes n tiers whose anchors, as far as they are known, run forward.
func (w *writer) tierList(n int) {
	c := w.c
	at := make([]string, n)
	minutes := 5
	for i := range at {
		if !c.Chance(3) {
			continue
		}
		minutes += 5 + c(30)
		at[i] = fmt.Sprintf("open + %dm", minutes)
		if len(w.deadlines) > 0 && i == n-1 && c.Chance(2) {
			at[i] = pick(c, "fix_by - 30m", "fix_by", "fix_by + 10m")
		} else if c.Chance(4) {
			at[i] = pick(c, "raised:critical", "acknowledged + 5m", "action:disable/failed", "evidence:rotated", "window.opens", "times.found + 20m")
		}
	}
	for i := range n {
		if i > 0 {
			w.b.WriteByte(',')
		}
		wait := ""
		if i+1 == n || at[i+1] == "" {
			wait = pick(c, "0s", "1m", "5m", "15m")
		}
		w.tierAt(i, at[i], wait)
	}
}

// tierAt writes one tier; wait "" and "x" write none.
func (w *writer) tierAt(i int, at, wait string) {
	c := w.c
	fmt.Fprintf(&w.b, `{"name":"%d","notify":[`, i)
	for k := range max(1, c(5)-1) {
		if k > 0 {
			w.b.WriteByte(',')
		}
		to := targets[c(len(targets))]
		switch c(6) {
		case 4:
			fmt.Fprintf(&w.b, `{"to":%q,"via":["sms","chat"]}`, to)
		case 5:
			fmt.Fprintf(&w.b, `{"to":%q,"essential":true}`, to)
		default:
			fmt.Fprintf(&w.b, "%q", to)
		}
	}
	w.b.WriteByte(']')
	if wait != "" && wait != "x" {
		fmt.Fprintf(&w.b, `,"wait":%q`, wait)
	}
	if at != "" {
		fmt.Fprintf(&w.b, `,"at":%q`, at)
	}
	w.opt(4, fmt.Sprintf(`,"ack":%q`, pick(c, "all", "none", "any")))
	w.opt(4, fmt.Sprintf(`,"unless":%q`, pick(c, "resolved", "acknowledged")))
	w.opt(4, `,"every":"2m"`)
	w.opt(5, `,"pick":"next"`)
	w.opt(5, `,"empty":"wait"`)
	w.opt(5, `,"unreachable":"wait"`)
	w.opt(5, fmt.Sprintf(`,"when":[%q]`, pick(c, "priority >= P2", "severity >= high", "hours(office)", "count >= 2")))
	w.opt(6, `,"during":"office"`)
	if len(w.actions) > 0 {
		w.opt(5, `,"run":["disable"]`)
	}
	w.b.WriteByte('}')
}

func (w *writer) actionList() {
	if len(w.actions) == 0 {
		return
	}
	c := w.c
	fmt.Fprintf(&w.b, `,"actions":[{"run":"disable-key","name":"disable","mode":%q`, pick(c, "auto", "auto", "approve", "dry_run", "off"))
	w.b.WriteString(`,"approve":{"by":["user:erin","role:lead"],"within":"15m"}`)
	w.opt(2, fmt.Sprintf(`,"at":%q`, pick(c, "open", "open + 10m", "exhausted", "resolved")))
	w.opt(3, fmt.Sprintf(`,"guard":[%q]`, pick(c, "identity.criticality < critical", "count >= 2")))
	w.opt(3, `,"undo":{"within":"1h","approve":{"by":["user:erin"]}}`)
	w.opt(3, `,"tell":[]`)
	w.b.WriteString(`}]`)
}

func (w *writer) gateList() {
	if len(w.gates) == 0 {
		return
	}
	c := w.c
	close := pick(c, "open", "open + 15m", "never", "exhausted")
	if len(w.deadlines) > 0 && c.Chance(2) {
		close = "fix_by"
	}
	fmt.Fprintf(&w.b, `,"gates":[{"name":"deploy","operations":["deploy","use"],"close":%q,"decision":%q,"open":%q`,
		close, pick(c, "deny", "hold"), pick(c, "resolved", "review", "evidence:rotated"))
	fmt.Fprintf(&w.b, `,"review":{"stages":[{"name":"one","by":[%q]}`, voters[c(len(voters))])
	w.opt(2, `,{"name":"two","by":["user:erin","user:zoe","role:lead"]}`)
	w.b.WriteString(`],"within":"1h","for":"20m"`)
	w.opt(3, `,"exclude":["owner"]`)
	w.opt(3, `,"evidence":["rotated"]`)
	w.opt(3, `,"remind":"10m"`)
	w.opt(3, `,"after":"30m","fallback":["user:zoe"]`)
	w.opt(4, `,"resolve":true`)
	w.b.WriteByte('}')
	w.opt(2, `,"break_glass":{"by":["user:dave"],"tell":["team:core","user:alice"],"review":{"within":"2h"}}`)
	w.b.WriteString(`}`)
	w.opt(4, `,{"name":"again","operations":["again"],"close":"open","open":"gate:deploy"}`)
	w.b.WriteString(`]`)
}
