// Package checkpoint makes signed checkpoints of a store's histories, to be kept
// where those who can write to the store cannot:
//
//	skey, vkey, err := checkpoint.GenerateKey("belfry.example.com/prod") // once; skey is a secret
//	signer, err := note.NewSigner(skey)
//	log, err := checkpoint.Open(ctx, st, "belfry.example.com/prod")
//	signed, err := log.Checkpoint(ctx, now, signer) // every minute, say: publish it
//
// A chain shows that a history was not changed, but not that it is all there:
// who can write to the store can cut it at its end, drop it, or make it anew. A
// checkpoint pins what there was.
//
// # The log of heads
//
// The leaves of the Merkle tree are heads: "this stream stood at this entry, with
// this hash". [Log.Checkpoint] appends one for each stream that has moved since
// its last, so that an entry's hash, and through the chain all before it, is
// pinned by the leaf that follows it. A stream that is new gets its first leaf; one
// that is cut off or gone contradicts the leaves that it has. The leaves are never
// changed, so that each checkpoint is a prefix of all later ones, which
// [Log.Consistency] proves to a witness that holds no history.
//
// The log is a stream of the store itself, "checkpoint/" and its origin, and so is
// part of every export. That whoever tampers with the store can reach it does not
// help: its leaves give the root that was signed, or they do not.
//
// # Formats
//
// The tree is RFC 6962's, the checkpoint C2SP's tlog-checkpoint in a signed note
// with an Ed25519 key; docs/evidence.md tells all of it. This package builds it
// with golang.org/x/mod; what verifies it, package audit and `belfry verify`, is
// written against the formats alone, with the standard library.
package checkpoint

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/belfry-go/belfry/escalation/audit"
	"github.com/belfry-go/belfry/escalation/store"
)

// GenerateKey makes an Ed25519 key to sign with, and the verifier key that goes
// with it. Both are text: name+hash+base64, the first behind "PRIVATE+KEY+". The
// name is customarily the log's origin. skey is a secret.
func GenerateKey(name string) (skey, vkey string, err error) {
	skey, vkey, err = note.GenerateKey(rand.Reader, name)
	if err != nil {
		return "", "", fmt.Errorf("checkpoint: key of %q: %w", name, err)
	}
	return skey, vkey, nil
}

// checkOrigin refuses what could not stand on a line of a checkpoint, or in the
// name of a stream.
func checkOrigin(origin string) error {
	switch {
	case origin == "" || strings.ContainsAny(origin, " +\t\r\n"):
		return fmt.Errorf("checkpoint: origin %q: a log is named as a URL without its scheme is, such as belfry.example.com/prod", origin)
	case len(audit.LogPrefix)+len(origin) > store.MaxName:
		return fmt.Errorf("checkpoint: origin: it is longer than %d bytes", store.MaxName-len(audit.LogPrefix))
	}
	return nil
}

// sign signs the checkpoint of a tree.
func sign(origin string, size int64, root tlog.Hash, signers []note.Signer) ([]byte, error) {
	if len(signers) == 0 {
		return nil, errors.New("checkpoint: nobody signs it")
	}
	signed, err := note.Sign(&note.Note{Text: fmt.Sprintf("%s\n%d\n%s\n", origin, size, root)}, signers...)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: sign: %w", err)
	}
	return signed, nil
}
