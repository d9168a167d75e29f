package store

// table is a hash index from what the caller hashes and compares to a number:
// eight bytes an entry, without a pointer, at a load between a half and four
// fifths.
type table struct {
	cells []cell
	n     int
}

// cell holds a hash and a number, counted from 1; 0 is empty.
type cell struct{ hash, ref uint32 }

// home is where the probe for a hash begins. The order of homes is that of
// hashes, so that growing walks both arrays from front to back.
func (t *table) home(hash uint32) int {
	return int(uint64(hash) * uint64(len(t.cells)) >> 32)
}

// find returns the number with this hash that is the one meant.
func (t *table) find(hash uint32, meant func(ref uint32) bool) (ref uint32, ok bool) {
	if t.n == 0 {
		return 0, false
	}
	for i := t.home(hash); t.cells[i].ref != 0; {
		if t.cells[i].hash == hash && meant(t.cells[i].ref-1) {
			return t.cells[i].ref - 1, true
		}
		if i++; i == len(t.cells) {
			i = 0
		}
	}
	return 0, false
}

// add adds a number that is not there.
func (t *table) add(hash, ref uint32) {
	if t.n >= len(t.cells)/5*4 {
		t.grow()
	}
	t.n++
	t.put(cell{hash, ref + 1})
}

// replace puts ref in the place of was, which has the same hash.
func (t *table) replace(hash, was, ref uint32) {
	t.cells[t.index(hash, was)].ref = ref + 1
}

// remove removes a number that is there, and closes the gap.
func (t *table) remove(hash, ref uint32) {
	gap := t.index(hash, ref)
	t.n--
	for i := gap; ; {
		if i++; i == len(t.cells) {
			i = 0
		}
		c := t.cells[i]
		if c.ref == 0 {
			break
		}
		// c may fill the gap unless its home lies behind the gap.
		home := t.home(c.hash)
		if t.distance(home, i) >= t.distance(gap, i) {
			t.cells[gap] = c
			gap = i
		}
	}
	t.cells[gap] = cell{}
}

func (t *table) index(hash, ref uint32) int {
	i := t.home(hash)
	for t.cells[i].ref != ref+1 {
		if i++; i == len(t.cells) {
			i = 0
		}
	}
	return i
}

// distance is how far it is from a forward to b.
func (t *table) distance(a, b int) int {
	if b < a {
		b += len(t.cells)
	}
	return b - a
}

func (t *table) put(c cell) {
	i := t.home(c.hash)
	for t.cells[i].ref != 0 {
		if i++; i == len(t.cells) {
			i = 0
		}
	}
	t.cells[i] = c
}

func (t *table) grow() {
	old := t.cells
	t.cells = make([]cell, max(20, len(old)*3/2))
	for _, c := range old {
		if c.ref != 0 {
			t.put(c)
		}
	}
}
