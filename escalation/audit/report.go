package audit

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// ErrNoAlert says that an export has no history of the alert asked for.
var ErrNoAlert = errors.New("audit: the export has no such alert")

// Report is the life of one alert, as evidence: taken from its history, with the
// names of the documents that it was pinned to, and with what the verifier says of
// that history. Instants are RFC 3339 in UTC, durations Go's ("1h0m0s"), people and
// channels their targets ("user:alice"). Its JSON leaves out what is empty; fields
// are only ever added.
type Report struct {
	Key         string `json:"key"`
	Incarnation uint64 `json:"incarnation"`
	Namespace   string `json:"namespace"` // of the store
	Stream      string `json:"stream"`

	Integrity Integrity    `json:"integrity"`
	Alert     Subject      `json:"alert"`
	Status    string       `json:"status,omitempty"` // at the end of the history
	Opened    string       `json:"opened,omitempty"`
	Resolved  string       `json:"resolved,omitempty"`
	Policies  []PolicyUsed `json:"policies,omitempty"`
	// Latest is the greatest lateness of a delivery.
	Latest string `json:"latest,omitempty"`

	Told      []Telling  `json:"told,omitempty"`
	Ladder    []Rung     `json:"ladder,omitempty"`
	Acts      []Act      `json:"acts,omitempty"`
	Refused   []Act      `json:"refused,omitempty"` // rejected, or ignored
	Deadlines []Deadline `json:"deadlines,omitempty"`
	Gates     []Gate     `json:"gates,omitempty"`
	Reviews   []Review   `json:"reviews,omitempty"`
	Actions   []Action   `json:"actions,omitempty"`
	Deeds     []Deed     `json:"deeds,omitempty"`
	Gaps      []Gap      `json:"gaps,omitempty"` // spans in which the engine did not run
	Erased    []Erasure  `json:"erased,omitempty"`
	Relevant  []Control  `json:"relevant,omitempty"`
	// Record is the whole history, one text a line, so that nothing is left out
	// that the other lists do not show.
	Record []string `json:"record,omitempty"`
}

// Integrity is what the verifier says.
type Integrity struct {
	Whole   bool   `json:"whole"`
	Entries int    `json:"entries"` // of the alert
	Erased  int    `json:"erased"`
	Head    string `json:"head,omitempty"` // hash of the alert's last entry
	// Pinned is up to which entry a checkpoint vouches for the alert's history; 0:
	// none does.
	Pinned uint64 `json:"pinned"`
	// Replayed: the machine, given the recorded events, gives the recorded effects.
	Replayed bool    `json:"replayed"`
	Note     string  `json:"note,omitempty"` // why it was not
	Faults   []Fault `json:"faults,omitempty"`
}

// Subject is what the alert says of the problem, as it opened and rose.
type Subject struct {
	Kind         string            `json:"kind,omitempty"`
	Summary      string            `json:"summary,omitempty"`
	Source       string            `json:"source,omitempty"`
	Severity     string            `json:"severity,omitempty"`
	Priority     string            `json:"priority,omitempty"`
	Identity     string            `json:"identity,omitempty"`
	IdentityKind string            `json:"identity_kind,omitempty"`
	Owner        string            `json:"owner,omitempty"`
	Criticality  string            `json:"criticality,omitempty"`
	Environment  string            `json:"environment,omitempty"`
	BlastRadius  string            `json:"blast_radius,omitempty"`
	ThirdParty   bool              `json:"third_party,omitempty"`
	Labels       map[string]string `json:"labels,omitempty"`
	Parties      []string          `json:"parties,omitempty"`
	Assumed      []string          `json:"assumed,omitempty"` // fields that count as the highest
	Triggers     int               `json:"triggers,omitempty"`
}

// PolicyUsed is a policy that governed the alert, from a record on.
type PolicyUsed struct {
	Name   string `json:"name,omitempty"`
	Digest string `json:"digest"`
	From   string `json:"from"`
}

