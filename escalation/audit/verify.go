package audit

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"strings"
)

// Trust is what a verifier knows from elsewhere than the export. Without it,
// only the chains are verified.
type Trust struct {
	// Checkpoints are signed notes, as they were published.
	Checkpoints [][]byte
	// Keys are the verifier keys of those who sign them: name+hash+base64.
	Keys []string
}

// Fault is one thing that is wrong with an export.
type Fault struct {
	Line   int    `json:"line,omitempty"`   // of the file, from 1; 0: of none
	Stream string `json:"stream,omitempty"` // "": of the file as a whole
	Seq    uint64 `json:"seq,omitempty"`    // of the entry; 0: of none
	What   string `json:"what"`
}

// Error says where it is and what.
func (f Fault) Error() string {
	var b strings.Builder
	if f.Line > 0 {
		fmt.Fprintf(&b, "line %d: ", f.Line)
	}
	if f.Stream != "" {
		fmt.Fprintf(&b, "stream %q: ", f.Stream)
	}
	if f.Seq > 0 {
		fmt.Fprintf(&b, "entry %d: ", f.Seq)
	}
	return b.String() + f.What
}

// Covered is one checkpoint that holds.
type Covered struct {
	Origin  string `json:"origin"`
	Size    uint64 `json:"size"` // leaves of the log
	Streams int    `json:"streams"`
	Entries int    `json:"entries"` // that stand behind it
}

// Verification is what Verify found.
type Verification struct {
	Namespace string    `json:"namespace"`
	Documents int       `json:"documents"`
	Streams   int       `json:"streams"`
	Entries   int       `json:"entries"`
	Erased    int       `json:"erased"`
	Covered   []Covered `json:"checkpoints,omitempty"`
	Faults    []Fault   `json:"faults,omitempty"`
}

// Whole reports whether nothing is wrong.
func (v *Verification) Whole() bool { return len(v.Faults) == 0 }

const (
	// maxFaults bounds how many faults are listed: a file that is no export has
	// one in each line.
	maxFaults = 100
	// maxLine bounds a line, in bytes.
	maxLine = 64 << 20
)

// Verify reads an export and says whether it is whole: every stream's chain from
// its beginning, and, with checkpoints to trust, that nothing behind them was cut
// off or made anew. Of each stream the first fault is reported. It holds 32 bytes
// an entry.
//
// The error is r's, or that of a key in trust that is none; what is wrong with
// the export is a Fault.
func Verify(r io.Reader, trust Trust) (*Verification, error) {
	v, _, err := verify(r, trust, nil)
	return v, err
}

// verify is Verify, and hands each entry and document to see.
func verify(r io.Reader, trust Trust, see func(*line)) (*Verification, *verifier, error) {
	v := &verifier{see: see, logs: map[string][]Leaf{}, streams: map[string][]Hash{}}
	for _, text := range trust.Keys {
		k, err := parseKey(text)
		if err != nil {
			return nil, nil, err
		}
		v.keys = append(v.keys, k)
	}
	if err := v.read(r); err != nil {
		return nil, nil, err
	}
	v.ended()
	v.checkLogs()
	for i, note := range trust.Checkpoints {
		v.checkpoint(i, note)
	}
	return &v.found, v, nil
}

// verifier is one verification at work.
type verifier struct {
	see   func(*line)
	keys  []*noteKey
	found Verification

	line   int
	counts counts
	end    *line
	name   string // the stream at hand
	at     link
	broken bool // the stream at hand has its fault

	streams map[string][]Hash // the hashes of each stream's entries
	logs    map[string][]Leaf // by origin
	gaps    map[string]bool   // logs of which leaves are erased or unreadable
}

func (v *verifier) fault(stream string, seq uint64, format string, args ...any) {
	if len(v.found.Faults) < maxFaults {
		v.found.Faults = append(v.found.Faults, Fault{v.line, stream, seq, fmt.Sprintf(format, args...)})
	}
}

