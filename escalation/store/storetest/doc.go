// Package storetest is the contract of a store, executable. A store's own test
// is three lines:
//
//	func TestContract(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) store.Store { return mystore.New(t.TempDir()) })
//	}
//
// Each case gets a store of its own; what fails is reported with the rule that
// it breaks. A store that outlives its process, or that many processes share,
// says in a [Suite] how it is opened again and by others, and is held to more.
//
// [Faults] makes operations of a store fail, one after the other, for tests of
// what uses a store.
package storetest
