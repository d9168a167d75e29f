package escalation

import "github.com/belfry-go/belfry/policy"

// Bits of a track's mask.
const (
	trackEnd = 1 << iota
	trackReached
	trackTold
	trackEntered // others than the tiers up to the present one
	trackNext
	trackAckEnd
	trackPassAt // another than Began
	trackBegan
	trackPlace // another track than that of its own index in the alert's policy
	trackCause
	trackAnchored
	trackSkipped
	trackDeferred
	trackSnooze
	trackAgain
	trackLeft
	trackStart
	trackMaskEnd
)

func trackMask(s *State, i int) uint64 {
	t := &s.Tracks[i]
	return flag(t.End.Known(), trackEnd) |
		flag(t.Reached, trackReached) |
		flag(t.Told, trackTold) |
		flag(t.Entered != upTo(t.Tier), trackEntered) |
		flag(t.Next.Known(), trackNext) |
		flag(t.AckEnd.Known(), trackAckEnd) |
		flag(t.PassAt != t.Began, trackPassAt) |
		flag(!t.Began.Known(), trackBegan) |
		flag(int(t.Policy) != s.Policy || int(t.Index) != i, trackPlace) |
		flag(t.Cause != policy.ReasonNone, trackCause) |
		flag(t.Anchored != 0, trackAnchored) |
		flag(t.Skipped != 0, trackSkipped) |
		flag(t.Deferred != 0, trackDeferred) |
		flag(t.Snooze.Known(), trackSnooze) |
		flag(t.Again.Known(), trackAgain) |
		flag(t.Left != 0, trackLeft) |
		flag(!t.Start.Known(), trackStart)
}

// upTo is the set of tiers up to tier i: what a climb that left none out has
// entered.
func upTo(i int16) uint64 {
	if i < 0 {
		return 0
	}
	return 2<<min(i, 63) - 1
}

func (e *encoder) tracks(b []byte, s *State) []byte {
	b = putUvarint(b, uint64(len(s.Tracks)))
	for i := range s.Tracks {
		t := &s.Tracks[i]
		m := trackMask(s, i)
		b = putUvarint(b, m)
		if m&trackPlace != 0 {
			b = putInt(b, int(t.Policy))
			b = putInt(b, int(t.Index))
		}
		b = append(b, byte(t.Status))
		b = append(b, t.Pass)
		b = putInt(b, int(t.Tier))
		if m&trackCause != 0 {
			b = append(b, byte(t.Cause))
		}
		if m&trackEntered != 0 {
			b = putUvarint(b, t.Entered)
		}
		for _, set := range [...]uint64{t.Anchored, t.Skipped, t.Deferred} {
			if set != 0 {
				b = putUvarint(b, set)
			}
		}
		b = e.trackTimes(b, t, m, s.Opened)
	}
	return b
}

func (e *encoder) trackTimes(b []byte, t *Track, m uint64, opened policy.Instant) []byte {
	if m&trackBegan == 0 {
		b = putInstant(b, t.Began, opened)
	}
	if m&trackPassAt != 0 {
		b = putInstant(b, t.PassAt, opened)
	}
	if m&trackStart == 0 {
		b = putInstant(b, t.Start, opened)
	}
	for _, i := range [...]policy.Instant{t.End, t.Next, t.AckEnd, t.Snooze, t.Again} {
		if i.Known() {
			b = putInstant(b, i, opened)
		}
	}
	if m&trackLeft != 0 {
		b = putDuration(b, t.Left)
	}
	return b
}

func (d *decoder) tracks(s *State) {
	d.part = "tracks"
	s.Tracks = resize(s.Tracks, d.some(5))
	for i := range s.Tracks {
		t := &s.Tracks[i]
		m := d.mask(trackMaskEnd - 1)
		*t = Track{Policy: int16(s.Policy), Index: int16(i)}
		if m&trackPlace != 0 {
			t.Policy, t.Index = d.int16(), d.int16()
		}
		t.Status = Status(d.byte())
		t.Pass = d.byte()
		t.Tier = d.int16()
		if m&trackCause != 0 {
			t.Cause = policy.Reason(d.byte())
		}
		t.Entered = d.set(m, trackEntered, upTo(t.Tier))
		t.Anchored = d.set(m, trackAnchored, 0)
		t.Skipped = d.set(m, trackSkipped, 0)
		t.Deferred = d.set(m, trackDeferred, 0)
		t.Reached, t.Told = m&trackReached != 0, m&trackTold != 0
		d.trackTimes(t, m, s.Opened)
		d.expect(m, trackMask(s, i))
	}
}

