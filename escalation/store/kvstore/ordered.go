package kvstore

import (
	"iter"
	"slices"
)

// ordered is a set that is read in order. It is kept in blocks, so that a
// change moves few of its elements, however many there are.
type ordered[T any] struct {
	compare func(a, b T) int
	blocks  [][]T // none is empty
}

// blockSize is what a block is split at.
const blockSize = 256

// block returns the number of the block that v is in, or belongs into.
func (o *ordered[T]) block(v T) int {
	i, found := slices.BinarySearchFunc(o.blocks, v, func(b []T, v T) int { return o.compare(b[0], v) })
	if !found && i > 0 {
		i--
	}
	return i
}

// insert adds v, which must not be there.
func (o *ordered[T]) insert(v T) {
	if len(o.blocks) == 0 {
		o.blocks = append(o.blocks, []T{v})
		return
	}
	n := o.block(v)
	b := o.blocks[n]
	i, _ := slices.BinarySearchFunc(b, v, o.compare)
	b = slices.Insert(b, i, v)
	if len(b) <= blockSize {
		o.blocks[n] = b
		return
	}
	half := len(b) / 2
	o.blocks[n] = b[:half:half]
	o.blocks = slices.Insert(o.blocks, n+1, slices.Clone(b[half:]))
}

// remove takes v out, if it is there.
func (o *ordered[T]) remove(v T) {
	if len(o.blocks) == 0 {
		return
	}
	n := o.block(v)
	b := o.blocks[n]
	i, found := slices.BinarySearchFunc(b, v, o.compare)
	if !found {
		return
	}
	if b = slices.Delete(b, i, i+1); len(b) > 0 {
		o.blocks[n] = b
		return
	}
	o.blocks = slices.Delete(o.blocks, n, n+1)
}

// all yields the elements in order. The set must not change meanwhile.
func (o *ordered[T]) all() iter.Seq[T] {
	return func(yield func(T) bool) {
		for _, b := range o.blocks {
			for _, v := range b {
				if !yield(v) {
					return
				}
			}
		}
	}
}

// from is all from v on.
func (o *ordered[T]) from(v T) iter.Seq[T] {
	return func(yield func(T) bool) {
		if len(o.blocks) == 0 {
			return
		}
		n := o.block(v)
		i, _ := slices.BinarySearchFunc(o.blocks[n], v, o.compare)
		for ; n < len(o.blocks); n, i = n+1, 0 {
			for _, v := range o.blocks[n][i:] {
				if !yield(v) {
					return
				}
			}
		}
	}
}
