package storetest

import (
	"slices"
	"strings"

	"github.com/belfry-go/belfry/escalation/store"
)

// streamCases are about the names of streams.
func streamCases() []testCase {
	return []testCase{
		{
			"Streams",
			"the streams that a query selects come in the order of their bytes, each once",
			checkStreams,
		},
		{
			"StreamsLoop",
			"the body of a loop over streams may call the store, and break; what is committed for the first time meanwhile may " +
				"come or not",
			func(c *checker) {
				for i := range 150 {
					c.alert("key", i+1, closed)
				}
				n := 0
				var prior string
				for name, err := range c.store.Streams(c.ctx, store.StreamQuery{}) {
					c.must("streams", err)
					if name <= prior {
						c.errorf("%q comes behind %q", name, prior)
					}
					prior = name
					if n++; n%40 == 0 {
						c.load(name)
						c.newStream("new/"+name, "").commit()
					}
					if n == 140 {
						break
					}
				}
				if n != 140 {
					c.errorf("the loop went %d times, want 140", n)
				}
			},
		},
	}
}

func checkStreams(c *checker) {
	names := []string{
		"alert/a#1", "alert/a#10", "alert/a#2", "alert/b#1", "alert/%#1", "alert/_#1", "alert/A#1", "alerts", "alert", "alert/",
		"alert/\xff", "alert/\xff\xff", "alert0", "budget/a", "z", "\x00", "é",
	}
	for i, name := range names {
		s := c.newStream(name, "")
		s.commit()
		s.commit(func(k *store.Commit) { k.Open = i%3 == 0 })
	}
	open := map[string]bool{}
	for i, name := range names {
		open[name] = i%3 == 0
	}
	slices.Sort(names)
	for _, q := range []store.StreamQuery{
		{},
		{Prefix: "alert/"},
		{Prefix: "alert/a#1"},
		{Prefix: "alert/%"},
		{Prefix: "alert/_"},
		{Prefix: "alert/\xff"},
		{Prefix: "nothing"},
		{After: "alert/a#1"},
		{After: "alert/a#1\x00"},
		{After: "~"},
		{Open: true},
		{Prefix: "alert/", After: "alert/a#10"},
		{Prefix: "alert/", After: "alert/A", Open: true},
		{Prefix: "b", After: "z"},
	} {
		var want []string
		for _, name := range names {
			if strings.HasPrefix(name, q.Prefix) && name > q.After && (open[name] || !q.Open) {
				want = append(want, name)
			}
		}
		if got := c.names(q); !slices.Equal(got, want) {
			c.errorf("streams of %+v\n got %q\nwant %q", q, got, want)
		}
	}
}
