package engine

import (
	"context"
	"sync"

	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// poisonFor is how long a stream that cannot be stepped is left alone.
const poisonFor = looking

// aside are the streams that cannot be stepped, and until when each is left
// alone: their document is gone, or their state cannot be read. They must not
// hold up the others.
type aside struct {
	mu      sync.Mutex
	streams map[string]policy.Instant
}

// set notes a stream, and reports whether it was known.
func (s *aside) set(stream string, until policy.Instant) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.streams == nil {
		s.streams = map[string]policy.Instant{}
	}
	_, known := s.streams[stream]
	s.streams[stream] = until
	return known
}

// until is when a stream is tried again; long ago for one that can be stepped.
func (s *aside) until(stream string) policy.Instant {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.streams[stream]
}

func (s *aside) free(stream string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.streams, stream)
}

func (s *aside) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.streams)
}

// poison sets a stream that cannot be stepped aside, and tells the last resort
// once: an alert that is stuck must not be a silent one.
func (e *Engine) poison(ctx context.Context, stream, key string, now policy.Instant, err error) {
	known := e.stuck.set(stream, now.Add(poisonFor))
	e.dueBy(now.Add(poisonFor))
	e.log.Error("stream cannot be stepped", "stream", stream, "err", notify.Redact(err))
	if !known {
		e.alarm(ctx, key, now, "cannot go on with "+stream+": "+notify.Redact(err))
	}
}

// setAside puts an item back whose stream cannot be stepped: nobody can say
// whether it is still wanted, and those behind it must not wait.
func (e *Engine) setAside(ctx context.Context, o *outgoing, now policy.Instant, err error) error {
	e.poison(ctx, o.item.Stream, o.item.Stream, now, err)
	e.untried(o)
	return e.putBack(ctx, &o.item, now.Add(poisonFor), o.item.Attempt, o.item.First)
}
