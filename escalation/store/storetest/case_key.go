package storetest

import (
	"errors"
	"fmt"

	"github.com/belfry-go/belfry/escalation/store"
)

// keyCases are about one open stream a key.
func keyCases() []testCase {
	return []testCase{
		{
			"OneOpenPerKey",
			"of the streams of one key at most one is open: two would page twice, and an acknowledgement reach one of them",
			checkOneOpen,
		},
		{
			"ClosedStaysClosed",
			"a stream with a key that was closed does not open again, though it may be committed to",
			func(c *checker) {
				s := c.alert("k", 1)
				s.commit(closed)
				c.refused(s, s.make(), store.ErrKeyOpen)
				s.commit(closed)
				next := c.alert("k", 2)
				c.refused(s, s.make(), store.ErrKeyOpen)
				next.commit(closed)
				c.refused(s, s.make(), store.ErrKeyOpen)
			},
		},
		{
			"KeylessStreams",
			"streams without a key are any number, and open and close as they like",
			func(c *checker) {
				for i := range 3 {
					s := c.newStream(fmt.Sprint("budget/", i), "")
					s.commit()
					s.commit(closed)
					s.commit()
					if !c.load(s.name).Open {
						c.errorf("%q is not open again", s.name)
					}
				}
			},
		},
		{
			"Last",
			"Last finds the stream that was first committed last with the key, whatever was written to others since",
			func(c *checker) {
				var former []*stream
				for n := range 5 {
					s := c.alert("k", n+1)
					c.wantLast("k", s.name, true)
					for _, f := range former {
						f.commit(closed)
					}
					c.wantLast("k", s.name, true)
					s.commit(closed)
					c.wantLast("k", s.name, false)
					former = append(former, s)
				}
				c.alert("born closed", 1, closed)
				c.wantLast("born closed", "alert/born closed#1", false)
				c.alert("born closed", 2)
				c.wantLast("born closed", "alert/born closed#2", true)
			},
		},
	}
}

func checkOneOpen(c *checker) {
	first := c.alert("k", 1)
	second := c.newStream("alert/k#2", "k")
	for _, k := range []*store.Commit{second.make(), second.make(closed)} {
		c.wantErr("a second stream of an open key", c.store.Commit(c.ctx, k), store.ErrKeyOpen)
		var s store.Snapshot
		if err := c.store.Load(c.ctx, second.name, &s); !errors.Is(err, store.ErrNotFound) {
			c.fatalf("the second stream is there: %v", err)
		}
	}
	c.wantLast("k", first.name, true)

	// Other keys are others, also those that contain this one.
	for _, key := range []string{"K", "k ", "k#1", "kk", "alert/k"} {
		c.alert(key, 1)
	}
	first.commit()
	first.commit(closed)
	c.wantLast("k", first.name, false)
	second.commit()
	c.wantLast("k", second.name, true)
	third := c.newStream("alert/k#3", "k")
	c.wantErr("a third stream", c.store.Commit(c.ctx, third.make()), store.ErrKeyOpen)

	// A key need not be part of the name.
	c.newStream("somewhere else", "another").commit()
	c.wantErr("a second stream elsewhere", c.store.Commit(c.ctx, c.newStream("and elsewhere", "another").make()), store.ErrKeyOpen)
	c.wantLast("another", "somewhere else", true)
}

// wantLast notes when Last of key is another.
func (c *checker) wantLast(key, name string, open bool) {
	want := store.Incarnation{Stream: name, Open: open}
	if got, err := c.store.Last(c.ctx, key); err != nil || got != want {
		c.errorf("last of %q = %+v, %v; want %+v", key, got, err, want)
	}
}