// read goes through the file line by line.
func (v *verifier) read(r io.Reader) error {
	sum := sha256.New()
	br := bufio.NewReaderSize(r, 1<<16)
	var buf []byte
	for {
		var err error
		buf, err = readLine(br, buf[:0])
		switch {
		case errors.Is(err, io.EOF) && len(buf) == 0:
			return nil
		case errors.Is(err, io.EOF):
			v.line++
			v.fault("", 0, "the last line is cut off")
			return nil
		case errors.Is(err, bufio.ErrBufferFull):
			v.line++
			v.fault("", 0, "the line is longer than %d bytes", maxLine)
			return nil
		case err != nil:
			return fmt.Errorf("audit: read: %w", err)
		}
		v.line++
		l, err := parseLine(buf[:len(buf)-1])
		if err != nil {
			v.fault(v.name, 0, "%v", err)
			v.broken = true
		} else {
			v.take(l, sum)
		}
		sum.Write(buf)
	}
}

// readLine appends a line with its newline to buf.
func readLine(br *bufio.Reader, buf []byte) ([]byte, error) {
	for {
		part, err := br.ReadSlice('\n')
		buf = append(buf, part...)
		if len(buf) > maxLine {
			return buf, bufio.ErrBufferFull
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return buf, err
		}
	}
}

// take looks at one line. before is the sum of all before it.
func (v *verifier) take(l *line, before hash.Hash) {
	if !l.inForm() {
		v.fault("", 0, "it is no %s line as the format has it", l.Type)
		return
	}
	if first := l.Type == lineHistory; first != (v.line == 1) {
		v.fault("", 0, "a file begins with one history line, and has no other")
	}
	if v.end != nil {
		v.fault("", 0, "there is a line behind the end")
	}
	switch l.Type {
	case lineHistory:
		v.found.Namespace = l.Namespace
		if l.Version != FormatVersion {
			v.fault("", 0, "it is in version %d of the format; this reads %d", l.Version, FormatVersion)
		}
	case lineDocument:
		v.document(l)
	case lineEntry:
		v.entry(l.Entry)
	case lineEnd:
		v.end = l
		if *l.Total != Hash(before.Sum(nil)) {
			v.fault("", 0, "the sum of the lines before is another: some byte was changed")
		}
	}
	if v.see != nil {
		v.see(l)
	}
}

// inForm reports whether l has the fields of its type and no other.
func (l *line) inForm() bool {
	history := l.Version != 0 || l.Namespace != ""
	document := l.Digest != nil || l.Document != nil
	end := l.Counts != nil || l.Total != nil
	switch l.Type {
	case lineHistory:
		return !document && l.Entry == nil && !end
	case lineDocument:
		return !history && l.Digest != nil && l.Entry == nil && !end
	case lineEntry:
		return !history && !document && l.Entry != nil && !end && (l.Entry.Stream == "") != (len(l.Entry.StreamBytes) == 0)
	case lineEnd:
		return !history && !document && l.Entry == nil && l.Counts != nil && l.Total != nil
	}
	return false
}

func (v *verifier) document(l *line) {
	v.counts.Documents++
	v.found.Documents++
	if v.counts.Entries > 0 {
		v.fault("", 0, "a document stands behind an entry")
	}
	if sha256.Sum256(l.Document) != *l.Digest {
		v.fault("", 0, "document %s was changed: it has another digest", l.Digest)
	}
}

func (v *verifier) entry(e *Entry) {
	name := e.Name()
	if name != v.name {
		v.begin(name)
	}
	v.counts.Entries++
	v.found.Entries++
	if e.Erased {
		v.found.Erased++
	}
	if what := v.at.check(e); what != "" && !v.broken {
		v.fault(name, e.Seq, "%s", what)
		v.broken = true
	}
	v.at = link{e.Seq, e.At, e.Hash}
	v.streams[name] = append(v.streams[name], e.Hash)
	if origin, ok := strings.CutPrefix(name, LogPrefix); ok {
		v.leaves(origin, e)
	}
}

