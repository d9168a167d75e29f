package escalation

import (
	"bytes"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/belfry-go/belfry/policy"
)

func decodeState(b []byte) (*State, error) {
	s := &State{}
	err := DecodeState(b, s)
	return s, err
}

func decodeRecord(b []byte) (*Record, error) {
	r, err := DecodeRecord(b)
	return &r, err
}

// roundTrips checks that what is decoded from v's encoding is v and encodes to
// the same bytes, behind a prefix as well.
func roundTrips[T any](t *testing.T, what string, v *T, appendTo func([]byte, *T) []byte, decode func([]byte) (*T, error)) []byte {
	t.Helper()
	b := appendTo(nil, v)
	got, err := decode(b)
	if err != nil {
		t.Fatalf("%s: decode: %v\n%x", what, err, b)
	}
	if !reflect.DeepEqual(got, v) {
		t.Fatalf("%s: decoded differs (-want +got):\n%s", what, cmp.Diff(v, got, whole()))
	}
	if again := appendTo([]byte("prefix"), got); !bytes.Equal(again[len("prefix"):], b) {
		t.Fatalf("%s: encodes to other bytes:\n%x\n%x", what, b, again)
	}
	return b
}

func randomState(f *filler) *State {
	s := filled[State](f)
	s.Alert = nil // is written apart
	for i := range s.Entries {
		if j := f.IntN(i + 1); f.IntN(2) == 0 { // shared answers
			s.Entries[i].Lists = s.Entries[j].Lists
		}
	}
	return s
}

func TestStateRoundTrip(t *testing.T) {
	for seed := range uint64(3000) {
		roundTrips(t, "state", randomState(newFiller(seed)), AppendState, decodeState)
	}
}

func TestRecordRoundTrip(t *testing.T) {
	for seed := range uint64(3000) {
		roundTrips(t, "record", filled[Record](newFiller(seed)), AppendRecord, decodeRecord)
	}
}

func TestAlertRoundTrip(t *testing.T) {
	for seed := range uint64(3000) {
		roundTrips(t, "alert", filled[policy.Alert](newFiller(seed)), AppendAlert, DecodeAlert)
	}
}

// A field that is added to a struct and forgotten in the codec fails here: each
// is set on its own, must survive, and must make a difference to the bytes.
func TestEveryFieldIsWritten(t *testing.T) {
	written := func(t *testing.T, v any, without []string, trip func(path string) []byte) {
		t.Helper()
		seen := map[string]string{}
		n := 0
		eachField(reflect.ValueOf(v).Elem(), "", func(path string) {
			for _, w := range without {
				if path == w || strings.HasPrefix(path, w+".") || strings.HasPrefix(path, w+"[") {
					return
				}
			}
			n++
			b := string(trip(path))
			if other, ok := seen[b]; ok {
				t.Errorf("%s and %s have the same bytes %x", path, other, b)
			}
			seen[b] = path
		})
		if n < 10 {
			t.Errorf("only %d fields were tried", n)
		}
	}
	t.Run("state", func(t *testing.T) {
		s := &State{}
		written(t, s, []string{".Alert"}, func(path string) []byte { return roundTrips(t, path, s, AppendState, decodeState) })
	})
	t.Run("record", func(t *testing.T) {
		r := &Record{}
		written(t, r, nil, func(path string) []byte { return roundTrips(t, path, r, AppendRecord, decodeRecord) })
	})
	t.Run("alert", func(t *testing.T) {
		a := &policy.Alert{}
		written(t, a, nil, func(path string) []byte { return roundTrips(t, path, a, AppendAlert, DecodeAlert) })
	})
}

// A state that was used before gives its slices and nothing of its content.
func TestDecodeStateReuses(t *testing.T) {
	f := newFiller(1)
	s := &State{}
	for range 2000 {
		want := randomState(f)
		for i := range want.Entries { // some of the answers that are there already
			if j := f.IntN(8); j < len(s.Entries) {
				want.Entries[i].Lists = s.Entries[j].Lists
			}
		}
		s.Alert = &policy.Alert{}
		if err := DecodeState(AppendState(nil, want), s); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, s, cmpopts.EquateEmpty(), whole()); diff != "" {
			t.Fatalf("decoded into a used state differs (-want +got):\n%s", diff)
		}
	}
}

