package storetest

import (
	"strings"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// documentCases are about policy documents.
func documentCases() []testCase {
	return []testCase{{
		"Documents",
		"a document is kept under its digest as it was first put: an alert that opened under it finishes under it",
		func(c *checker) {
			one, two := policy.Digest{1}, policy.Digest{2}
			put := func(d policy.Digest, text string) {
				c.must("put", c.store.PutDocument(c.ctx, d, []byte(text)))
			}
			want := func(d policy.Digest, text string) {
				if got, err := c.store.Document(c.ctx, d); err != nil || string(got) != text {
					c.errorf("document %x = %.40q, %v; want %.40q", d[:1], got, err, text)
				}
			}
			put(one, "the first")
			want(one, "the first")
			put(one, "the first")
			put(one, "another under the same digest")
			want(one, "the first")
			_, err := c.store.Document(c.ctx, two)
			c.wantErr("another digest", err, store.ErrNotFound)
			long := strings.Repeat("long ", 100_000)
			put(two, long)
			put(policy.Digest{3}, "")
			want(two, long)
			want(one, "the first")
			want(policy.Digest{3}, "")
		},
	}}
}
