package store

import (
	"hash/maphash"

	"github.com/belfry-go/belfry/escalation"
)

// seenIDs is the event ids of all streams.
type seenIDs struct {
	ids   slab[seenID]
	index table
}

type seenID struct {
	text    span // author, then id
	seq     uint64
	stream  uint32
	author  uint32 // its length
	kind    escalation.EventKind
	verdict escalation.VerdictKind
	reason  escalation.VerdictReason
	content Hash
}

func (s *seenIDs) find(seed maphash.Seed, texts *texts, stream uint32, id SeenID) (Seen, bool) {
	i, ok := s.index.find(hashSeen(seed, stream, id), func(i uint32) bool { return s.ids.at(i).is(texts, stream, id) })
	if !ok {
		return Seen{}, false
	}
	e := s.ids.at(i)
	text := texts.at(e.text)
	return Seen{
		SeenID:  SeenID{Author: text[:e.author], Kind: e.kind, ID: text[e.author:]},
		Content: e.content, Seq: e.seq, Verdict: e.verdict, Reason: e.reason,
	}, true
}

// add keeps an id unless it is there.
func (s *seenIDs) add(seed maphash.Seed, texts *texts, stream uint32, seen *Seen) {
	h := hashSeen(seed, stream, seen.SeenID)
	if _, ok := s.index.find(h, func(i uint32) bool { return s.ids.at(i).is(texts, stream, seen.SeenID) }); ok {
		return
	}
	i := s.ids.add()
	*s.ids.at(i) = seenID{
		text: texts.keep(seen.Author, seen.ID), author: uint32(len(seen.Author)), stream: stream, kind: seen.Kind,
		content: seen.Content, seq: seen.Seq, verdict: seen.Verdict, reason: seen.Reason,
	}
	s.index.add(h, i)
}

func (e *seenID) is(texts *texts, stream uint32, id SeenID) bool {
	if e.stream != stream || e.kind != id.Kind || int(e.author) != len(id.Author) {
		return false
	}
	text := texts.at(e.text)
	return text[:e.author] == id.Author && text[e.author:] == id.ID
}

func hashSeen(seed maphash.Seed, stream uint32, id SeenID) uint32 {
	h := maphash.String(seed, id.ID) + 31*maphash.String(seed, id.Author)
	return uint32(h>>32) ^ uint32(h) ^ (stream<<8|uint32(id.Kind))*0x9e3779b1
}
