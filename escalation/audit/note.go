package audit

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Checkpoint is what a checkpoint says, after the C2SP specifications
// tlog-checkpoint and signed-note.
type Checkpoint struct {
	Origin string // names the log
	Size   uint64 // leaves
	Root   Hash   // of the tree over them
	// Extensions are further lines, which mean nothing here.
	Extensions []string
}

// maxNote bounds what is read as a checkpoint.
const maxNote = 1 << 20

// noteKey is the public key of one who signs checkpoints.
type noteKey struct {
	name string
	id   uint32
	key  ed25519.PublicKey
}

// parseKey reads a key as the signed-note format writes it:
//
//	name+hash+base64(0x01 ‖ public key)
//
// with 0x01 for Ed25519, and for the hash the first four bytes of
// SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key).
func parseKey(s string) (*noteKey, error) {
	name, rest, _ := strings.Cut(strings.TrimSpace(s), "+")
	hash, text, ok := strings.Cut(rest, "+")
	fault := func(what string) (*noteKey, error) {
		return nil, fmt.Errorf("audit: key of %q: %s; a verifier key is name+hash+base64, as `checkpoint.GenerateKey` prints", name, what)
	}
	if !ok || name == "" || strings.ContainsAny(name, " \t\n") {
		return fault("it has not three parts")
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(raw) != 1+ed25519.PublicKeySize || raw[0] != 1 {
		return fault("it is no Ed25519 key")
	}
	id, err := strconv.ParseUint(hash, 16, 32)
	sum := sha256.Sum256(append(append([]byte(name), '\n'), raw...))
	if err != nil || len(hash) != 8 || uint32(id) != binary.BigEndian.Uint32(sum[:]) {
		return fault("its hash is not the key's")
	}
	return &noteKey{name, uint32(id), raw[1:]}, nil
}

// openNote returns the text of a signed note, if one of the keys has signed it.
// Signatures by others mean nothing, as the format wants it; one by a known key
// that is false makes the note worthless.
func openNote(note []byte, keys []*noteKey) (string, error) {
	if len(note) > maxNote || !utf8.Valid(note) {
		return "", errors.New("it is too large, or no text")
	}
	const sep = "\n\n"
	i := bytes.LastIndex(note, []byte(sep))
	if i < 0 || note[len(note)-1] != '\n' {
		return "", errors.New("it is no signed note: text, an empty line, signatures")
	}
	text := string(note[:i+1])
	signed := false
	for _, l := range strings.Split(strings.TrimSuffix(string(note[i+len(sep):]), "\n"), "\n") {
		name, b64, ok := strings.Cut(strings.TrimPrefix(l, "— "), " ")
		sig, err := base64.StdEncoding.DecodeString(b64)
		if !strings.HasPrefix(l, "— ") || !ok || err != nil || len(sig) < 5 {
			return "", fmt.Errorf("its line %q is no signature", l)
		}
		for _, k := range keys {
			if k.name != name || k.id != binary.BigEndian.Uint32(sig) {
				continue
			}
			if !ed25519.Verify(k.key, []byte(text), sig[4:]) {
				return "", fmt.Errorf("the signature by %s is false: the text was changed", name)
			}
			signed = true
		}
	}
	if !signed {
		return "", errors.New("none of the keys given has signed it")
	}
	return text, nil
}

// ParseCheckpoint reads the text of a checkpoint, without its signatures.
func ParseCheckpoint(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 4 || lines[len(lines)-1] != "" || lines[0] == "" {
		return Checkpoint{}, errors.New("audit: it is no checkpoint: origin, size and root stand on a line each")
	}
	c := Checkpoint{Origin: lines[0], Extensions: lines[3 : len(lines)-1]}
	var err error
	if c.Size, err = strconv.ParseUint(lines[1], 10, 63); err != nil || strconv.FormatUint(c.Size, 10) != lines[1] {
		return Checkpoint{}, fmt.Errorf("audit: its size %q is no number", lines[1])
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != len(c.Root) || base64.StdEncoding.EncodeToString(root) != lines[2] {
		return Checkpoint{}, errors.New("audit: its root is no hash")
	}
	c.Root = Hash(root)
	return c, nil
}
