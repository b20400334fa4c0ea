package registry

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"github.com/prodgate/prodgate/internal/retry"
)

const (
	// maxStores is how often an attestation is uploaded.
	maxStores = 5

	// maxRounds is how often the list of referrers is read until it is complete.
	maxRounds = 32

	// minCalm is how long the index under the fallback tag is left alone at least
	// before it is read again: what another client read before our write and writes
	// after it then shows.
	minCalm = 300 * time.Millisecond

	// calmFactor is how many times as long as our own reading and writing that is: another
	// client is about as far from the registry as we are.
	calmFactor = 4
)

// store uploads u. A registry that has the referrers API says so with the header
// OCI-Subject. docker-registry may miss a blob for a moment while another client
// uploads the same one, as all do the configuration, so that is tried again.
func (p remotePlace) store(ctx context.Context, u upload) (tracked bool, err error) {
	w, err := p.writer(ctx)
	if err != nil {
		return false, err
	}
	for try := range maxStores {
		if tracked, err = w.store(ctx, u); !lacksContent(err) {
			return tracked, err
		}
		if stopped := retry.Sleep(ctx, jitter(100*time.Millisecond<<try)); stopped != nil {
			break
		}
	}
	return false, err
}

// store uploads the blobs of u that the registry does not have, and the manifest.
func (w writer) store(ctx context.Context, u upload) (tracked bool, err error) {
	for _, digest := range slices.Sorted(maps.Keys(u.blobs)) {
		if w.place.has(ctx, digest, int64(len(u.blobs[digest]))) == nil {
			continue
		}
		if err := w.blob(ctx, digest, u.blobs[digest]); err != nil {
			return false, err
		}
	}
	header, err := w.manifest(ctx, u.digest, u.manifest)
	if err != nil {
		return false, err
	}
	return header.Get("OCI-Subject") == u.subject, nil
}

// list waits until the referrers API lists u. Where the registry does not have it, or
// may not, it uses the fallback tag.
func (p remotePlace) list(ctx context.Context, u upload, tracked bool) error {
	for round := range maxRounds {
		found, err := p.listed(ctx, u.subject)
		switch {
		case slices.ContainsFunc(found, func(entry referred) bool { return entry.Digest == u.digest }):
			return nil
		case !tracked:
			return p.addToTag(ctx, u)
		case err != nil:
			return fmt.Errorf("the referrers API: %w", err)
		}
		if err := retry.Sleep(ctx, jitter(100*time.Millisecond<<min(round, 4))); err != nil {
			return err
		}
	}
	return fmt.Errorf("the referrers API was read %d times", maxRounds)
}

// jitter is a time between d and 2d, so that clients which collided do not collide
// again.
func jitter(d time.Duration) time.Duration { return d + rand.N(d) } //nolint:gosec // a delay, not a secret

// addToTag adds u to the index under the fallback tag. The registry cannot do that in
// one step: two clients that read the same index overwrite each other. So the index is
// read again a while after each write, and written again with what it lacks, until a
// read finds everything in it that was ever seen.
func (p remotePlace) addToTag(ctx context.Context, u upload) error {
	w, err := p.writer(ctx)
	if err != nil {
		return err
	}
	t := tagList{place: p, writer: w, tag: fallbackTag(u.subject), seen: []listEntry{u.entry}}
	for round := range maxRounds {
		begun := time.Now()
		complete, err := t.complete(ctx)
		if err != nil {
			return fmt.Errorf("the tag %s: %w", t.tag, err)
		}
		if complete && round > 0 {
			return nil
		}
		calm := max(minCalm, calmFactor*time.Since(begun))
		if err := retry.Sleep(ctx, jitter(calm)); err != nil {
			return fmt.Errorf("the tag %s is not confirmed: %w", t.tag, err)
		}
	}
	return fmt.Errorf("others write the tag %s at the same time; it was read %d times", t.tag, maxRounds)
}

// tagList is the index under a fallback tag, which others write, too.
type tagList struct {
	place  remotePlace
	writer writer
	tag    string

	seen   []listEntry     // the new entry and every one that was read
	gone   map[string]bool // the digests of those whose manifests were deleted
	failed int             // writes in a row that may succeed when they are repeated
}

// complete reads the index. If that lacks entries, it writes the index with them, and
// returns false.
func (t *tagList) complete(ctx context.Context) (bool, error) {
	list, err := t.read(ctx)
	if err != nil {
		return false, err
	}
	lacking := list.lacking(t.seen)
	for _, entry := range list.entries {
		if !slices.ContainsFunc(t.seen, func(e listEntry) bool { return e.digest == entry.digest }) {
			t.seen = append(t.seen, entry)
		}
	}
	list.entries = slices.DeleteFunc(append(list.entries, lacking...), func(e listEntry) bool { return t.gone[e.digest] })
	lacking = slices.DeleteFunc(lacking, func(e listEntry) bool { return t.gone[e.digest] })
	if len(lacking) == 0 {
		return true, nil
	}
	return false, t.write(ctx, list)
}

// read reads the index as it is.
func (t *tagList) read(ctx context.Context) (referrerList, error) {
	ctx, cancel := Brief(ctx)
	defer cancel()
	raw, _, err := t.place.manifest(ctx, t.tag)
	if errors.Is(err, ErrAbsent) {
		return emptyList(), nil
	}
	if err != nil {
		return referrerList{}, err
	}
	list, err := parseList(raw)
	if err != nil {
		return list, fmt.Errorf("what is there was not overwritten: %w", err)
	}
	return list, nil
}

// write writes list. A write that fails for now is an error only if that goes on;
// it is never repeated without reading the index again.
func (t *tagList) write(ctx context.Context, list referrerList) error {
	raw, err := list.encode()
	if err != nil {
		return err
	}
	response, err := t.writer.send(ctx, http.MethodPut, t.writer.address("manifests", t.tag), list.mediaType(), raw) //nolint:bodyclose // send has closed it
	if err == nil {
		t.failed = 0
		return nil
	}
	t.failed++
	if lacksContent(err) {
		found, lookErr := t.lookForGone(ctx, list)
		if lookErr == nil && (found || t.failed < maxStores) {
			return nil
		}
		err = errors.Join(err, lookErr)
	} else if again(ctx, t.failed, response, err) {
		return nil
	}
	return t.writer.explain(err)
}

// lookForGone looks for entries whose manifests were deleted from the repository:
// registries do not accept an index with such entries. It reports whether there are any.
func (t *tagList) lookForGone(ctx context.Context, list referrerList) (found bool, err error) {
	for _, entry := range list.entries {
		if !digestShape.MatchString(entry.digest) {
			continue
		}
		_, _, err := t.place.manifest(ctx, entry.digest)
		if err != nil && !errors.Is(err, ErrAbsent) {
			return false, err
		}
		if err == nil {
			continue
		}
		if entry.digest == t.seen[0].digest {
			return false, errors.New("the new attestation was deleted meanwhile")
		}
		if t.gone == nil {
			t.gone = map[string]bool{}
		}
		found, t.gone[entry.digest] = true, true
	}
	return found, nil
}
