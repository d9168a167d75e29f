package store

import "github.com/belfry-go/belfry/policy"

// Snapshot is where a stream stands. State belongs to the holder of the
// snapshot, who may write to it; the next Load or Due into the snapshot writes
// over it. Subject is shared and read-only.
type Snapshot struct {
	Stream   string
	Key      string // of its first commit; "" none
	Position        // of the last entry
	Open     bool
	Rank     uint8
	Due      policy.Instant // Never: nothing is due
	Document policy.Digest  // pinned; zero: none
	State    []byte
	// Subject is what the stream is about, and changes rarely: an alert's
	// encoding. SubjectSeq is the number of the entry that set it last, so that
	// a holder of what Subject decodes to need not decode it again; 0: never.
	Subject    []byte
	SubjectSeq uint64
}

// Incarnation is one stream of a key.
type Incarnation struct {
	Stream string
	Open   bool
}

// Change is a stream that has moved, at least to entry Seq.
type Change struct {
	Stream string
	Seq    uint64
}

// StreamQuery selects streams; the zero query selects all.
type StreamQuery struct {
	Prefix string // of the name
	After  string // only names behind this one
	Open   bool   // only open ones
}

// MaxRank is the highest rank. What is due is handed out by rank, 0 first, so
// that what is grave does not wait behind a backlog of what is not.
const MaxRank = 7

// Ask is a request for what is due.
type Ask struct {
	// By is the instant of asking: what is due at it, or was before, is meant,
	// and what others took until then is free again.
	By policy.Instant
	// Limit is the most that is handed out; less than 1: nothing.
	Limit int
	// Owner names the asking engine. "": Due takes nothing. Claim leases
	// whatever the owner.
	Owner string
	// Until is the end of the lease; after By.
	Until policy.Instant
}
