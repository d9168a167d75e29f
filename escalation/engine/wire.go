package engine

import (
	"strconv"
	"strings"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/policy"
)

// The prefixes of stream names say what a stream is about.
const (
	alertStreams       = "alert/"
	expectationStreams = "expect/"
	silenceStreams     = "silence/"
	engineStreams      = "engine/"
	turnStreams        = "turn/"
)

// alertStream is the name of the stream of one incarnation.
func alertStream(key string, n uint64) string {
	return alertStreams + key + "#" + strconv.FormatUint(n, 10)
}

// incarnationOf reads the number at the end of an alert stream's name.
func incarnationOf(stream string) uint64 {
	n, _ := strconv.ParseUint(stream[strings.LastIndexByte(stream, '#')+1:], 10, 64)
	return n
}

// recordID is a record's id on the wire: <namespace>:key#n/seq for an alert's,
// <namespace>:<stream>/seq for others'. The namespace is the store's, so that
// an id does not come again when a store in memory begins anew: whoever
// deduplicates would swallow the page.
func (e *Engine) recordID(stream string, seq uint64) string {
	var buf [128]byte
	return string(e.appendRecordID(buf[:0], stream, seq))
}

func (e *Engine) appendRecordID(b []byte, stream string, seq uint64) []byte {
	b = append(b, e.namespace...)
	b = append(b, ':')
	b = append(b, strings.TrimPrefix(stream, alertStreams)...)
	b = append(b, '/')
	return strconv.AppendUint(b, seq, 10)
}

// effectID is an effect's id on the wire: the same on every attempt, node and
// version.
func (e *Engine) effectID(stream string, id escalation.EffectID) string {
	var buf [128]byte
	b := e.appendRecordID(buf[:0], stream, id.Seq)
	b = append(b, '/')
	return string(strconv.AppendUint(b, uint64(id.I), 10))
}

// self is the author of what the engine does by itself: it opens alerts for
// expectations and effects, and reports what became of effects.
func self() escalation.Author { return By(policy.Service("belfry")) }

// By is an author who acts for nobody else.
func By(principal policy.Target) escalation.Author { return escalation.Author{Principal: principal} }
