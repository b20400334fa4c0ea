package main

import (
	"context"
	"fmt"
	"io"
	"os"
)

// readNamed returns at most max bytes of the file that a flag names, and its name in
// errors; - is standard input. A reader that never ends is stopped by the run's
// timeout.
func readNamed(ctx context.Context, std stdio, file string, max int64) (name string, content []byte, err error) {
	name = "standard input"
	if file != "-" {
		name = file
	}
	type answer struct {
		content []byte
		err     error
	}
	read := make(chan answer, 1)
	go func() {
		content, err := openAndRead(std, file, max)
		read <- answer{content, err}
	}()
	select {
	case a := <-read:
		if a.err != nil {
			return name, nil, fmt.Errorf("read %s: %w", name, a.err)
		}
		return name, a.content, nil
	case <-ctx.Done():
		return name, nil, fmt.Errorf("read %s: %w", name, ctx.Err())
	}
}

// openAndRead may never return: a pipe opens only when a writer opens it.
func openAndRead(std stdio, name string, max int64) ([]byte, error) {
	if name == "-" {
		return readUpTo(std.in, max)
	}
	file, err := os.Open(std.path(name))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readUpTo(file, max)
}

// readUpTo reads at most max bytes. A reader that panics is an error.
func readUpTo(from io.Reader, max int64) (content []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the reader panicked: %v", r)
		}
	}()
	return io.ReadAll(io.LimitReader(from, max))
}
