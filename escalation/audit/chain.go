package audit

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// The chain, written from docs/evidence.md. What is hashed begins with a byte
// that says what it is.
const (
	prefixSum     = 0x00
	prefixLink    = 0x01
	prefixGenesis = 0x02
)

// saltSize is how long a salt is.
const saltSize = 16

// genesisOf is what the first entry of a stream has for a predecessor.
func genesisOf(stream string) Hash {
	return sha256.Sum256(append([]byte{prefixGenesis}, stream...))
}

// sumOf is the sum of a salt and a body: what is left when they are erased.
func sumOf(salt, body []byte) Hash {
	h := sha256.New()
	h.Write([]byte{prefixSum})
	h.Write(salt)
	h.Write(body)
	return Hash(h.Sum(nil))
}

// hashOf is what e's hash has to be.
func hashOf(e *Entry) Hash {
	b := append([]byte{prefixLink}, e.Previous[:]...)
	b = binary.BigEndian.AppendUint64(b, e.Seq)
	b = binary.BigEndian.AppendUint64(b, uint64(e.At))
	b = append(b, e.Kind)
	return sha256.Sum256(append(b, e.Sum[:]...))
}

// link is where a stream stands, as far as it was read.
type link struct {
	seq  uint64
	at   int64
	hash Hash
}

// check says what is wrong with e as the entry behind l, or nothing.
func (l *link) check(e *Entry) string {
	switch {
	case e.Seq != l.seq+1:
		return fmt.Sprintf("entry %d follows entry %d: what is between them is missing, or it was moved", e.Seq, l.seq)
	case l.seq > 0 && e.At < l.at:
		return "its instant is before its predecessor's"
	case e.Previous != l.hash:
		return "it does not follow from the entry before it"
	case e.Erased && (len(e.Body) > 0 || len(e.Salt) > 0):
		return "it is marked erased and has a body or a salt"
	case !e.Erased && len(e.Salt) != saltSize:
		return fmt.Sprintf("its salt has %d bytes, not %d", len(e.Salt), saltSize)
	case !e.Erased && e.Sum != sumOf(e.Salt, e.Body):
		return "its body or its salt was changed: they do not have its sum"
	case e.Hash != hashOf(e):
		return "its hash is not that of its content"
	}
	return ""
}
