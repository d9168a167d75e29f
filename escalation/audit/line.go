package audit

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// FormatVersion is the version of the export's format, in its first line.
const FormatVersion = 1

// What the lines of an export are, in the order in which they come.
const (
	lineHistory  = "history"
	lineDocument = "document"
	lineEntry    = "entry"
	lineEnd      = "end"
)

// line is one line of an export. Which fields a line of a type has is fixed, and
// so is their order: a line is canonical JSON, and one that says the same in
// other bytes is broken.
type line struct {
	Type string `json:"type"`

	// history
	Version   int    `json:"version,omitempty"`
	Namespace string `json:"namespace,omitempty"`

	// document
	Digest   *Hash  `json:"digest,omitempty"`
	Document []byte `json:"document,omitempty"`

	*Entry

	// end; Total is the SHA-256 of all bytes before the line
	Counts *counts `json:"counts,omitempty"`
	Total  *Hash   `json:"total,omitempty"`
}

// counts are what an export has to be, said at its end, so that a file that was
// cut off is found out.
type counts struct {
	Documents int `json:"documents"`
	Streams   int `json:"streams"`
	Entries   int `json:"entries"`
}

// Entry is one entry of a stream's history as it is exported, and as a [Sink]
// takes it. It is complete: with the entries before it in the stream, or with
// Previous from elsewhere, it can be verified.
type Entry struct {
	// Stream is the stream's name. One that is not UTF-8 stands in StreamBytes
	// instead.
	Stream      string `json:"stream,omitempty"`
	StreamBytes []byte `json:"stream_bytes,omitempty"`
	Seq         uint64 `json:"seq"`
	// At is in microseconds since the Unix epoch, UTC.
	At int64 `json:"at"`
	// Kind is the number of the event's kind; docs/evidence.md names them.
	Kind uint8 `json:"kind"`
	// Salt is 16 random bytes. Erased: Salt and Body are gone.
	Salt     Bytes  `json:"salt,omitempty"`
	Body     []byte `json:"body,omitempty"`
	Erased   bool   `json:"erased,omitempty"`
	Sum      Hash   `json:"sum"`
	Previous Hash   `json:"previous"`
	Hash     Hash   `json:"hash"`
}

// Name is the stream's name, as its bytes.
func (e *Entry) Name() string {
	if len(e.StreamBytes) > 0 {
		return string(e.StreamBytes)
	}
	return e.Stream
}

// Hash is a SHA-256, in hexadecimal digits where it is written.
type Hash [32]byte

// String is the hash in hexadecimal digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText implements encoding.TextMarshaler.
func (h Hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (h *Hash) UnmarshalText(text []byte) error {
	if hex.DecodedLen(len(text)) != len(h) || len(text)%2 != 0 {
		return fmt.Errorf("a hash has %d hexadecimal digits, not %d", 2*len(h), len(text))
	}
	_, err := hex.Decode(h[:], text)
	return err
}

// Bytes are written in hexadecimal digits.
type Bytes []byte

// MarshalText implements encoding.TextMarshaler.
func (b Bytes) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, b), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (b *Bytes) UnmarshalText(text []byte) error {
	v, err := hex.DecodeString(string(text))
	*b = v
	return err
}

// appendLine appends l in its one form, with the newline.
func appendLine(dst []byte, l *line) ([]byte, error) {
	buf := bytes.NewBuffer(dst)
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(l); err != nil {
		return dst, fmt.Errorf("audit: %s line: %w", l.Type, err)
	}
	return buf.Bytes(), nil
}

// parseLine reads a line without its newline, and refuses what is not in its one
// form: no other bytes may say the same.
func parseLine(src []byte) (*line, error) {
	l := &line{}
	if err := json.Unmarshal(src, l); err != nil {
		return nil, fmt.Errorf("it is no line of an export: %w", err)
	}
	again, err := appendLine(nil, l)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(again[:len(again)-1], src) {
		return nil, fmt.Errorf("it is not in canonical form")
	}
	return l, nil
}
