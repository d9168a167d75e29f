package notify

import (
	"context"
	"fmt"
	"log/slog"
)

// Slog returns a [Notifier] that hands each notification to l as one record:
// at level error for the last resort and what is [Urgent], warn for other
// pages, reminders and reviews, info for the rest. The record's time is the
// instant at which the message was due. A nil l is slog.Default().
//
// A level that l does not log is a permanent error and no delivery: a message
// nobody can see has told nobody. Each call to Slog returns a value of its own,
// which can be compared.
func Slog(l *slog.Logger) Notifier { return &logger{orDefault(l)} }

type logger struct{ l *slog.Logger }

func (l *logger) Notify(ctx context.Context, n Notification) (Receipt, error) {
	if ctx.Err() != nil {
		return Receipt{}, unwritten(ctx)
	}
	level := levelOf(n)
	if !l.l.Enabled(ctx, level) {
		return Receipt{}, Permanent(fmt.Errorf("the logger does not log at level %v", level))
	}
	alerts := make([]string, len(n.Alerts))
	for i, it := range n.Alerts {
		alerts[i] = itemLine(it)
	}
	rec := slog.NewRecord(n.At.Time(), level, "notification", 0)
	rec.AddAttrs(
		slog.String("id", n.ID), slog.String("kind", n.Kind.String()), slog.String("to", n.To.String()),
		slog.String("via", viaOf(n)), slog.Int("attempt", n.Attempt), slog.Any("alerts", alerts),
	)
	// Not through the Logger, which would swallow the handler's error.
	if err := l.l.Handler().Handle(ctx, rec); err != nil {
		return Receipt{}, Temporary(fmt.Errorf("log: %w", err))
	}
	return Receipt{}, nil
}

func levelOf(n Notification) slog.Level {
	if n.Kind == KindLastResort {
		return slog.LevelError
	}
	for _, it := range n.Alerts {
		if Urgent(it) {
			return slog.LevelError
		}
	}
	switch n.Kind {
	case KindPage, KindReminder, KindReview:
		return slog.LevelWarn
	}
	return slog.LevelInfo
}
