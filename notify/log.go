package notify

import (
	"context"
	"log/slog"
)

// Log writes a line about each attempt to l: the id, kind, recipient, channel,
// attempt and number of alerts of the notification, the class of the result,
// and the text of an error with its URLs cut down, see [Redact]. Nothing of the
// alerts themselves is logged: neither summary nor labels nor links. A nil l is
// slog.Default().
//
// What was taken is logged at level info, what is to be retried at warn, what
// failed for good at error.
func Log(l *slog.Logger) Middleware {
	return around(func(ctx context.Context, n Notification, next Notifier) (Receipt, error) {
		r, err := next.Notify(ctx, n)
		logAttempt(ctx, orDefault(l), n, err)
		return r, err
	})
}

func logAttempt(ctx context.Context, l *slog.Logger, n Notification, err error) {
	class, after := Classify(err)
	level, msg := slog.LevelInfo, "notification taken"
	switch {
	case class.Retry():
		level, msg = slog.LevelWarn, "notification not taken"
	case class != ClassOK:
		level, msg = slog.LevelError, "notification failed for good"
	}
	attrs := []slog.Attr{
		slog.String("id", n.ID), slog.String("kind", n.Kind.String()), slog.String("to", n.To.String()),
		slog.String("via", viaOf(n)), slog.Int("attempt", n.Attempt), slog.Int("alerts", len(n.Alerts)),
		slog.String("class", class.String()),
	}
	if after > 0 {
		attrs = append(attrs, slog.Duration("retry_after", after))
	}
	if err != nil {
		attrs = append(attrs, slog.String("error", Redact(err)))
	}
	l.LogAttrs(ctx, level, msg, attrs...)
}

func orDefault(l *slog.Logger) *slog.Logger {
	if l == nil {
		return slog.Default()
	}
	return l
}