// begin begins a stream.
func (v *verifier) begin(name string) {
	v.broken = false
	if _, again := v.streams[name]; again {
		v.fault(name, 0, "its entries do not stand together")
		v.broken = true
	} else if v.name != "" && name < v.name {
		v.fault(name, 0, "it stands behind stream %q, which comes after it", v.name)
	}
	v.counts.Streams++
	v.found.Streams++
	v.name, v.at = name, link{hash: genesisOf(name)}
}

// leaves reads the leaves in an entry of a log.
func (v *verifier) leaves(origin string, e *Entry) {
	for text := range bytes.SplitSeq(e.Body, []byte("\n")) {
		l, err := ParseLeaf(string(text))
		if err != nil {
			if v.gaps == nil {
				v.gaps = map[string]bool{}
			}
			v.gaps[origin] = true
			if !v.broken {
				v.fault(e.Name(), e.Seq, "its leaves cannot be read, or were erased")
				v.broken = true
			}
			return
		}
		v.logs[origin] = append(v.logs[origin], l)
	}
}

// ended looks at what the file says it is.
func (v *verifier) ended() {
	switch {
	case v.line == 0:
		v.fault("", 0, "the file is empty")
	case v.end == nil:
		v.fault("", 0, "the file has no end line: it is cut off")
	case *v.end.Counts != v.counts:
		v.fault("", 0, "the file has %+v, and says %+v at its end: lines are missing, or were put in", v.counts, *v.end.Counts)
	}
	v.line = 0
}

// checkLogs holds the streams to what the logs say of them.
func (v *verifier) checkLogs() {
	origins := make([]string, 0, len(v.logs))
	for origin := range v.logs {
		origins = append(origins, origin)
	}
	slices.Sort(origins)
	for _, origin := range origins {
		bad := map[string]bool{} // streams that have their fault
		for _, l := range v.logs[origin] {
			what := v.against(&l)
			if what != "" && !bad[l.Stream] {
				v.fault(l.Stream, l.Seq, "%s", what)
				bad[l.Stream] = true
			}
		}
	}
}

// against says what of a stream does not agree with a leaf, or nothing.
func (v *verifier) against(l *Leaf) string {
	hashes, ok := v.streams[l.Stream]
	switch {
	case l.Namespace != v.found.Namespace:
		return fmt.Sprintf("the log has it of store %q, and this is of %q", l.Namespace, v.found.Namespace)
	case !ok:
		return "the log has it, and it is gone"
	case l.Seq == 0 || l.Seq > uint64(len(hashes)):
		return fmt.Sprintf("the log has it, and the stream ends at entry %d: it was cut off", len(hashes))
	case hashes[l.Seq-1] != l.Hash:
		return "the log has it with another hash: it, or what is before it, was made anew"
	}
	return ""
}

// checkpoint verifies one checkpoint against the log that it is of.
func (v *verifier) checkpoint(i int, note []byte) {
	fault := func(format string, args ...any) {
		v.fault("", 0, "checkpoint %d: %s", i+1, fmt.Sprintf(format, args...))
	}
	text, err := openNote(note, v.keys)
	if err != nil {
		fault("%v", err)
		return
	}
	c, err := ParseCheckpoint(text)
	if err != nil {
		fault("%v", err)
		return
	}
	log := v.logs[c.Origin]
	if c.Size > uint64(len(log)) {
		fault("it is over %d heads, and the log %q has %d: the log was cut off, or is gone", c.Size, c.Origin, len(log))
		return
	}
	hashes := make([]Hash, c.Size)
	cover := map[string]uint64{}
	for j := range hashes {
		hashes[j] = leafHash(log[j].String())
		cover[log[j].Stream] = max(cover[log[j].Stream], log[j].Seq)
	}
	if v.gaps[c.Origin] || treeHash(hashes) != c.Root {
		fault("the root over the first %d heads of the log %q is another: the log was changed", c.Size, c.Origin)
		return
	}
	done := Covered{Origin: c.Origin, Size: c.Size, Streams: len(cover)}
	for _, seq := range cover {
		done.Entries += int(seq)
	}
	v.found.Covered = append(v.found.Covered, done)
}
