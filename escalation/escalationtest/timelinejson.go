package escalationtest

import (
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/belfry-go/belfry/policy"
)

// seenJSON is a [Seen] that is no plain record, as JSON. The order of its
// fields is that of the documentation.
type seenJSON struct {
	At          string   `json:"at"`
	Time        string   `json:"time"`
	Type        SeenType `json:"type"`
	Key         string   `json:"key,omitempty"`
	Incarnation uint64   `json:"incarnation,omitempty"`
	Track       string   `json:"track,omitempty"`
	Tier        string   `json:"tier,omitempty"`
	Pass        int      `json:"pass,omitempty"`
	To          string   `json:"to,omitempty"`
	Target      string   `json:"target,omitempty"`
	Via         string   `json:"via,omitempty"`
	Kind        string   `json:"kind,omitempty"`
	Run         string   `json:"run,omitempty"`
	Name        string   `json:"name,omitempty"`
	Undo        bool     `json:"undo,omitempty"`
	Result      string   `json:"result,omitempty"`
	Subjects    int      `json:"subjects,omitempty"`
	Gate        string   `json:"gate,omitempty"`
	Decision    string   `json:"decision,omitempty"`
	Review      string   `json:"review,omitempty"`
	Status      string   `json:"status,omitempty"`
	Reason      string   `json:"reason,omitempty"`
	Bundle      int      `json:"bundle,omitempty"`
	Delivered   *bool    `json:"delivered,omitempty"` // only where it was not
}

// WriteJSON writes the timeline as one object a line. A plain record has the
// fields of its JSON beside at, time, type and key.
func (t *Timeline) WriteJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for i := range t.Seen {
		s := &t.Seen[i]
		if s.echo() {
			continue
		}
		if err := enc.Encode(s.json(t.Start)); err != nil {
			return err
		}
	}
	return nil
}

// echo reports whether a line of the record only repeats what the timeline has
// as a thing of its own.
func (s *Seen) echo() bool {
	if s.Type != SeenRecord {
		return false
	}
	switch s.Event {
	case "notify", "run", "undo", "open", "tick":
		return true
	case "report":
		return s.Verdict != ""
	}
	return false
}

func (s *Seen) json(start policy.Instant) any {
	at, when := s.At.String(), start.Add(s.At).Time().Format(time.RFC3339Nano)
	if s.Type == SeenRecord {
		return recordJSON{s, at, when}
	}
	j := seenJSON{
		At: at, Time: when, Type: s.Type, Key: s.Key,
		Track: s.Track, Tier: s.Tier, Pass: s.Pass, To: s.To, Target: s.Target, Via: s.Via, Reason: s.Reason,
		Run: s.Run, Name: s.Name, Result: s.Result, Gate: s.Gate, Decision: s.Decision, Review: s.Review, Status: s.Status,
	}
	if s.Incarnation > 1 {
		j.Incarnation = s.Incarnation
	}
	switch s.Type {
	case SeenNotify:
		j.Kind = s.Kind.String()
		if s.Bundle > 1 {
			j.Bundle = s.Bundle
		}
		if !s.Delivered {
			j.Delivered = new(bool)
		}
	case SeenRun, SeenUndo:
		j.Subjects = s.Subjects
		// An undo is a run of the same action backwards.
		j.Type, j.Undo = SeenRun, s.Type == SeenUndo
	}
	return j
}

// recordJSON is a plain record as JSON: at, time, type, key and event first, as
// everywhere in a timeline, then the other fields of its line by name.
type recordJSON struct {
	s        *Seen
	at, time string
}

// MarshalJSON implements json.Marshaler.
func (r recordJSON) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	put := func(name string, v any) error {
		text, err := json.Marshal(v)
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(strconv.AppendQuote(b, name), ':')
		b = append(b, text...)
		return err
	}
	fields := r.s.Fields()
	first := []struct {
		name  string
		value any
	}{{"at", r.at}, {"time", r.time}, {"type", r.s.Type}, {"key", r.s.Key}, {"event", r.s.Event}}
	for _, f := range first {
		if f.value == "" {
			continue
		}
		if err := put(f.name, f.value); err != nil {
			return nil, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if name == "at" || name == "key" || name == "event" {
			continue
		}
		if err := put(name, fields[name]); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}
