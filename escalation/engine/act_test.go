package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/belfry-go/belfry/escalation"
)

// acting is an action that does as it is told, in virtual time.
type acting struct {
	got   []ActionRequest
	err   error
	after time.Duration
	panic bool
}

func (a *acting) ActTimed(_ context.Context, req ActionRequest) (ActionResult, time.Duration, error) {
	a.got = append(a.got, req)
	if a.panic {
		panic("bug")
	}
	return ActionResult{Detail: "did it"}, a.after, a.err
}

func (a *acting) Act(ctx context.Context, req ActionRequest) (ActionResult, error) {
	r, _, err := a.ActTimed(ctx, req)
	return r, err
}

const running = `{"version": 1, "policies": [{"name": "p", "priority": "P3", "tiers": [{"name": "one", "notify": ["user:alice"], "wait": "1h"}],
	"actions": [{"run": "rotate", "name": "fix", "at": "open + 1m", "mode": "auto", "timeout": "30s", "tell": ["user:bob"]}]}]}`

func TestActions(t *testing.T) {
	const telling = "+1m0s notice user:bob via default db#1 action_"
	tests := []struct {
		name   string
		action *acting
		result escalation.Result
		at     time.Duration
		told   string // the start of what bob is told; "" nothing
	}{
		{"done", &acting{}, escalation.ResultDone, m, ""},
		{"done, later", &acting{after: 12 * s}, escalation.ResultDone, m + 12*s, ""},
		{"refused", &acting{err: Refused(errors.New("protected"))}, escalation.ResultRefused, m, telling + "refused"},
		{"failed", &acting{err: errors.New("no")}, escalation.ResultFailed, m, telling + "failed"},
		{"unverified", &acting{err: Unverified(errors.New("still there"))}, escalation.ResultUnverified, m, telling + "failed"},
		{"unknown counts as failed", &acting{err: Unknown(errors.New("reset"))}, escalation.ResultFailed, m, telling + "failed"},
		{"out of time counts as failed", &acting{err: context.DeadlineExceeded}, escalation.ResultFailed, m, telling + "failed"},
		{"a panic counts as failed", &acting{panic: true}, escalation.ResultFailed, m, telling + "failed"},
		{"not registered", nil, escalation.ResultRefused, m, telling + "refused"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, running, func(c *Config) {
				if tt.action != nil {
					c.Actions = map[string]Action{"rotate": tt.action}
				}
			})
			b.trigger(alertOf("db"))
			b.to(2 * m)
			var reports []Record
			for _, r := range b.recs {
				if x := r.Record.Event.Report; r.Record.Event.Kind == escalation.EventReport && x.Result >= escalation.ResultStarted {
					reports = append(reports, r)
				}
			}
			if len(reports) != 1 || reports[0].Record.Event.Report.Result != tt.result || reports[0].Record.Event.At.Time() != epoch.Add(tt.at) {
				t.Fatalf("reports %+v; want one, %s at +%v", reports, tt.result, tt.at)
			}
			sent := b.out.take()
			if len(sent) == 0 || sent[0] != "+0s page user:alice via default db#1 initial" {
				t.Errorf("sent %q; want the page first", sent)
			}
			if notice := strings.Join(sent[1:], "\n"); !strings.HasPrefix(notice, tt.told) || tt.told == "" && notice != "" {
				t.Errorf("bob is told %q; want %q", notice, tt.told)
			}
			if tt.action == nil {
				return
			}
			if len(tt.action.got) != 1 {
				t.Fatalf("called %d times; want once", len(tt.action.got))
			}
			req := tt.action.got[0]
			if req.Run != "rotate" || req.Name != "fix" || req.Subject.ID != "svc-db" || req.Key != "db" || req.Attempt != 1 || !strings.Contains(req.ID, ":db#1/") {
				t.Errorf("asked for %+v", req)
			}
		})
	}
}

// repeatable is an action that says so.
type repeatable struct{ Action }

func (repeatable) Idempotent() bool { return true }

// A failure that nobody doubts is tried again as often as the policy says, under
// the same id; one of unknown outcome is not.
func TestActionRetries(t *testing.T) {
	doc := strings.Replace(running, `"timeout": "30s"`, `"timeout": "30s", "retries": 2`, 1)
	for name, tt := range map[string]struct {
		errs   []error
		want   []time.Duration
		result escalation.Result
	}{
		"fails once":      {[]error{errors.New("busy")}, []time.Duration{m, m + s}, escalation.ResultDone},
		"fails for good":  {[]error{errors.New("1"), errors.New("2"), errors.New("3"), errors.New("4")}, []time.Duration{m, m + s, m + 3*s}, escalation.ResultFailed},
		"nobody knows":    {[]error{Unknown(errors.New("reset"))}, []time.Duration{m}, escalation.ResultFailed},
		"refused":         {[]error{Refused(errors.New("no"))}, []time.Duration{m}, escalation.ResultRefused},
		"fails, then not": {[]error{errors.New("busy"), Unknown(errors.New("reset"))}, []time.Duration{m, m + s}, escalation.ResultFailed},
	} {
		t.Run(name, func(t *testing.T) {
			var at []time.Duration
			ids := map[string]bool{}
			var b *bench
			b = newBench(t, doc, func(c *Config) {
				c.Actions = map[string]Action{"rotate": repeatable{ActionFunc(func(_ context.Context, req ActionRequest) (ActionResult, error) {
					at = append(at, b.clock.Now().Sub(epoch))
					ids[req.ID] = true
					if req.Attempt != len(at) {
						t.Errorf("attempt %d says that it is %d", len(at), req.Attempt)
					}
					if len(at) <= len(tt.errs) {
						return ActionResult{}, tt.errs[len(at)-1]
					}
					return ActionResult{}, nil
				})}}
			})
			b.trigger(alertOf("db"))
			b.to(10 * m)
			if fmt.Sprint(at) != fmt.Sprint(tt.want) || len(ids) != 1 {
				t.Errorf("attempts at %v under %d ids; want %v under one", at, len(ids), tt.want)
			}
			last := b.recs[len(b.recs)-1]
			for _, r := range b.recs {
				if r.Record.Event.Report.Result >= escalation.ResultStarted || r.Record.Event.Report.Result == escalation.ResultTemporary {
					last = r
				}
			}
			if got := last.Record.Event.Report.Result; got != tt.result {
				t.Errorf("result %s; want %s", got, tt.result)
			}
		})
	}
}

func TestActionOutcomeHidesSecrets(t *testing.T) {
	const canary = "s3cr3t"
	_, detail := actionOutcome(errors.New("post https://x.example/hook/" + canary + "?k=" + canary))
	if strings.Contains(detail, canary) {
		t.Errorf("detail %q", detail)
	}
	if text := Refused(errors.New("https://u:" + canary + "@x.example/")).Error(); strings.Contains(text, canary) {
		t.Errorf("error %q", text)
	}
}
