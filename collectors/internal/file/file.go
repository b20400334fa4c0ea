// Package file reads the files that sources are kept in: bounded, strictly, and
// with errors that name file, line and cure. It knows nothing about what the
// files say.
package file

import "errors"

// ErrUnconfigured says that nobody named a file.
var ErrUnconfigured = errors.New("nobody said where to look")
