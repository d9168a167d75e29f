package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/policy"
)

// estate is a small world of identities that an action disables, and the action.
type estate struct {
	accounts map[string]*account
	named    []string // whom a plan names, as far as they exist; nil: the alert's identity
	calls    []ActionRequest
	undone   []ActionRequest
	done     map[string]int // how often each execution took effect, by id
	// What goes wrong: before, nothing is done and the error answered; after, it
	// is done, and the error answered all the same.
	before, after func(ActionRequest) error
	limits        Limits
	permissive    bool
	blind         bool // it cannot read back
}

type account struct {
	version, environment string
	criticality          policy.Criticality
	disabled, retained   bool
	changes              int
}

func newEstate(ids ...string) *estate {
	w := &estate{accounts: map[string]*account{}, done: map[string]int{}}
	for _, id := range ids {
		w.accounts[id] = &account{version: "1", criticality: policy.CriticalityLow}
	}
	return w
}

func (w *estate) set(id string, disabled bool) {
	a := w.accounts[id]
	a.disabled = disabled
	a.changes++
}

func (w *estate) Plan(_ context.Context, req ActionRequest) ([]Subject, error) {
	names := w.named
	if names == nil {
		names = []string{req.Subject.ID}
	}
	var out []Subject
	for _, id := range names {
		if a := w.accounts[id]; a != nil && !a.retained {
			out = append(out, Subject{ID: id, CredentialVersion: a.version, Criticality: a.criticality, Environment: a.environment})
		}
	}
	return out, nil
}

func (w *estate) Act(_ context.Context, req ActionRequest) (ActionResult, error) {
	w.calls = append(w.calls, req)
	if w.before != nil {
		if err := w.before(req); err != nil {
			return ActionResult{}, err
		}
	}
	w.done[req.ID]++
	var was []string
	for _, s := range req.Subjects {
		was = append(was, fmt.Sprintf("%s=%v", s.ID, w.accounts[s.ID].disabled))
		w.set(s.ID, true)
	}
	if w.after != nil {
		if err := w.after(req); err != nil {
			return ActionResult{}, err
		}
	}
	return ActionResult{Handle: strings.Join(was, ",")}, nil
}

func (w *estate) Undo(_ context.Context, req ActionRequest) (ActionResult, error) {
	w.undone = append(w.undone, req)
	for _, part := range strings.Split(req.Handle, ",") {
		id, was, _ := strings.Cut(part, "=")
		w.set(id, was == "true")
	}
	return ActionResult{}, nil
}

func (w *estate) Verify(_ context.Context, req ActionRequest) (Standing, error) {
	if w.blind {
		return Standing{}, errors.ErrUnsupported
	}
	st := Standing{Done: true}
	for _, s := range req.Subjects {
		a := w.accounts[s.ID]
		if a == nil {
			return Standing{}, errors.New("gone")
		}
		st.Done = st.Done && a.disabled != req.Undo
		st.Fingerprint += strconv.Itoa(a.changes) + " "
	}
	return st, nil
}

func (w *estate) Limits(context.Context, ActionRequest) (Limits, error) { return w.limits, nil }

func (w *estate) Idempotent() bool { return true }

func (w *estate) Permissive() bool { return w.permissive }

// disabled lists who is, in order.
func (w *estate) disabled() string {
	var out []string
	for _, id := range slices.Sorted(maps.Keys(w.accounts)) {
		if w.accounts[id].disabled {
			out = append(out, id)
		}
	}
	return strings.Join(out, " ")
}

var (
	_ Planner    = (*estate)(nil)
	_ Verifier   = (*estate)(nil)
	_ Undoer     = (*estate)(nil)
	_ Limiter    = (*estate)(nil)
	_ Idempotent = (*estate)(nil)
	_ Permissive = (*estate)(nil)
)

// disabling is a document with one action; the text stands in its braces.
func disabling(action string) string {
	return `{"version": 1, "directory": {"people": {"alice": {}, "bob": {}, "carol": {}}, "roles": {"sec": ["carol"]}}, "policies": [
	{"name": "quiet", "match": ["labels.quiet = yes"], "priority": "P3", "tiers": [{"name": "one", "notify": ["user:alice"], "wait": "1w"}]},
	{"name": "p", "priority": "P3", "tiers": [{"name": "one", "notify": ["user:alice"], "wait": "1w"}],
	"actions": [{"run": "disable", "at": "open + 1m", "mode": "auto", "tell": ["user:bob"], ` + action + `}]}]}`
}

// about is an alert about one of an estate's accounts.
func about(id string, change ...func(*policy.Alert)) policy.Alert {
	a := alertOf(id)
	a.Identity = policy.Identity{ID: id, Criticality: policy.CriticalityLow, CredentialVersion: "1"}
	for _, f := range change {
		f(&a)
	}
	return a
}

func leaking(a *policy.Alert) {
	a.Key, a.Kind, a.Labels = "leak", policy.SecretLeaked, map[string]string{"quiet": "yes"}
}

// ended lists how executions ended, in order: "done 2: …".
func (b *bench) ended() []string {
	var out []string
	for _, r := range b.recs {
		rep := &r.Record.Event.Report
		if isAlert(r.Stream) && rep.Result > escalation.ResultStarted { // of a run or an undo
			out = append(out, fmt.Sprintf("%s %d: %s", rep.Result, rep.Subjects, rep.Detail))
		}
	}
	return out
}

// benchOf is a bench whose action is done to an estate.
func benchOf(t *testing.T, w *estate, doc string, change ...func(*Config)) *bench {
	t.Helper()
	return newBench(t, doc, append(change, func(c *Config) { c.Actions = map[string]Action{"disable": w} })...)
}

// undo asks for the action to be taken back, and grants lets carol vote for it.
func (b *bench) undo(key, want string) {
	b.t.Helper()
	ctx := b.t.Context()
	r, err := b.e.Request(ctx, key, bob, Matter{Undo: "disable"}, "")
	b.must(want)(r, err)
}

func (b *bench) grants(key string, what Matter, want string) {
	b.t.Helper()
	r, err := b.e.Vote(b.t.Context(), key, By(policy.User("carol")), what, "approve")
	b.must(want)(r, err)
}

// wantEnds fails the test unless executions ended as wanted; each is matched by
// its beginning.
func (b *bench) wantEnds(want ...string) {
	b.t.Helper()
	got := b.ended()
	ok := len(got) == len(want)
	for i := 0; ok && i < len(got); i++ {
		ok = strings.HasPrefix(got[i], want[i])
	}
	if !ok {
		b.t.Errorf("executions ended\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
