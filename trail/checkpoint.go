package trail

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// checkpoint is what a log signs after every commit, a C2SP tlog-checkpoint:
// origin, size and root, and, as an extension line, which checkpoint came
// before. So the last one vouches for all, and a deleted one leaves a gap.
type checkpoint struct {
	origin   string
	size     int64
	root     tlog.Hash
	previous *link      // nil: the first, of size 0
	chains   *tlog.Hash // root of the chains of its entries; nil: of a log that has none yet
}

// link names a checkpoint by its size and the SHA-256 of its signed note.
type link struct {
	size int64
	hash [sha256.Size]byte
}

// Words of the extension lines.
const (
	linkWord   = "prodgate-previous"
	chainsWord = "prodgate-chains"
)

func linkTo(size int64, note string) *link {
	return &link{size: size, hash: sha256.Sum256([]byte(note))}
}

func (c checkpoint) text() string {
	s := fmt.Sprintf("%s\n%d\n%s\n", c.origin, c.size, c.root)
	if c.previous != nil {
		s += fmt.Sprintf("%s %d %s\n", linkWord, c.previous.size, base64.StdEncoding.EncodeToString(c.previous.hash[:]))
	}
	if c.chains != nil {
		s += chainsWord + " " + c.chains.String() + "\n"
	}
	return s
}

// sign returns the signed note.
func (c checkpoint) sign(signer note.Signer) (string, error) {
	b, err := note.Sign(&note.Note{Text: c.text()}, signer)
	if err != nil {
		return "", fmt.Errorf("sign the checkpoint: %w", err)
	}
	return string(b), nil
}

// openCheckpoint reads a signed note, and checks its signature and that its
// origin is the verifier's name. Extension lines of others are passed over.
func openCheckpoint(signed string, verifier note.Verifier) (checkpoint, error) {
	n, err := note.Open([]byte(signed), note.VerifierList(verifier))
	if err != nil {
		return checkpoint{}, fmt.Errorf("check the signature of the checkpoint: %w", err)
	}
	for _, s := range slices.Concat(n.Sigs, n.UnverifiedSigs) {
		if _, err := base64.StdEncoding.Strict().DecodeString(s.Base64); err != nil {
			return checkpoint{}, fmt.Errorf("check the signature of the checkpoint: it is not written as it was signed: %w", err)
		}
	}
	c, err := parseCheckpoint(n.Text)
	if err == nil && c.origin != verifier.Name() {
		err = fmt.Errorf("the checkpoint is of log %q, the key of %q", c.origin, verifier.Name())
	}
	return c, err
}

// openOwn reads a signed note as a log keeps it, with its own signature and
// nothing else: witnesses may add theirs to a copy.
func openOwn(signed string, verifier note.Verifier) (checkpoint, error) {
	c, err := openCheckpoint(signed, verifier)
	if _, signatures, _ := strings.Cut(signed, "\n\n"); err == nil && strings.Count(signatures, "\n") != 1 {
		err = errors.New("check the signature of the checkpoint: there is more than the log's own")
	}
	return c, err
}

// unsigned is the text of a signed note, without a look at its signatures.
func unsigned(signed string) string {
	text, _, _ := strings.Cut(signed, "\n\n")
	return text + "\n"
}

// parseCheckpoint reads the text of a checkpoint, without its signatures.
func parseCheckpoint(text string) (checkpoint, error) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) < 3 || lines[0] == "" {
		return checkpoint{}, errors.New("no checkpoint: origin, size and root are missing")
	}
	size, err := parseSize(lines[1])
	if err != nil {
		return checkpoint{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return checkpoint{}, fmt.Errorf("no checkpoint: root %q is not a hash", lines[2])
	}
	c := checkpoint{origin: lines[0], size: size, root: root}
	for _, line := range lines[3:] {
		switch word, rest, _ := strings.Cut(line, " "); word {
		case linkWord:
			if c.previous, err = parseLink(rest); err != nil {
				return checkpoint{}, err
			}
		case chainsWord:
			h, err := tlog.ParseHash(rest)
			if err != nil {
				return checkpoint{}, fmt.Errorf("no checkpoint: %q is not the root of chains", rest)
			}
			c.chains = &h
		}
	}
	return c, nil
}

func parseLink(text string) (*link, error) {
	number, hash, _ := strings.Cut(text, " ")
	size, err := parseSize(number)
	if err != nil {
		return nil, err
	}
	b, err := base64.StdEncoding.DecodeString(hash)
	if err != nil || len(b) != sha256.Size {
		return nil, fmt.Errorf("no checkpoint: %q is not the hash of another", hash)
	}
	return &link{size: size, hash: [sha256.Size]byte(b)}, nil
}

// parseSize reads a size as C2SP writes it: decimal, no leading zero.
func parseSize(text string) (int64, error) {
	size, err := strconv.ParseInt(text, 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != text {
		return 0, fmt.Errorf("no checkpoint: size %q is not a number", text)
	}
	return size, nil
}
