package notify_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/belfry-go/belfry/notify"
)

func TestClassify(t *testing.T) {
	cause := errors.New("cause")
	dial := &net.OpError{Op: "dial", Net: "tcp", Err: os.ErrDeadlineExceeded}
	read := &net.OpError{Op: "read", Net: "tcp", Err: os.ErrDeadlineExceeded}
	tests := []struct {
		name  string
		err   error
		class notify.Class
		after time.Duration
	}{
		{"nil", nil, notify.ClassOK, 0},
		{"plain", cause, notify.ClassTemporary, 0},
		{"temporary", notify.Temporary(cause), notify.ClassTemporary, 0},
		{"permanent", notify.Permanent(cause), notify.ClassPermanent, 0},
		{"retry after", notify.RetryAfter(cause, time.Minute), notify.ClassTemporary, time.Minute},
		{"rate limited", notify.RateLimited(cause, time.Second), notify.ClassRateLimited, time.Second},
		{"negative wait", notify.RateLimited(cause, -time.Second), notify.ClassRateLimited, 0},
		{"no recipient", notify.NoRecipient(cause), notify.ClassNoRecipient, 0},
		{"unknown", notify.Unknown(cause), notify.ClassUnknown, 0},
		{"wrapped", fmt.Errorf("send: %w", notify.Permanent(cause)), notify.ClassPermanent, 0},
		{"outermost wins", notify.Permanent(notify.Unknown(cause)), notify.ClassPermanent, 0},
		{"says its class though a deadline is inside", notify.Temporary(context.DeadlineExceeded), notify.ClassTemporary, 0},
		{"nil cause", notify.Permanent(nil), notify.ClassPermanent, 0},
		{"claims to be ok", &notify.Error{RetryAfter: time.Second}, notify.ClassTemporary, time.Second},
		{"no such class", &notify.Error{Class: 200}, notify.ClassTemporary, 0},
		{"nil *Error", (*notify.Error)(nil), notify.ClassTemporary, 0},
		{"deadline", fmt.Errorf("post: %w", context.DeadlineExceeded), notify.ClassUnknown, 0},
		{"cancelled", &url.Error{Op: "Post", URL: "https://a.example", Err: context.Canceled}, notify.ClassUnknown, 0},
		{"read deadline", read, notify.ClassUnknown, 0},
		{"dial deadline", &url.Error{Op: "Post", URL: "https://a.example", Err: dial}, notify.ClassTemporary, 0},
		{"look-up", &net.DNSError{Err: "no such host", Name: "a.example", IsTimeout: true}, notify.ClassTemporary, 0},
		{"connection cut", io.ErrUnexpectedEOF, notify.ClassTemporary, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			class, after := notify.Classify(tt.err)
			if class != tt.class || after != tt.after {
				t.Errorf("Classify(%v) = %v, %v; want %v, %v", tt.err, class, after, tt.class, tt.after)
			}
		})
	}
}

func TestErrorSaysItsClassAndKeepsItsCause(t *testing.T) {
	cause := errors.New("no such number")
	err := fmt.Errorf("sms: %w", notify.NoRecipient(cause))
	if got, want := err.Error(), "sms: notify: no_recipient: no such number"; got != want {
		t.Errorf("text %q; want %q", got, want)
	}
	if !errors.Is(err, cause) {
		t.Errorf("errors.Is(%v, cause) = false; want true", err)
	}
	if e, ok := errors.AsType[*notify.Error](err); !ok || e.Class != notify.ClassNoRecipient {
		t.Errorf("AsType found %v, %v; want class no_recipient", e, ok)
	}
	if got, want := notify.Unknown(nil).Error(), "notify: unknown"; got != want {
		t.Errorf("text without a cause %q; want %q", got, want)
	}
}

func TestClassNamesAndRetry(t *testing.T) {
	retry := map[string]bool{
		"ok": false, "temporary": true, "rate_limited": true, "unknown": true, "permanent": false, "no_recipient": false,
	}
	for c := notify.ClassOK; c <= notify.ClassNoRecipient; c++ {
		want, known := retry[c.String()]
		if !known || c.Retry() != want {
			t.Errorf("class %d: name %q, Retry %v; want one of %v", c, c, c.Retry(), retry)
		}
		delete(retry, c.String())
	}
	if len(retry) > 0 {
		t.Errorf("no class named %v", retry)
	}
	if got := notify.Class(99).String(); got != "class?" {
		t.Errorf("name of class 99 %q; want class?", got)
	}
}

func TestKindNames(t *testing.T) {
	names := []string{"", "page", "reminder", "review", "notice", "over", "update", "last_resort"}
	for i, name := range names {
		k := notify.Kind(i)
		if k.String() != name {
			t.Errorf("Kind(%d).String() = %q; want %q", i, k, name)
		}
		text, _ := k.MarshalText()
		var back notify.Kind
		if err := back.UnmarshalText(text); err != nil || back != k {
			t.Errorf("round trip of %q: %v, %v", name, back, err)
		}
	}
	if got := notify.Kind(len(names)).String(); got != "kind?" {
		t.Errorf("kind beyond the list %q; want kind?", got)
	}
	k := notify.KindPage
	if err := k.UnmarshalText([]byte("call")); err == nil || k != notify.KindPage {
		t.Errorf("unmarshal of an unknown kind: %v, %v; want an error and no change", k, err)
	}
	if _, ok := notify.ParseKind("kind?"); ok {
		t.Error(`ParseKind("kind?") is ok; want not`)
	}
}