// Telling is one message: whom, how, why, and what became of it.
type Telling struct {
	ID         string   `json:"id"` // seq/i in the stream
	At         string   `json:"at"` // asked for
	To         string   `json:"to"`
	Target     string   `json:"target,omitempty"` // what To was resolved from
	Via        string   `json:"via,omitempty"`
	Kind       string   `json:"kind"`
	Reason     string   `json:"reason,omitempty"`
	Track      string   `json:"track,omitempty"`
	Tier       string   `json:"tier,omitempty"`
	Pass       int      `json:"pass,omitempty"`
	PassedOver []string `json:"passed_over,omitempty"`
	// Result is the last report: delivered, undeliverable, withdrawn, …; "" when
	// the history ends before one.
	Result   string `json:"result,omitempty"`
	Reported string `json:"reported,omitempty"` // when
	Attempts int    `json:"attempts,omitempty"`
	Late     string `json:"late,omitempty"` // from due to delivered
	Detail   string `json:"detail,omitempty"`
	// Message is the channel's own id of the message, by which it can be found
	// there, and URL where a person sees it.
	Message string `json:"message,omitempty"`
	URL     string `json:"url,omitempty"`
}

// Rung is one move of the ladder: a tier entered, skipped or put off, a track
// exhausted.
type Rung struct {
	At         string   `json:"at"`
	What       string   `json:"what"`
	Track      string   `json:"track,omitempty"`
	Tier       string   `json:"tier,omitempty"`
	Pass       int      `json:"pass,omitempty"`
	Reason     string   `json:"reason,omitempty"`
	PassedOver []string `json:"passed_over,omitempty"`
	Waited     string   `json:"waited,omitempty"`
	Until      string   `json:"until,omitempty"`
}

// Act is what somebody did: a person, or a service.
type Act struct {
	Seq     uint64 `json:"seq"`
	At      string `json:"at"`
	What    string `json:"what"`
	By      string `json:"by"`
	Behind  string `json:"behind,omitempty"` // the person behind a service
	Verdict string `json:"verdict"`
	Reason  string `json:"reason,omitempty"` // of the verdict
	About   string `json:"about,omitempty"`  // track, gate, action, review, whom
	Words   string `json:"words,omitempty"`
}

// Deadline is a deadline and how it ended.
type Deadline struct {
	Name   string `json:"name"`
	At     string `json:"at"` // the instant as it was last set
	Moved  int    `json:"moved,omitempty"`
	Result string `json:"result,omitempty"` // met, missed
	When   string `json:"when,omitempty"`
	Margin string `json:"margin,omitempty"` // negative: after it
}

// Gate is one change of what a gate answers.
type Gate struct {
	At         string   `json:"at"`
	Gate       string   `json:"gate"`
	Operations []string `json:"operations,omitempty"`
	Subject    string   `json:"subject,omitempty"`
	Decision   string   `json:"decision"`
	Until      string   `json:"until,omitempty"`
	By         string   `json:"by,omitempty"` // whose event changed it
}

// Review is one step of a review: it began, somebody voted, it ended.
type Review struct {
	At      string `json:"at"`
	Review  string `json:"review"`
	What    string `json:"what"`
	By      string `json:"by,omitempty"`
	Stage   string `json:"stage,omitempty"`
	Vote    string `json:"vote,omitempty"`
	Verdict string `json:"verdict,omitempty"`
	Reason  string `json:"reason,omitempty"`
}

// Action is one step of an action, or of taking it back.
type Action struct {
	At       string `json:"at"`
	Action   string `json:"action"`
	Run      string `json:"run,omitempty"`
	Undo     bool   `json:"undo,omitempty"`
	Subject  string `json:"subject,omitempty"` // the alert's identity
	Subjects int    `json:"subjects,omitempty"`
	Result   string `json:"result"`
	Reason   string `json:"reason,omitempty"`
	Detail   string `json:"detail,omitempty"`
}

// Deed is what is kept of an action beside the alert: to whom it was done, by id,
// and what it came to.
type Deed struct {
	At     string `json:"at"`
	Action string `json:"action"`
	Text   string `json:"text"`
}

