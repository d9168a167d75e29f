package policy

import (
	"crypto/sha256"
	"slices"
	"strconv"
	"strings"
)

// Canonical returns the document without its directory as canonical JSON: the
// fields of each map sorted, no blanks. [Parse] of it gives a document of the
// same digest that governs alerts alike, so that a store can keep the document
// an alert is pinned to. The caller must not change it.
func (d *Document) Canonical() []byte { return d.canonical }

// canonicalDocument writes root without its directory.
func canonicalDocument(root *Node) []byte {
	bare := *root
	bare.Fields = slices.DeleteFunc(slices.Clone(root.Fields), func(f Field) bool { return f.Name == "directory" })
	return appendCanonical(nil, &bare, depthDocument)
}

// depth says how far below the document a map stands, as far as that matters:
// the entries of a policy's `tracks` and `deadlines` keep their order, in which
// they are walked when several are due at one instant.
type canonicalDepth uint8

const (
	depthDocument canonicalDepth = iota
	depthPolicies
	depthPolicy
	depthOrdered
	depthElse
)

func appendCanonical(b []byte, n *Node, at canonicalDepth) []byte {
	switch n.Kind {
	case NodeNull:
		return append(b, "null"...)
	case NodeBool:
		return append(b, n.Text...)
	case NodeNumber:
		if num, ok := jsonNumber([]byte(n.Text)); ok && num == n.Text {
			return append(b, n.Text...)
		}
		return appendString(b, n.Text)
	case NodeString:
		return appendString(b, n.Text)
	case NodeList:
		below := depthElse
		if at == depthPolicies {
			below = depthPolicy
		}
		b = append(b, '[')
		for i, item := range n.Items {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendCanonical(b, item, below)
		}
		return append(b, ']')
	}
	fields := n.Fields
	if at != depthOrdered {
		fields = slices.SortedFunc(slices.Values(fields), func(x, y Field) int { return strings.Compare(x.Name, y.Name) })
	}
	b = append(b, '{')
	for i, f := range fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, f.Name), ':')
		below := depthElse
		switch {
		case at == depthDocument && f.Name == "policies":
			below = depthPolicies
		case at == depthPolicy && (f.Name == "tracks" || f.Name == "deadlines"):
			below = depthOrdered
		}
		b = appendCanonical(b, f.Value, below)
	}
	return append(b, '}')
}

// appendString writes s as JSON with the fewest escapes: encoding/json escapes
// more, and how much is not fixed for all time, while a digest must be.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ':
			b = append(b, `\u00`...)
			if c < 16 {
				b = append(b, '0')
			}
			b = strconv.AppendUint(b, uint64(c), 16)
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

// digestOf is the digest of one policy.
func digestOf(n *Node) Digest { return sha256.Sum256(appendCanonical(nil, n, depthPolicy)) }

// String is the digest in hexadecimal.
func (d Digest) String() string {
	const hex = "0123456789abcdef"
	var out [2 * len(d)]byte
	for i, c := range d {
		out[2*i], out[2*i+1] = hex[c>>4], hex[c&15]
	}
	return string(out[:])
}
