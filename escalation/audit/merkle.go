package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// LogPrefix begins the names of the streams that hold logs of heads; the rest of
// such a name is the log's origin.
const LogPrefix = "checkpoint/"

// Leaf is one leaf of a log of heads: a stream stood at an entry.
type Leaf struct {
	Namespace string // of the store
	Seq       uint64
	Hash      Hash
	Stream    string
}

// String is the leaf as it is hashed and as a log's entries hold it, one a line:
//
//	namespace SP seq SP hash SP stream
//
// In names, every byte that is not in '!' to '~', and '%', is written as % and two
// upper-case hexadecimal digits.
func (l *Leaf) String() string {
	return escapeName(l.Namespace) + " " + strconv.FormatUint(l.Seq, 10) + " " + l.Hash.String() + " " + escapeName(l.Stream)
}

// ParseLeaf is the inverse of String. It accepts nothing that String would write
// otherwise.
func ParseLeaf(s string) (Leaf, error) {
	f := strings.Split(s, " ")
	if len(f) != 4 {
		return Leaf{}, fmt.Errorf("audit: leaf %q has not four fields", s)
	}
	var l Leaf
	var err error
	if l.Seq, err = strconv.ParseUint(f[1], 10, 64); err != nil {
		return Leaf{}, fmt.Errorf("audit: leaf %q: its number is none", s)
	}
	if h, err := hex.DecodeString(f[2]); err != nil || len(h) != len(l.Hash) {
		return Leaf{}, fmt.Errorf("audit: leaf %q: its hash is none", s)
	} else {
		l.Hash = Hash(h)
	}
	l.Namespace, l.Stream = unescapeName(f[0]), unescapeName(f[3])
	if l.String() != s {
		return Leaf{}, fmt.Errorf("audit: leaf %q is not in its one form", s)
	}
	return l, nil
}

func escapeName(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c > ' ' && c <= '~' && c != '%' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

func unescapeName(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if v, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(v))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// leafHash is the hash of a leaf, after RFC 6962, section 2.1.
func leafHash(text string) Hash { return sha256.Sum256(append([]byte{0x00}, text...)) }

// treeHash is the root of a Merkle tree over leaves, after RFC 6962, section 2.1:
// the left half is the largest power of two that is smaller than the whole.
func treeHash(leaves []Hash) Hash {
	switch n := len(leaves); n {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return leaves[0]
	default:
		k := 1
		for 2*k < n {
			k *= 2
		}
		left, right := treeHash(leaves[:k]), treeHash(leaves[k:])
		b := append([]byte{0x01}, left[:]...)
		return sha256.Sum256(append(b, right[:]...))
	}
}
