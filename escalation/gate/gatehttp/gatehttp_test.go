package gatehttp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/gate"
	"github.com/belfry-go/belfry/escalation/gate/gatehttp"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

const secret = "hunter2"

// board is a board whose one gate stands as it is given; unread: it was not
// read.
func board(decision string, read bool) *gate.Board {
	doc, err := policy.Parse("p.json", []byte(`{"version": 1, "policies": [{"name": "p", "priority": "P3", "tiers": [{"name": "1", "notify": ["user:a"]}],
		"gates": [{"name": "g", "operations": ["deploy"], "close": "open", "decision": "`+decision+`", "review": {"by": ["user:b"]}}]}]}`))
	if err != nil {
		panic(err)
	}
	b, err := gate.NewBoard(gate.Config{Store: store.NewMemory(), Policies: doc, Exclusive: true})
	if err != nil {
		panic(err)
	}
	if read {
		if err := b.Refresh(context.Background()); err != nil {
			panic(err)
		}
	}
	b.Update(doc, &escalation.State{
		Key: "db/" + secret, Incarnation: 1, Alert: &policy.Alert{Identity: policy.Identity{ID: "shut"}},
		Gates: []escalation.GateState{{Closed: true, Close: policy.Never, Until: policy.Never}},
	}, 1)
	return b
}

func config(b *gate.Board) gatehttp.Config {
	return gatehttp.Config{
		Guard: gate.Guard{
			Check: func(_ context.Context, subject, operation string) gate.Decision { return b.Check(subject, operation) },
			Request: func(context.Context, escalation.Author, gate.Place, string) error {
				return errors.New("dsn postgres://u:" + secret + "@db")
			},
		},
		Subject:    func(r *http.Request) string { return r.URL.Query().Get("as") },
		Operation:  func(r *http.Request) string { return strings.TrimPrefix(r.URL.Path, "/") },
		Author:     func(*http.Request) escalation.Author { return escalation.Author{Principal: policy.Service("client")} },
		RetryAfter: 1500 * time.Millisecond,
	}
}

func TestHandler(t *testing.T) {
	for _, tt := range []struct {
		name, decision, url string
		read                bool
		status              int
		says, retry         string
	}{
		{"nothing against it", "deny", "/deploy?as=other", true, 200, "", ""},
		{"denied", "deny", "/deploy?as=shut", true, 403, "deny", ""},
		{"held", "hold", "/deploy?as=shut", true, 423, "hold", ""},
		{"no such operation", "deny", "/destroy?as=other", true, 403, "deny", ""},
		{"nobody", "deny", "/deploy", true, 403, "deny", ""},
		{"nothing", "deny", "/?as=other", true, 403, "deny", ""},
		{"not loaded", "deny", "/deploy?as=other", false, 503, "deny", "2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			called := false
			next := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called = true })
			w := httptest.NewRecorder()
			gatehttp.Handler(next, config(board(tt.decision, tt.read))).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, tt.url, nil))
			if w.Code != tt.status || called != (tt.status == 200) || w.Header().Get("Retry-After") != tt.retry {
				t.Errorf("status %d, Retry-After %q, called: %t; want %d, %q", w.Code, w.Header().Get("Retry-After"), called, tt.status, tt.retry)
			}
			if strings.Contains(w.Body.String(), secret) {
				t.Errorf("the answer tells too much: %s", w.Body)
			}
			if tt.status == 200 {
				return
			}
			var p gatehttp.Problem
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
				t.Fatal(err)
			}
			if p.Status != tt.status || p.Title != http.StatusText(tt.status) || p.Decision != tt.says || p.Detail == "" ||
				w.Header().Get("Content-Type") != "application/problem+json" {
				t.Errorf("problem %+v of type %q", p, w.Header().Get("Content-Type"))
			}
		})
	}
}

func TestHandlerNeedsAll(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a gate without a guard was made")
		}
	}()
	gatehttp.Handler(http.NotFoundHandler(), gatehttp.Config{})
}

func ExampleHandler() {
	b := board("deny", true)
	h := gatehttp.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "deployed") }), config(b))
	for _, who := range []string{"other", "shut"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/deploy?as="+who, nil))
		fmt.Println(w.Code, strings.TrimSpace(w.Body.String()))
	}
	// Output:
	// 200 deployed
	// 403 {"type":"about:blank","title":"Forbidden","status":403,"detail":"a gate denies the operation for now","decision":"deny"}
}
