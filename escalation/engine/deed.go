package engine

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

const deedStreams = "action/"

// deed is what is kept of one action of one alert beside the alert: to whom it was
// to be done, and what it came to. It is a stream of its own, so that each step
// of an execution is durable before the next.
type deed struct {
	// Subjects are those that were captured when the action was decided: it is
	// done to nobody else.
	Subjects []Subject `json:"subjects,omitempty"`
	Run      ending    `json:"run"`
	Undo     ending    `json:"undo"`
	// What was done, and how it stood then.
	Done        []Subject `json:"done,omitempty"`
	Handle      string    `json:"handle,omitempty"`
	Fingerprint string    `json:"fingerprint,omitempty"`
	// Unseen: its answer was lost, and what stands was read back. It may be
	// somebody else's doing.
	Unseen bool `json:"unseen,omitempty"`
}

// ending is how the execution of one effect ended; without a result it has not.
type ending struct {
	Seq      uint64            `json:"seq,omitempty"`
	I        uint16            `json:"i,omitempty"`
	Result   escalation.Result `json:"result,omitempty"`
	Subjects int               `json:"subjects,omitempty"`
	Detail   string            `json:"detail,omitempty"`
}

// of reports whether it is about an effect.
func (n *ending) of(id escalation.EffectID) bool { return n.Seq == id.Seq && n.I == id.I }

func endingOf(id escalation.EffectID) ending { return ending{Seq: id.Seq, I: id.I} }

// captured returns those to whom an execution is bound; nil when it is bound to
// nobody yet. What people granted is what they saw.
func (d *deed) captured(id escalation.EffectID, granted bool) []Subject {
	if d.Run.of(id) || granted {
		return d.Subjects
	}
	return nil
}

// deedStream is where an action of an alert is kept.
func deedStream(alert, name string) string {
	return deedStreams + alert[len(alertStreams):] + "/" + name
}

// readDeed reads what is kept of an action; nothing is the zero deed.
func (e *Engine) readDeed(ctx context.Context, stream string) (deed, error) {
	snap, err := e.loadSide(ctx, stream)
	if err != nil {
		return deed{}, err
	}
	return sideState[deed](&snap)
}

// keepDeed commits a change of what is kept of x's action. text is for the
// history.
func (e *Engine) keepDeed(ctx context.Context, x *execution, text string, change func(*deed)) error {
	_, err := e.sideways(ctx, x.stream, func(snap *store.Snapshot, now policy.Instant) (*sideStep, error) {
		d, err := sideState[deed](snap)
		if err != nil {
			return nil, err
		}
		change(&d)
		state, err := json.Marshal(d)
		if err != nil {
			return nil, fmt.Errorf("engine: %q: %w", x.stream, err)
		}
		x.deed = d
		return &sideStep{
			event: escalation.Event{
				Kind: escalation.EventNote, At: now, By: self(), ClaimedAt: policy.Never, Action: x.req.Name, Text: text,
			},
			verdict: applied(), state: state, due: policy.Never, key: x.req.Key,
		}, nil
	})
	return err
}
