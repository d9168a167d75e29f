package gate

import "sync/atomic"

// table finds an identity's sheet. Readers take no lock: a slot is written as a
// whole, and a table that has become too small is replaced by a copy. What a
// reader sees that began before is the old one, which stands as it stood.
// Writers are one at a time.
//
// It is at most half full, and each slot has the hash of its subject beside it,
// so that who is not there is looked for in one line of the cache and no
// further. Its length is a power of two.
type table struct {
	hash  hash
	slots []slot
	used  int // the writers' own
}

// slot keeps its subject for as long as the table lives. The tag comes before
// the sheet; who sees only the tag came before the sheet was there.
type slot struct {
	tag   atomic.Uint64 // 0: free
	sheet atomic.Pointer[sheet]
}

const leastSlots = 16

func newTable() *table { return &table{hash: newHash(), slots: make([]slot, leastSlots)} }

// tagOf is never 0.
func (t *table) tagOf(subject string) uint64 { return t.hash.of(subject) | 1 }

// find returns the sheet of a subject; nil: there is nothing about it.
func (t *table) find(subject string) *sheet {
	tag := t.tagOf(subject)
	mask := uint64(len(t.slots) - 1)
	for i := tag >> 1; ; i++ {
		s := &t.slots[i&mask]
		switch s.tag.Load() {
		case tag:
			if sh := s.sheet.Load(); sh != nil && sh.subject == subject {
				if sh.gates == nil {
					return nil
				}
				return sh
			}
		case 0:
			return nil
		}
	}
}

// set puts s in the place of what is there about its subject, and returns the
// table that has it from now on.
func (t *table) set(s *sheet) *table {
	tag := t.tagOf(s.subject)
	mask := uint64(len(t.slots) - 1)
	for i := tag >> 1; ; i++ {
		at := &t.slots[i&mask]
		switch at.tag.Load() {
		case tag:
			if at.sheet.Load().subject == s.subject {
				at.sheet.Store(s)
				return t
			}
		case 0:
			if s.gates == nil {
				return t
			}
			at.tag.Store(tag)
			at.sheet.Store(s)
			if t.used++; 2*t.used > len(t.slots) {
				return t.grown()
			}
			return t
		}
	}
}

// grown returns a table with room, without what is off the board.
func (t *table) grown() *table {
	var live []*sheet
	for i := range t.slots {
		if s := t.slots[i].sheet.Load(); s != nil && s.gates != nil {
			live = append(live, s)
		}
	}
	n := leastSlots
	for n < 4*len(live) {
		n *= 2
	}
	fresh := &table{hash: t.hash, slots: make([]slot, n), used: len(live)}
	mask := uint64(n - 1)
	for _, s := range live {
		tag := t.tagOf(s.subject)
		i := tag >> 1
		for fresh.slots[i&mask].tag.Load() != 0 {
			i++
		}
		fresh.slots[i&mask].tag.Store(tag)
		fresh.slots[i&mask].sheet.Store(s)
	}
	return fresh
}
