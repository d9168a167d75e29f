package engine

import (
	"sync"

	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// sent remembers when messages went to each recipient by each channel, as far
// as a bundle or a limit still looks back on them.
type sent struct {
	mu sync.Mutex
	at map[address][]policy.Instant
}

// holds reports whether a channel may hold messages back.
func (s *sent) holds(ch notify.Channel) bool { return ch.Bundle > 0 || len(ch.Limits) > 0 }

func (s *sent) of(to address) []policy.Instant {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at[to]
}

// add notes a message; what of the past no longer matters is forgotten. The
// slice that of returned is not written.
func (s *sent) add(ch notify.Channel, to address, at policy.Instant) {
	if !s.holds(ch) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at == nil {
		s.at = map[address][]policy.Instant{}
	}
	before := s.at[to]
	list := make([]policy.Instant, 0, len(before)+1)
	s.at[to] = ch.Recent(append(append(list, before...), at), at)
}
