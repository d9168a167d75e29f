package escalation

import "github.com/belfry-go/belfry/policy"

// Bits of a mapping's mask.
const (
	mappingDocument = 1 << iota
	mappingDry
	mappingTracks
	mappingDeadlines
	mappingGone
	mappingMaskEnd
)

func mappingMask(x *Mapping) uint64 {
	return flag(x.Document != policy.Digest{}, mappingDocument) |
		flag(x.Dry, mappingDry) |
		flag(len(x.Tracks) > 0, mappingTracks) |
		flag(len(x.Deadlines) > 0, mappingDeadlines) |
		flag(len(x.Gone) > 0, mappingGone)
}

func (e *encoder) mapping(b []byte, x *Mapping, at policy.Instant) []byte {
	m := mappingMask(x)
	b = putUvarint(b, m)
	if m&mappingDocument != 0 {
		b = append(b, x.Document[:]...)
	}
	if m&mappingTracks != 0 {
		b = putUvarint(b, uint64(len(x.Tracks)))
		for i := range x.Tracks {
			t := &x.Tracks[i]
			for _, name := range [...]string{t.From, t.To, t.Tier, t.Onto} {
				b = e.text(b, name)
			}
		}
	}
	if m&mappingDeadlines != 0 {
		b = putUvarint(b, uint64(len(x.Deadlines)))
		for i := range x.Deadlines {
			d := &x.Deadlines[i]
			b = e.text(b, d.Name)
			b = putUntil(b, d.From, at)
			b = putUntil(b, d.To, at)
		}
	}
	if m&mappingGone != 0 {
		b = e.texts(b, x.Gone)
	}
	return b
}

func (d *decoder) mapping(at policy.Instant) *Mapping {
	m := d.mask(mappingMaskEnd - 1)
	x := &Mapping{Document: d.digest(m, mappingDocument), Dry: m&mappingDry != 0}
	if m&mappingTracks != 0 {
		x.Tracks = make([]TrackMove, d.some(4))
		for i := range x.Tracks {
			x.Tracks[i] = TrackMove{From: d.text(), To: d.text(), Tier: d.text(), Onto: d.text()}
		}
	}
	if m&mappingDeadlines != 0 {
		x.Deadlines = make([]DeadlineMove, d.some(3))
		for i := range x.Deadlines {
			x.Deadlines[i] = DeadlineMove{Name: d.text(), From: d.until(at), To: d.until(at)}
		}
	}
	if m&mappingGone != 0 {
		x.Gone = d.texts()
	}
	d.expect(m, mappingMask(x))
	return x
}