func (d *decoder) trackTimes(t *Track, m uint64, opened policy.Instant) {
	t.Began = d.known(^m, trackBegan, opened)
	t.PassAt = t.Began
	if m&trackPassAt != 0 {
		t.PassAt = d.instant(opened)
	}
	t.Start = d.known(^m, trackStart, opened)
	t.End = d.known(m, trackEnd, opened)
	t.Next = d.known(m, trackNext, opened)
	t.AckEnd = d.known(m, trackAckEnd, opened)
	t.Snooze = d.known(m, trackSnooze, opened)
	t.Again = d.known(m, trackAgain, opened)
	if m&trackLeft != 0 {
		t.Left = d.duration()
	}
}

// set reads a set of tiers if bit is set in m; else it is usual.
func (d *decoder) set(m, bit, usual uint64) uint64 {
	if m&bit == 0 {
		return usual
	}
	return d.uvarint()
}

// Bits of an entry's mask.
const (
	entryLive  = 1 << iota
	entryTrack // another than the track of the entry's own index
	entryLists
	entryRemind
	entryExtra
	entryKind // another than a page
	entryPass // another than the first
	entryText
	entryMaskEnd
)

func entryMask(x *Entry, i int) uint64 {
	return flag(x.Live, entryLive) |
		flag(int(x.Track) != i, entryTrack) |
		flag(x.Lists != nil, entryLists) |
		flag(x.Remind.Known(), entryRemind) |
		flag(x.Extra, entryExtra) |
		flag(x.Kind != MessagePage, entryKind) |
		flag(x.Pass != 1, entryPass) |
		flag(x.Text != "", entryText)
}

func (e *encoder) entries(b []byte, s *State) []byte {
	b = putUvarint(b, uint64(len(s.Entries)))
	p := pins{}
	for i := range s.Entries {
		x := &s.Entries[i]
		m := entryMask(x, i)
		b = putUvarint(b, m)
		if m&entryTrack != 0 {
			b = putInt(b, int(x.Track))
		}
		b = putInt(b, int(x.Tier))
		b = append(b, byte(x.Reason))
		b = putInstant(b, x.At, s.Opened)
		if m&entryPass != 0 {
			b = append(b, x.Pass)
		}
		if m&entryKind != 0 {
			b = append(b, byte(x.Kind))
		}
		if m&entryRemind != 0 {
			b = putInstant(b, x.Remind, s.Opened)
		}
		b = e.opt(b, m, entryText, x.Text)
		if m&entryLists != 0 {
			b = e.lists(b, x.Lists, &p)
		}
	}
	return b
}

func (d *decoder) entries(s *State) {
	d.part = "entries"
	s.Entries = resize(s.Entries, d.some(4))
	p := pins{}
	for i := range s.Entries {
		x := &s.Entries[i]
		m, old := d.mask(entryMaskEnd-1), x.Lists
		*x = Entry{Track: int16(i), Pass: 1, Kind: MessagePage, Live: m&entryLive != 0, Extra: m&entryExtra != 0}
		if m&entryTrack != 0 {
			x.Track = d.int16()
		}
		x.Tier = d.int16()
		x.Reason = policy.Reason(d.byte())
		x.At = d.instant(s.Opened)
		if m&entryPass != 0 {
			x.Pass = d.byte()
		}
		if m&entryKind != 0 {
			x.Kind = MessageKind(d.byte())
		}
		x.Remind = d.known(m, entryRemind, s.Opened)
		x.Text = d.opt(m, entryText)
		if m&entryLists != 0 {
			x.Lists = d.lists(&p, old)
		}
		d.expect(m, entryMask(x, i))
	}
}