// Gap is a span in which the engine did not run.
type Gap struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Erasure is an entry whose content was erased. What it was is gone; that it was,
// when, and of what kind is not.
type Erasure struct {
	Seq  uint64 `json:"seq"`
	At   string `json:"at"`
	Kind string `json:"kind"`
	Sum  Hash   `json:"sum"`
}

// NewReport reads an export, verifies it, and reports on one alert: an incarnation
// of a key, 0 for its last. The report is made from a broken export, too, and says
// so. An error wraps ErrNoAlert, or is r's or that of a key in trust.
func NewReport(r io.Reader, key string, incarnation uint64, trust Trust) (*Report, error) {
	g := gatherer{prefix: alertPrefix + key + "#", want: incarnation}
	v, all, err := verify(r, trust, g.see)
	if err != nil {
		return nil, err
	}
	if len(g.entries) == 0 {
		if incarnation > 0 {
			return nil, fmt.Errorf("%w: key %q, incarnation %d", ErrNoAlert, key, incarnation)
		}
		return nil, fmt.Errorf("%w: key %q%s", ErrNoAlert, key, g.others())
	}
	rep := &Report{Key: key, Incarnation: g.have, Namespace: v.Namespace, Stream: g.entries[0].Name()}
	rep.Integrity = Integrity{Whole: v.Whole(), Entries: len(g.entries), Faults: v.Faults, Head: g.entries[len(g.entries)-1].Hash.String()}
	for _, c := range v.Covered {
		for _, l := range all.logs[c.Origin][:c.Size] {
			if l.Stream == rep.Stream {
				rep.Integrity.Pinned = max(rep.Integrity.Pinned, l.Seq)
			}
		}
	}
	t := newTeller(rep, g.documents)
	t.tell(g.entries)
	t.tellDeeds(g.deeds[g.have])
	rep.Relevant = relevantTo(rep)
	return rep, nil
}

// The names of an alert's stream, alert/<key>#n, and of those of its actions,
// action/<key>#n/<name>, which stand before it in an export, begin so.
const (
	alertPrefix = "alert/"
	deedPrefix  = "action/"
)

// gatherer keeps what of an export a report needs.
type gatherer struct {
	prefix    string
	want      uint64
	have      uint64
	entries   []Entry
	deeds     map[uint64][]Entry // by incarnation
	documents [][]byte
	keys      []string // a few of those that there are
}

func (g *gatherer) see(l *line) {
	switch l.Type {
	case lineDocument:
		g.documents = append(g.documents, l.Document)
	case lineEntry:
		g.entry(l.Entry)
	}
}

func (g *gatherer) entry(e *Entry) {
	name := e.Name()
	if e.Seq == 1 && len(g.keys) < 10 && strings.HasPrefix(name, alertPrefix) {
		g.keys = append(g.keys, strings.TrimPrefix(name, alertPrefix))
	}
	if rest, ok := strings.CutPrefix(name, deedPrefix+g.prefix[len(alertPrefix):]); ok {
		g.deed(rest, e)
		return
	}
	number, ok := strings.CutPrefix(name, g.prefix)
	if !ok {
		return
	}
	n, err := strconv.ParseUint(number, 10, 64)
	if err != nil || g.want > 0 && n != g.want || n < g.have {
		return
	}
	if n > g.have {
		g.have, g.entries = n, nil
	}
	g.entries = append(g.entries, *e)
}

// deed keeps an entry of an action's stream, whose name ends in n/<name>.
func (g *gatherer) deed(rest string, e *Entry) {
	number, _, ok := strings.Cut(rest, "/")
	n, err := strconv.ParseUint(number, 10, 64)
	if !ok || err != nil || g.want > 0 && n != g.want {
		return
	}
	if g.deeds == nil {
		g.deeds = map[uint64][]Entry{}
	}
	g.deeds[n] = append(g.deeds[n], *e)
}

// others says which alerts there are.
func (g *gatherer) others() string {
	if len(g.keys) == 0 {
		return "; it has none"
	}
	slices.Sort(g.keys)
	return "; it has " + strings.Join(g.keys, ", ")
}
