package notify_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/belfry-go/belfry/notify"
)

func TestRedactKeepsHostAndDropsTheRest(t *testing.T) {
	parse := func(s string) error { _, err := url.Parse(s); return err }
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"nil", nil, ""},
		{"no URL", errors.New("connection refused"), "connection refused"},
		{"path", errors.New("post https://hooks.example.com/services/T0/B0/SECRET: EOF"), "post https://hooks.example.com/… EOF"},
		{"user info", errors.New("dial smtp://bob:SECRET@mail.example.com:587"), "dial smtp://mail.example.com:587"},
		{"query", errors.New(`get "https://api.example.com?token=SECRET": EOF`), `get "https://api.example.com/…": EOF`},
		{"two", errors.New("https://a.example/SECRET then https://b.example/SECRET"), "https://a.example/… then https://b.example/…"},
		{
			"url.Error",
			&url.Error{Op: "Post", URL: "https://bot.example.com/botSECRET/send?x=SECRET", Err: errors.New("EOF")},
			`Post "https://bot.example.com/…": EOF`,
		},
		{
			"nested and wrapped",
			fmt.Errorf("send: %w", &url.Error{
				Op: "Post", URL: "https://a.example/SECRET",
				Err: &url.Error{Op: "Post", URL: "https://b.example/?client_secret=SECRET", Err: errors.New("EOF")},
			}),
			`send: Post "https://a.example/…": Post "https://b.example/…": EOF`,
		},
		{
			"joined",
			errors.Join(errors.New("first"), &url.Error{Op: "Get", URL: "https://a.example/x SECRET", Err: errors.New("EOF")}),
			`first Get "https://a.example/…": EOF`,
		},
		{"unescaped slash in a password", errors.New("https://john.doe:SEC/RET@host.example/SECRET"), "https://…"},
		{"quote in a URL", &url.Error{Op: "Get", URL: `https://a.example/?q="SECRET`, Err: errors.New("EOF")}, `Get "https://a.example/…": EOF`},
		{"quote in a quoted text", fmt.Errorf("%q refused", `https://a.example/"SECRET`), `"https://a.example/…" refused`},
		{
			"printed by the wrapper, unquoted and with a space",
			&sending{&url.Error{Op: "Get", URL: "https://a.example/x SECRET", Err: errors.New("EOF")}},
			"sending to https://a.example/…",
		},
		{"malformed port", parse("https://bob:SECRET#x@a.example/"), `parse "https://…": malformed URL`},
		{"no scheme", &url.Error{Op: "Get", URL: "/hook?token=SECRET", Err: errors.New("unsupported")}, `Get "…": unsupported`},
		{"control characters", errors.New("a\nlevel=INFO\x1b[31m\u202eb\xff"), "a level=INFO [31m b "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := notify.Redact(tt.err)
			if got != tt.want {
				t.Errorf("Redact(%q)\n got %q\nwant %q", tt.err, got, tt.want)
			}
			if again := notify.Redact(errors.New(got)); tt.err != nil && again != got {
				t.Errorf("Redact is not stable: %q, then %q", got, again)
			}
		})
	}
}

// sending is an error that prints the URL of its cause in a form of its own.
type sending struct{ cause *url.Error }

func (s *sending) Error() string { return "sending to " + s.cause.URL }
func (s *sending) Unwrap() error { return s.cause }

func TestRedactBoundsTheText(t *testing.T) {
	for _, text := range []string{strings.Repeat("é", 4000), strings.Repeat("x", 4000), strings.Repeat("\x80", 4000)} {
		got := notify.Redact(errors.New(text))
		if len(got) > 512 || !utf8.ValidString(got) {
			t.Errorf("Redact of %d bytes: %d bytes, valid UTF-8 %v; want at most 512, true", len(text), len(got), utf8.ValidString(got))
		}
	}
}

// Canary: whatever way an error with a secret takes through this package's own
// texts, the secret does not come out.
func TestNoSecretInErrorsAndLogs(t *testing.T) {
	const secret = "CANARY"
	cause := &url.Error{Op: "Post", URL: "https://u:" + secret + "@a.example/" + secret + "?t=" + secret + "#" + secret, Err: errors.New("EOF")}
	failing := notify.NotifierFunc(func(context.Context, notify.Notification) (notify.Receipt, error) {
		return notify.Receipt{}, fmt.Errorf("vendor: %w", cause)
	})
	panicking := notify.NotifierFunc(func(context.Context, notify.Notification) (notify.Receipt, error) { panic(cause) })

	var buf bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&buf, &slog.HandlerOptions{Level: slog.LevelDebug}))
	n := page()
	n.Alerts[0].Alert.Labels = map[string]string{"token": secret}
	n.Alerts[0].Alert.Links = []string{"https://a.example/" + secret}
	n.Alerts[0].Alert.Summary = secret
	for name, next := range map[string]notify.Notifier{
		"plain": failing, "panic": notify.Recover()(panicking), "tee": notify.Tee(failing, panicking),
		"failover": notify.Failover(failing, panicking),
	} {
		_, err := notify.Log(logger)(next).Notify(t.Context(), n)
		if err == nil {
			t.Fatalf("%s: no error; want one to look at", name)
		}
		if name != "plain" && strings.Contains(err.Error(), secret) {
			t.Errorf("%s: secret in the error's text: %v", name, err)
		}
	}
	if buf.Len() == 0 {
		t.Fatal("Log wrote nothing")
	}
	if strings.Contains(buf.String(), secret) {
		t.Errorf("secret in the log:\n%s", &buf)
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("post ", "a.example", "/services/", ": EOF")
	f.Add("", "user:pw@", "?token=", "\" tail")
	f.Add("x://y", "h:1", "#", "://")
	f.Add("\"", "[::1]", "/\\\"", " ")
	f.Fuzz(func(t *testing.T, before, host, path, after string) {
		const secret = "S3cr3tCanary"
		for _, s := range []string{before, host, path, after} {
			if strings.Contains(s, secret) {
				t.Skip()
			}
		}
		raw := "https://" + host + "/" + path + secret
		ue := &url.Error{Op: "Post", URL: raw, Err: errors.New(after)}
		for _, err := range []error{ue, fmt.Errorf("%s%w", before, ue), errors.Join(errors.New(before), ue)} {
			got := notify.Redact(err)
			if strings.Contains(got, secret) {
				t.Errorf("Redact(%q) = %q: the secret is in it", err, got)
			}
			if len(got) > 512 || !utf8.ValidString(got) || strings.ContainsAny(got, "\n\r\x00\x1b") {
				t.Errorf("Redact(%q) = %q: too long or unprintable", err, got)
			}
		}
	})
}
