package escalation

import (
	"fmt"
	"math"

	"github.com/belfry-go/belfry/policy"
)

// The binary forms of a state, an alert and a record.
//
// Each begins with a version byte; what follows is written field by field:
//
//   - numbers as varints (zigzag where they may be negative), in their shortest
//     form;
//   - instants as the distance to one that stands before them, in whole seconds
//     where it is one, so that what a policy says ("5m after") takes two bytes;
//   - texts as their length and bytes, or as the number of an earlier text;
//   - each struct with a mask first, whose bits say which of its fields differ
//     from what is expected of them. An instant that is policy.Never is a bit.
//
// The forms are canonical: equal values have equal bytes, and the decoders take
// nothing but what the encoders write, so that whatever decodes encodes to the
// same bytes again. A field is added under a new version; old versions are read
// for ever.
const (
	stateVersion  = 1
	alertVersion  = 1
	recordVersion = 1
)

// VersionError says that bytes were written in a version of the form that this
// build does not know. Nothing was read from them.
type VersionError struct {
	What    string // state, alert or record
	Version byte
	Known   byte // the latest version that this build reads
}

// Error names the versions and what to do.
func (e *VersionError) Error() string {
	return fmt.Sprintf("escalation: the %s is in version %d of its form, this build reads up to %d; use the build that wrote it, or a later one",
		e.What, e.Version, e.Known)
}

// CorruptError says that bytes are no canonical encoding.
type CorruptError struct {
	What   string // state, alert or record
	Part   string // the part of it, such as tracks
	Offset int    // of the byte at which reading stopped
	Msg    string
}

// Error says what is wrong and where.
func (e *CorruptError) Error() string {
	return fmt.Sprintf("escalation: the %s cannot be read at byte %d (%s): %s", e.What, e.Offset, e.Part, e.Msg)
}

// AppendState appends the canonical encoding of s, without its alert, to dst.
// It keeps nothing of s.
func AppendState(dst []byte, s *State) []byte {
	e := encoder{base: len(dst)}
	return e.state(append(dst, stateVersion), s)
}

// DecodeState reads what [AppendState] wrote into s. It reuses the slices that
// s holds; what s points to is replaced. s.Alert becomes nil and is the
// caller's to set. b is not kept. The error is a [*VersionError], which leaves
// s as it was, or a [*CorruptError], after which s is not to be used.
func DecodeState(b []byte, s *State) error {
	d := decoder{b: b, what: "state", part: "head"}
	if err := d.version(stateVersion); err != nil {
		return err
	}
	d.state(s)
	return d.done()
}

// AppendAlert appends the canonical encoding of a to dst; a nil alert is
// written as an empty one. It keeps nothing of a.
func AppendAlert(dst []byte, a *policy.Alert) []byte {
	e := encoder{base: len(dst)}
	if a == nil {
		a = &policy.Alert{}
	}
	return e.alert(append(dst, alertVersion), a)
}

// DecodeAlert reads what [AppendAlert] wrote. Times come back in UTC. b is not
// kept. The error is a [*VersionError] or a [*CorruptError].
func DecodeAlert(b []byte) (*policy.Alert, error) {
	d := decoder{b: b, what: "alert", part: "alert"}
	if err := d.version(alertVersion); err != nil {
		return nil, err
	}
	a := d.alert()
	if err := d.done(); err != nil {
		return nil, err
	}
	return a, nil
}

// AppendRecord appends the canonical encoding of r to dst. It keeps nothing of
// r.
func AppendRecord(dst []byte, r *Record) []byte {
	e := encoder{base: len(dst)}
	return e.record(append(dst, recordVersion), r)
}

// DecodeRecord reads what [AppendRecord] wrote. b is not kept; the texts of the
// record share one backing array. The error is a [*VersionError] or a
// [*CorruptError].
func DecodeRecord(b []byte) (Record, error) {
	d := decoder{b: b, what: "record", part: "head"}
	if err := d.version(recordVersion); err != nil {
		return Record{}, err
	}
	var r Record
	d.record(&r)
	if err := d.done(); err != nil {
		return Record{}, err
	}
	return r, nil
}

// flag is bit when on, else 0.
func flag(on bool, bit uint64) uint64 {
	if on {
		return bit
	}
	return 0
}

// zigzag maps numbers close to 0, on either side, to small ones.
func zigzag(v int64) uint64 { return uint64(v)<<1 ^ uint64(v>>63) }

// unzigzag is the inverse of zigzag.
func unzigzag(u uint64) int64 { return int64(u>>1) ^ -int64(u&1) }

// The units in which an instant or a duration is written when it is a whole
// number of them.
const (
	secondInstants  = 1_000_000     // microseconds
	secondDurations = 1_000_000_000 // nanoseconds
)

// maxWords is how many texts of one encoding can be referred to. It bounds what
// looking for one costs, whatever is written.
const maxWords = 32

// words is where the first texts of an encoding stand, so that the second
// occurrence of one is a number. Texts of less than two bytes are left out:
// nothing is shorter.
type words struct {
	filter uint64 // bits of the texts held: most searches end here
	n      int
	at     [maxWords]place
}

// place is a text's place in the encoding.
type place struct{ off, n uint32 }

// wordBit is the bit of words.filter for a text of at least one byte.
func wordBit(n int, first, last byte) uint64 {
	return 1 << ((uint(n) + uint(first)*7 + uint(last)*31) & 63)
}

// add notes a text that was written or read in full.
func (w *words) add(off, n int, bit uint64) {
	if w.n == maxWords || uint64(off)+uint64(n) > math.MaxUint32 {
		return
	}
	w.at[w.n] = place{uint32(off), uint32(n)}
	w.n++
	w.filter |= bit
}
