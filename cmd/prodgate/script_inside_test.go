package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/rogpeppe/go-internal/testscript"
)

// inside makes one command at a time work in the folder of its script: that folder
// is the whole process's.
var inside sync.Mutex

// runInside is prodgate as a command of a script in the process of the test, which
// saves starting a program and compiling the policies. Scripts that are about the
// program as such ("exec prodgate") start it.
func runInside(ts *testscript.TestScript, args []string) int {
	// Only the output of a program shows all variables of a script.
	// A value can have several lines.
	ts.Check(ts.Exec("env", "-0"))
	env := strings.Split(strings.TrimSuffix(ts.ReadFile("stdout"), "\x00"), "\x00")
	code, err := runAt(args, ts.Getenv("HOME"), stdio{
		in: strings.NewReader(""), out: ts.Stdout(), err: ts.Stderr(),
		dir: ts.MkAbs("."), env: env, clock: time.Now, compile: compiled.get,
	})
	ts.Check(err)
	return code
}

// runAt is run with std.dir as the process's working folder and with that home.
func runAt(args []string, home string, std stdio) (code int, err error) {
	inside.Lock()
	defer inside.Unlock()
	before, err := os.Getwd()
	if err != nil {
		return 0, err
	}
	if err := os.Chdir(std.dir); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.Chdir(before)) }()
	for name, value := range map[string]string{"HOME": home, "XDG_CACHE_HOME": "", "XDG_CONFIG_HOME": "", "DOCKER_CONFIG": ""} {
		was, given := os.LookupEnv(name)
		if err := os.Setenv(name, value); err != nil {
			return 0, err
		}
		defer func() {
			if _ = os.Unsetenv(name); given {
				_ = os.Setenv(name, was)
			}
		}()
	}
	return run(context.Background(), args, std), nil
}

// prodgateInside is the command "prodgate" of scripts.
func prodgateInside(ts *testscript.TestScript, neg bool, args []string) {
	if code := runInside(ts, args); (code != 0) != neg {
		ts.Fatalf("prodgate %s ended with exit code %d", strings.Join(args, " "), code)
	}
}

// evaluators keeps what packs compile to, by the content of the packs.
type evaluators struct {
	mutex sync.Mutex
	known map[string]*evaluator.Evaluator
}

// compiled is shared by all tests of this package.
var compiled = &evaluators{known: map[string]*evaluator.Evaluator{}}

// get is evaluator.New. Packs that are folders are compiled once.
func (e *evaluators) get(ctx context.Context, options evaluator.Options) (*evaluator.Evaluator, error) {
	key, err := contentOf(options.Packs)
	if err != nil {
		return evaluator.New(ctx, options)
	}
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if found := e.known[key]; found != nil {
		return found, nil
	}
	compiled, err := evaluator.New(ctx, options)
	if err == nil {
		e.known[key] = compiled
	}
	return compiled, err
}

// contentOf names packs, which are folders, by all that they hold.
func contentOf(packs []string) (string, error) {
	sum := sha256.New()
	for _, pack := range packs {
		info, err := os.Stat(pack)
		if err != nil {
			return "", err
		}
		if !info.IsDir() {
			return "", fmt.Errorf("%s is not a folder", pack)
		}
		fmt.Fprintf(sum, "pack %q\n", pack)
		err = filepath.WalkDir(pack, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			content, err := os.ReadFile(name)
			fmt.Fprintf(sum, "file %q %v %q\n", name, entry.Type(), content)
			return err
		})
		if err != nil {
			return "", err
		}
	}
	return string(sum.Sum(nil)), nil
}
