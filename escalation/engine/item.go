package engine

import (
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/policy"
)

// itemVersion is the first byte of an item's body. The body is what of an
// effect is needed to carry it out, and how its alert stood then.
const itemVersion = 1

// effect is an effect on its way out.
type effect struct {
	escalation.Effect
	status   escalation.Status
	priority policy.Level
}

// appendEffect appends the body of ef's item to dst.
func appendEffect(dst []byte, ef *escalation.Effect, s *escalation.State) []byte {
	var flags byte
	if ef.Essential {
		flags = 1
	}
	dst = append(dst, itemVersion, byte(ef.Kind), byte(ef.Message), byte(ef.Result), byte(ef.Reason), ef.Pass, flags, byte(s.Status), byte(s.Priority))
	for _, n := range [...]int16{ef.Track, ef.Tier, ef.Gate, ef.Action, ef.Review} {
		dst = binary.AppendVarint(dst, int64(n))
	}
	dst = binary.AppendVarint(dst, int64(ef.Subjects))
	dst = binary.BigEndian.AppendUint64(dst, uint64(ef.At))
	for _, text := range [...]string{string(ef.To.Kind), ef.To.ID, string(ef.Target.Kind), ef.Target.ID, ef.Via, ef.Text} {
		dst = binary.AppendUvarint(dst, uint64(len(text)))
		dst = append(dst, text...)
	}
	switch {
	case ef.Alert != nil:
		dst = escalation.AppendAlert(dst, ef.Alert)
	case ef.Kind == escalation.EffectRun && s.Alert != nil:
		// Whatever the alert learns later, this is what was decided about.
		dst = escalation.AppendAlert(dst, &policy.Alert{Identity: s.Alert.Identity})
	}
	return dst
}

// bodyReader reads an item's body. After the first fault it reads zeros.
type bodyReader struct {
	b     []byte
	bad   bool
	names *names
}

func (r *bodyReader) bytes(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.bad, r.b = true, nil
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

func (r *bodyReader) varint() int {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return int(v)
}

func (r *bodyReader) text() string {
	v, n := binary.Uvarint(r.b)
	if n <= 0 || v > uint64(len(r.b)) {
		r.bad, r.b = true, nil
		return ""
	}
	r.b = r.b[n:]
	return r.names.of(r.bytes(int(v)))
}

// decodeEffect reads what appendEffect wrote.
func (e *Engine) decodeEffect(id escalation.EffectID, body []byte) (effect, error) {
	r := bodyReader{b: body, names: &e.names}
	head := r.bytes(9)
	if r.bad || head[0] != itemVersion {
		return effect{}, fmt.Errorf("engine: effect %d.%d is in no form that this build reads", id.Seq, id.I)
	}
	var ef effect
	ef.ID = id
	ef.Kind, ef.Message, ef.Result = escalation.EffectKind(head[1]), escalation.MessageKind(head[2]), escalation.Result(head[3])
	ef.Reason, ef.Pass, ef.Essential = policy.Reason(head[4]), head[5], head[6]&1 != 0
	ef.status, ef.priority = escalation.Status(head[7]), policy.Level(head[8])
	for _, n := range [...]*int16{&ef.Track, &ef.Tier, &ef.Gate, &ef.Action, &ef.Review} {
		*n = int16(r.varint())
	}
	ef.Deadline = -1
	ef.Subjects = r.varint()
	if at := r.bytes(8); at != nil {
		ef.At = policy.Instant(binary.BigEndian.Uint64(at))
	}
	ef.Until, ef.From = policy.Never, policy.Never
	ef.To.Kind, ef.To.ID = policy.TargetKind(r.text()), r.text()
	ef.Target.Kind, ef.Target.ID = policy.TargetKind(r.text()), r.text()
	ef.Via, ef.Text = r.text(), r.text()
	if r.bad {
		return effect{}, fmt.Errorf("engine: effect %d.%d is cut short", id.Seq, id.I)
	}
	if len(r.b) > 0 {
		var err error
		if ef.Alert, err = escalation.DecodeAlert(r.b); err != nil {
			return effect{}, fmt.Errorf("engine: effect %d.%d: %w", id.Seq, id.I, err)
		}
	}
	return ef, nil
}

// maxNames bounds the texts that are kept to be used again.
const maxNames = 1 << 14

// names keeps the short texts that come again and again (who is told, by which
// channel), so that they are made once.
type names struct {
	mu      sync.Mutex
	texts   map[string]string
	targets map[address]string
}

// address is whom a message goes to, and how.
type address struct {
	to  policy.Target
	via string
}

func (n *names) of(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if s, ok := n.texts[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(s) > 64 {
		return s
	}
	if n.texts == nil || len(n.texts) >= maxNames {
		n.texts = map[string]string{}
	}
	n.texts[s] = s
	return s
}

// target is what an item says of where it goes: messages with one target may
// go out together.
func (n *names) target(ef *escalation.Effect) string {
	if ef.Kind != escalation.EffectNotify {
		return ef.Kind.String()
	}
	a := address{ef.To, ef.Via}
	n.mu.Lock()
	defer n.mu.Unlock()
	if s, ok := n.targets[a]; ok {
		return s
	}
	if n.targets == nil || len(n.targets) >= maxNames {
		n.targets = map[address]string{}
	}
	s := ef.To.String() + " " + ef.Via
	n.targets[a] = s
	return s
}
