//go:build unix

package nodes

import (
	"bufio"
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/engine"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/escalation/store/pgstore"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
	"github.com/belfry-go/belfry/policy/policyfile"
)

// lease is as short as an engine allows beside the time-out of its attempts, so
// that pauses of a second or two outlast it.
const (
	attempt = 100 * time.Millisecond
	lease   = 1200 * time.Millisecond
	look    = 300 * time.Millisecond

	// maxStale is how old an answer of a gate may be.
	maxStale = 3 * look
)

// standingKeys begin the keys of alerts that do not climb.
const standingKeys = "standing"

// host is one process: an engine that is told by lines what to do, and answers
// by lines.
type host struct {
	eng *engine.Engine
	st  store.Store
	mu  sync.Mutex
	out io.Writer
}

//go:embed testdata/ladder.yaml
var ladderFile []byte

// ladder are the policies of all nodes.
func ladder() (*policy.Document, error) { return policyfile.Parse("ladder.yaml", ladderFile) }

// program is the process: an engine called name on the database url, with the
// named bug in its store.
func program(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if err := serve(ctx, args, stdin, stdout, stderr); err != nil {
		_, _ = fmt.Fprintln(stderr, "node:", err)
		return 1
	}
	return 0
}

func serve(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	if len(args) != 3 {
		return errors.New("want a database, a name and a bug")
	}
	url, name, bug := args[0], args[1], args[2]
	doc, err := ladder()
	if err != nil {
		return err
	}
	db, err := pgstore.Open(ctx, url)
	if err != nil {
		return err
	}
	defer db.Close()
	h := &host{st: withBug(db, bug), out: stdout}
	h.eng, err = engine.New(engine.Config{
		Policies: doc, Store: h.st, Node: name,
		Notifier:   notify.NotifierFunc(h.tell),
		LastResort: notify.NotifierFunc(func(context.Context, notify.Notification) (notify.Receipt, error) { return notify.Receipt{}, nil }),
		Logger:     slog.New(slog.NewTextHandler(stderr, nil)),

		AttemptTimeout: attempt, Lease: lease, LookAgain: look, MaxStale: maxStale,
	})
	if err != nil {
		return err
	}
	ran := make(chan error, 1)
	go func() { ran <- h.eng.Run(ctx) }()
	h.commands(ctx, stdin)
	if err := h.eng.Close(ctx); err != nil {
		return err
	}
	return <-ran
}

// say prints one line. Whoever reads is the test; when it is gone, so is the
// process, soon.
func (h *host) say(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, _ = fmt.Fprintf(h.out, format+"\n", args...)
}

// tell is the pager. A page's line: page, its id, the alert's name, the tier.
func (h *host) tell(_ context.Context, n notify.Notification) (notify.Receipt, error) {
	for _, it := range n.Alerts {
		if n.Kind == notify.KindPage && it.Tier != "" {
			h.say("page %s %s %s", it.ID, it.Name(), it.Tier)
		}
	}
	return notify.Receipt{}, nil
}

// commands carries out what stands in the lines of stdin, all at once, and
// returns when that ends and all is answered.
func (h *host) commands(ctx context.Context, stdin io.Reader) {
	var wg sync.WaitGroup
	for lines := bufio.NewScanner(stdin); lines.Scan(); {
		w := strings.Fields(lines.Text())
		if len(w) != 4 {
			h.say("what is %q", lines.Text())
			continue
		}
		wg.Go(func() {
			r, err := h.command(ctx, w[1], w[2], w[3])
			if err != nil {
				h.say("failed %s %s", w[0], strings.ReplaceAll(err.Error(), "\n", " "))
				return
			}
			h.say("answer %s %s", w[0], r)
		})
	}
	wg.Wait()
}

// command does one thing to an alert, under the id of an event.
func (h *host) command(ctx context.Context, verb, key, id string) (string, error) {
	sam := engine.By(policy.User("sam"))
	var r engine.Result
	var err error
	switch verb {
	case "look":
		return h.lookAt(ctx, key)
	case "check":
		return asked(h.eng.CheckStrict(ctx, subject(key), "deploy")), nil
	case "glance":
		return asked(h.eng.Check(subject(key), "deploy")), nil
	case "trigger":
		r, err = h.eng.Trigger(ctx, policy.Alert{
			Key: key, Kind: policy.SecretLeaked, Severity: policy.SeverityCritical,
			Labels:   map[string]string{"standing": strconv.FormatBool(strings.HasPrefix(key, standingKeys))},
			Identity: policy.Identity{ID: subject(key), Owner: policy.User("omar"), Criticality: policy.CriticalityHigh},
		}, engine.By(policy.Service("scanner")), engine.WithID(id))
	case "ack-sam":
		r, err = h.eng.Acknowledge(ctx, key, sam, engine.WithID(id))
	case "ack-omar":
		r, err = h.eng.Acknowledge(ctx, key, engine.By(policy.User("omar")), engine.WithID(id))
	case "resolve":
		r, err = h.eng.Resolve(ctx, key, sam, "revoked", engine.WithID(id))
	default:
		err = fmt.Errorf("unknown verb %q", verb)
	}
	if err != nil {
		return "", err
	}
	return standing(r.Verdict, r.State), nil
}

// subject is the identity that the alert of a key is about.
func subject(key string) string { return "svc-" + key }

// asked is the answer of a gate as a line: allow, deny, or doubt where it denies
// because it does not know.
func asked(d engine.Decision) string {
	if d.Cause().Doubt() {
		return "doubt"
	}
	return d.Decision.String()
}

// lookAt reads where the last alert of a key stands, from the store.
func (h *host) lookAt(ctx context.Context, key string) (string, error) {
	last, err := h.st.Last(ctx, key)
	if errors.Is(err, store.ErrNotFound) {
		return standing(escalation.Verdict{Kind: escalation.Applied}, nil), nil
	}
	var snap store.Snapshot
	if err == nil {
		err = h.st.Load(ctx, last.Stream, &snap)
	}
	var s escalation.State
	if err == nil {
		err = escalation.DecodeState(snap.State, &s)
	}
	return standing(escalation.Verdict{Kind: escalation.Applied}, &s), err
}

// more is the rare part of a state.
func more(s *escalation.State) *escalation.More {
	if s.More == nil {
		return &escalation.More{}
	}
	return s.More
}

// standing is an answer as a line: the verdict, and where the alert stands.
func standing(v escalation.Verdict, s *escalation.State) string {
	if s == nil || s.Seq == 0 {
		return v.String() + " 0 0 -1 none -"
	}
	by := ""
	for i := range more(s).Acks {
		by = added(by, more(s).Acks[i].Who.ID)
	}
	return fmt.Sprintf("%s %d %d %d %s %s", v, s.Incarnation, s.Count, s.Tracks[0].Tier, s.Status, cmp.Or(by, "-"))
}
