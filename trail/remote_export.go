package trail

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"github.com/prodgate/prodgate/internal/web"
)

// export downloads the files of an export that a folder does not have yet, and verifies
// the whole folder. Where it is not what the checkpoint signs, the older export stays.
func (r *remote) export(ctx context.Context, dir string) (Exported, error) {
	done, err := r.download(ctx, dir)
	if err != nil {
		return done, fmt.Errorf("export trail %s to %q: %w", r.place.name, dir, err)
	}
	file := filepath.Join(dir, checkpointFile)
	older, missing := os.ReadFile(file)
	if err := writeTile(dir, checkpointFile, []byte(done.Checkpoint)); err != nil {
		return done, err
	}
	found, err := Verify(ctx, dir, VerifyOptions{Key: r.public})
	if err == nil && found.Verdict == Intact {
		return done, nil
	}
	if err == nil {
		err = fmt.Errorf("what the server sent is not what its checkpoint signs: %s: %s", found.Problems[0].Where, found.Problems[0].What)
	}
	if missing != nil {
		return done, errors.Join(err, os.Remove(file))
	}
	return done, errors.Join(err, writeTile(dir, checkpointFile, older))
}

// download writes the tiles of an export, without its checkpoint.
func (r *remote) download(ctx context.Context, dir string) (done Exported, err error) {
	before, err := r.exportedBefore(dir)
	if err != nil {
		return done, err
	}
	var h Head
	c, err := r.askFrom(ctx, web.Call{Path: "/v1/checkpoint", Query: url.Values{}}, &h, &h, before)
	if err != nil {
		return done, err
	}
	done = Exported{Size: c.size, Before: before.size, Checkpoint: h.Checkpoint}
	var names []string
	for n := before.size / tileWidth; n*tileWidth < c.size; n++ {
		names = append(names, bundlePath(n, int(min(c.size-n*tileWidth, tileWidth))))
	}
	for _, t := range tilesBetween(before.size, c.size) {
		names = append(names, tilePath(t.level, t.n, t.width))
	}
	for _, name := range names {
		server, err := r.connect(ctx, false)
		if err != nil {
			return done, err
		}
		answer, err := server.Do(ctx, web.Call{Path: "/" + name})
		if err != nil {
			return done, r.explain(err)
		}
		if err := writeTile(dir, name, answer.Body); err != nil {
			return done, err
		}
	}
	return done, nil
}

// exportedBefore is the checkpoint of an export that the folder holds already.
func (r *remote) exportedBefore(dir string) (checkpoint, error) {
	b, err := os.ReadFile(filepath.Join(dir, checkpointFile))
	if errors.Is(err, fs.ErrNotExist) {
		return checkpoint{}, emptyFolder(dir)
	}
	if err != nil {
		return checkpoint{}, err
	}
	c, err := openCheckpoint(string(b), r.verifier)
	if err != nil {
		return c, fmt.Errorf("the folder holds an export of another log: %w: name another folder", err)
	}
	return c, nil
}

// remoteLog verifies the log of a server: it reads all that an export has into a folder
// of its own, and removes that in the end.
func (v *verification) remoteLog(at place, options VerifyOptions) (*Report, error) {
	r, err := newRemote(at, Options{Key: options.Key, Token: options.Token})
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "prodgate-verify-")
	if err != nil {
		return nil, fmt.Errorf("verify the trail: %w", err)
	}
	defer os.RemoveAll(dir)
	v.guard("log", func() error {
		done, err := r.download(v.ctx, dir)
		if errors.Is(err, errStale) {
			v.problem("log", "%v", err)
			return nil
		}
		if err == nil {
			err = writeTile(dir, checkpointFile, []byte(done.Checkpoint))
		}
		if err != nil {
			return err
		}
		return v.export(dir)
	})
	return v.finish(), nil
}