// Answers that are shared come back shared, and take no room.
func TestSharedListsAreWrittenOnce(t *testing.T) {
	s := twoTracks()
	one := len(AppendState(nil, s))
	again := s.Entries[0]
	copied := *again.Lists
	again.Lists, again.Tier, again.Track = &copied, 1, 2 // equal, another pointer
	s.Entries = append(s.Entries, again)
	b := AppendState(nil, s)
	if grown := len(b) - one; grown > 8 {
		t.Errorf("an entry with the same answers takes %d bytes, want at most 8", grown)
	}
	got, err := decodeState(b)
	if err != nil {
		t.Fatal(err)
	}
	if got.Entries[0].Lists != got.Entries[2].Lists {
		t.Error("equal answers are not shared after decoding")
	}
}

func TestVersions(t *testing.T) {
	for _, first := range []byte{0, 2, 255} {
		s := twoTracks()
		before := s.Clone()
		b := AppendState(nil, twoTracks())
		b[0] = first
		for what, err := range map[string]error{
			"state":  DecodeState(b, s),
			"record": second(DecodeRecord([]byte{first, 1, 2})),
			"alert":  second(DecodeAlert([]byte{first})),
		} {
			ve, ok := errors.AsType[*VersionError](err)
			if !ok || ve.What != what || ve.Version != first || ve.Known != 1 {
				t.Errorf("%s version %d: %v, want a VersionError that says so", what, first, err)
			}
		}
		if diff := cmp.Diff(&before, s, whole()); diff != "" {
			t.Errorf("an unknown version changed the state:\n%s", diff)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// Whatever is cut, appended or turned over is noticed or harmless: never a
// panic, and never two encodings of one value.
func TestDamage(t *testing.T) {
	check := func(t *testing.T, b []byte, decode func([]byte) ([]byte, error)) {
		t.Helper()
		again, err := decode(b)
		if err == nil {
			if !bytes.Equal(again, b) {
				t.Fatalf("%x decodes, and encodes to %x", b, again)
			}
			return
		}
		ce, corrupt := errors.AsType[*CorruptError](err)
		_, version := errors.AsType[*VersionError](err)
		if !corrupt && !version {
			t.Fatalf("error %T %v has no type", err, err)
		}
		if corrupt && (ce.Offset < 0 || ce.Offset > len(b) || ce.What == "" || ce.Part == "" || ce.Msg == "") {
			t.Fatalf("error %+v does not say where", *ce)
		}
	}
	f := newFiller(2)
	for name, c := range map[string]struct {
		b      func() []byte
		decode func([]byte) ([]byte, error)
	}{
		"state":  {func() []byte { return AppendState(nil, randomState(f)) }, stateAgain},
		"record": {func() []byte { return AppendRecord(nil, filled[Record](f)) }, recordAgain},
		"alert":  {func() []byte { return AppendAlert(nil, filled[policy.Alert](f)) }, alertAgain},
	} {
		t.Run(name, func(t *testing.T) {
			for range 30 {
				full := c.b()
				for n := range full {
					_, err := c.decode(full[:n])
					if err == nil {
						t.Fatalf("the first %d of %d bytes decode", n, len(full))
					}
					check(t, full[:n], c.decode)
				}
				if _, err := c.decode(append(full[:len(full):len(full)], 0)); err == nil {
					t.Fatal("a trailing byte is not noticed")
				}
				for range 200 {
					b := bytes.Clone(full)
					b[f.IntN(len(b))] ^= 1 << f.IntN(8)
					check(t, b, c.decode)
				}
			}
		})
	}
}

func stateAgain(b []byte) ([]byte, error) {
	s, err := decodeState(b)
	if err != nil {
		return nil, err
	}
	return AppendState(nil, s), nil
}

func recordAgain(b []byte) ([]byte, error) {
	r, err := DecodeRecord(b)
	if err != nil {
		return nil, err
	}
	return AppendRecord(nil, &r), nil
}

func alertAgain(b []byte) ([]byte, error) {
	a, err := DecodeAlert(b)
	if err != nil {
		return nil, err
	}
	return AppendAlert(nil, a), nil
}

// A few bytes that claim to be a long list allocate nothing.
func TestLengthsAreBounded(t *testing.T) {
	huge := []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}
	b := AppendState(nil, &State{Key: "k"})
	for i := 1; i < len(b); i++ {
		damaged := append(append(bytes.Clone(b[:i]), huge...), b[i:]...)
		if n := testing.AllocsPerRun(5, func() { _ = DecodeState(damaged, &State{}) }); n > 20 {
			t.Errorf("a length at byte %d costs %v allocations", i, n)
		}
	}
}

func TestNumbers(t *testing.T) {
	var b []byte
	values := []int64{0, 1, -1, 63, 64, -64, -65, secondInstants, -secondInstants, math.MaxInt64, math.MinInt64, math.MaxInt64 - 1}
	for _, v := range values {
		b = putInstant(b, policy.Instant(v), 0)
		b = putInstant(b, policy.Instant(v), math.MinInt64)
		b = putInstant(b, policy.Instant(v), policy.Never)
	}
	d := decoder{b: b, what: "test", part: "numbers"}
	for _, v := range values {
		for _, base := range []policy.Instant{0, math.MinInt64, policy.Never} {
			if got := d.instant(base); got != policy.Instant(v) {
				t.Errorf("instant %d from base %d is %d after a round trip", v, base, got)
			}
		}
	}
	if err := d.done(); err != nil {
		t.Error(err)
	}
}

// Longer than the shortest, in other ways: none is taken.
func TestOneFormOnly(t *testing.T) {
	for name, c := range map[string]struct {
		b    []byte
		read func(*decoder)
	}{
		"a varint with a zero behind":     {[]byte{0x81, 0x00}, func(d *decoder) { d.uvarint() }},
		"a packed number, likewise":       {[]byte{0x82, 0x00}, func(d *decoder) { d.packed() }},
		"whole seconds as microseconds":   {[]byte{0x01}, func(d *decoder) { d.instant(0) }},
		"seconds beyond the range":        {[]byte{0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}, func(d *decoder) { d.instant(0) }},
		"a packed number of 66 bits":      {[]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x04}, func(d *decoder) { d.packed() }},
		"a text twice":                    {[]byte("\x04ab\x04ab"), func(d *decoder) { d.text(); d.text() }},
		"a text that was not there":       {[]byte{0x01}, func(d *decoder) { d.text() }},
		"an empty list under its bit":     {[]byte{0x00}, func(d *decoder) { d.texts() }},
		"a known kind spelled out":        {[]byte("\x09\x08user\x02x"), func(d *decoder) { d.target() }},
		"a target of kind 10":             {[]byte{10}, func(d *decoder) { d.target() }},
		"an index beyond 16 bits":         {[]byte{0x80, 0x80, 0x04}, func(d *decoder) { d.int16() }},
		"an unsigned number beyond 16":    {[]byte{0x80, 0x80, 0x04}, func(d *decoder) { d.uint16() }},
		"nanoseconds beyond a second":     {[]byte{0x01, 0x80, 0x94, 0xeb, 0xdc, 0x03}, func(d *decoder) { d.time() }},
		"keys of a map that go backwards": {[]byte("\x02b\x02a"), func(d *decoder) { d.sorted(2, func(string) {}) }},
		"a varint of eleven bytes":        {bytes.Repeat([]byte{0xff}, 11), func(d *decoder) { d.uvarint() }},
	} {
		d := decoder{b: c.b, what: "test", part: "form"}
		if c.read(&d); d.err == nil {
			t.Errorf("%s is taken: %x", name, c.b)
		}
	}
}

func TestErrorsSayWhere(t *testing.T) {
	b := AppendState(nil, twoTracks())
	_, err := decodeState(b[:len(b)-1])
	const want = "escalation: the state cannot be read at byte "
	if err == nil || !strings.HasPrefix(err.Error(), want) || !strings.Contains(err.Error(), "(open messages)") {
		t.Errorf("error %q does not begin with %q and name the part", err, want)
	}
	err = DecodeState([]byte{9}, &State{})
	if err == nil || !strings.Contains(err.Error(), "version 9") {
		t.Errorf("error %q does not name the version", err)
	}
}
