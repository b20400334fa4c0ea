package mirror

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/prodgate/prodgate/scan/advisories"
)

// originName is the file next to a database that records where it came from.
const originName = "origin.json"

// maxOrigin bounds that file, in bytes.
const maxOrigin = 4 << 10

// origin records where a database came from.
type origin struct {
	Repository string `json:"repository"`
	Digest     string `json:"digest"` // of the layer that held it
}

// State is the database in a folder.
type State struct {
	advisories.Metadata
	Dir  string
	Size int64 // of trivy.db, in bytes

	// Repository and Digest, of the layer that held the database, are empty where
	// prodgate did not fetch it.
	Repository string
	Digest     string
}

// ReadState reads the state of the database in dir and opens it. An error means that
// it is missing or can't be used.
func ReadState(dir string) (State, error) {
	pinned := advisories.Pinned(dir)
	db, err := advisories.Open(pinned)
	if err != nil {
		return State{}, err
	}
	state := State{Metadata: db.Metadata(), Dir: dir}
	if err := db.Close(); err != nil {
		return State{}, fmt.Errorf("close the advisory database in %s: %w", dir, err)
	}
	info, err := os.Stat(filepath.Join(pinned, advisories.FileName))
	if err != nil {
		return State{}, fmt.Errorf("read the advisory database in %s: %w", dir, err)
	}
	state.Size = info.Size()
	from, err := readOrigin(pinned)
	if err != nil {
		return State{}, err
	}
	state.Repository, state.Digest = from.Repository, from.Digest
	return state, nil
}

// readOrigin returns where the database in dir came from, if that was recorded.
func readOrigin(dir string) (origin, error) {
	path := filepath.Join(dir, originName)
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return origin{}, nil
	}
	if err != nil {
		return origin{}, fmt.Errorf("read where the advisory database came from: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxOrigin {
		return origin{}, fmt.Errorf("read where the advisory database came from: %s is not a regular file of at most %d bytes", path, maxOrigin)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return origin{}, fmt.Errorf("read where the advisory database came from: %w", err)
	}
	var from origin
	if err := json.Unmarshal(raw, &from); err != nil {
		return origin{}, fmt.Errorf("%s: %w; run prodgate db update --force", path, err)
	}
	return from, nil
}
