package engine

import (
	"context"

	"github.com/belfry-go/belfry/escalation/gate"
	"github.com/belfry-go/belfry/notify"
)

// Decision is what Check answers.
type Decision = gate.Decision

// newBoard makes the board of gates. It is moved on by each commit of this
// engine, and where others write to the store, by looking at what they did.
func (e *Engine) newBoard() (*gate.Board, error) {
	cfg := gate.Config{
		Store: e.store, Policies: e.cfg.Policies, Now: e.keeper.Peek, Exclusive: e.owner == "",
		MaxStale: e.cfg.MaxStale, LookAgain: e.cfg.LookAgain, Logger: e.log,
	}
	if e.evidence.sink != nil {
		cfg.Recorded = e.evidence.has
	}
	return gate.NewBoard(cfg)
}

// Board is what gates answer. It is there before the engine has read its store,
// and denies everything until then.
func (e *Engine) Board() *gate.Board { return e.board }

// Check answers whether an operation on an identity may go on, from what is
// committed: the strictest of all alerts that have a gate there. What no gate of
// the document names and its `operations` does not open is denied, and so is
// everything before the engine has read its store and, where the store is shared
// with other engines, whenever the last look at it is older than
// [Config.MaxStale]. It takes no lock, and no time worth measuring: call it
// before every operation.
func (e *Engine) Check(subject, operation string) Decision { return e.board.Check(subject, operation) }

// CheckStrict is Check after a look at the store: it answers from all that was
// committed, by whatever engine, before it was called. When the store cannot be
// read, it denies.
func (e *Engine) CheckStrict(ctx context.Context, subject, operation string) Decision {
	return e.board.Strict(ctx, subject, operation)
}

// follow puts on the board what other engines committed, and what was committed
// before this one began. When it fails, the board denies, at once or when it has
// grown stale; what is due goes on.
func (e *Engine) follow(ctx context.Context) {
	if e.owner == "" && e.board.Loaded() {
		return
	}
	if err := e.board.Follow(ctx); err != nil && ctx.Err() == nil {
		e.log.Error("the board of gates is not up to date", "err", notify.Redact(err))
	}
}
