// Package gatehttp puts a gate before an [net/http.Handler].
package gatehttp

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/gate"
)

// Config says what a request means. Guard, Subject, Operation and Author are
// required; Handler panics without one, for it would let nobody through, or
// everybody as nobody.
type Config struct {
	Guard gate.Guard

	// Subject is the identity that the operation is done to or with, as the
	// host authenticated it; "" is denied. A header that the client may set as
	// it likes is no such thing.
	Subject func(*http.Request) string

	// Operation is what the request is about to do, in the document's words;
	// "" is denied.
	Operation func(*http.Request) string

	// Author is who acts, as the host authenticated it: the requester of the
	// review that a hold asks.
	Author func(*http.Request) escalation.Author

	// RetryAfter is what a client is told to wait while nobody knows what the
	// gates say.
	//
	// Defaults to 5 seconds.
	RetryAfter time.Duration
}

// Problem is the body of a refusal (RFC 9457). It names neither alerts nor
// people, which are no client's business.
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	// Decision is deny or hold.
	Decision string `json:"decision"`
}

// Handler calls next for what may go on, and refuses the rest: with 403 where a
// gate denies it, with 423 (RFC 4918, 11.3) where it is held for people to
// review, and with 503 and Retry-After where nobody knows. next is called with
// the opening already used up, if it needed one.
func Handler(next http.Handler, cfg Config) http.Handler {
	if next == nil || cfg.Guard.Check == nil || cfg.Subject == nil || cfg.Operation == nil || cfg.Author == nil {
		panic("gatehttp: the next handler, Guard, Subject, Operation and Author are required")
	}
	if cfg.RetryAfter <= 0 {
		cfg.RetryAfter = 5 * time.Second
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		passed := false
		err := cfg.Guard.Do(r.Context(), cfg.Author(r), cfg.Subject(r), cfg.Operation(r), func(context.Context) error {
			passed = true
			next.ServeHTTP(w, r)
			return nil
		})
		if !passed {
			refuse(w, err, cfg.RetryAfter)
		}
	})
}

// refuse answers what did not pass.
func refuse(w http.ResponseWriter, err error, after time.Duration) {
	p := Problem{Type: "about:blank", Status: http.StatusForbidden, Decision: "deny", Detail: "a gate denies the operation for now"}
	switch {
	case errors.Is(err, gate.ErrDoubt):
		p.Status, p.Detail = http.StatusServiceUnavailable, "whether the operation may go on is not known; try again"
		w.Header().Set("Retry-After", strconv.FormatInt(int64((after+time.Second-1)/time.Second), 10))
	case errors.Is(err, gate.ErrHeld):
		p.Status, p.Decision, p.Detail = http.StatusLocked, "hold", "people review whether the operation may go on"
	}
	p.Title = http.StatusText(p.Status)
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the client has gone: nothing is left to say
}
