package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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

// evaluators keeps the last that packs compiled to, by the content of the packs. All of
// them would take gigabytes.
type evaluators struct {
	mutex sync.Mutex
	known []compiledPacks // the last used at the end
}

type compiledPacks struct {
	content   string
	evaluator *evaluator.Evaluator
}

const keptEvaluators = 8

// compiled is shared by all tests of this package.
var compiled evaluators

// get is evaluator.New. Packs that are folders are seldom compiled again.
func (e *evaluators) get(ctx context.Context, options evaluator.Options) (*evaluator.Evaluator, error) {
	content, err := contentOf(options.Packs)
	if err != nil {
		return evaluator.New(ctx, options)
	}
	e.mutex.Lock()
	defer e.mutex.Unlock()
	last := compiledPacks{content: content}
	if i := slices.IndexFunc(e.known, func(c compiledPacks) bool { return c.content == content }); i >= 0 {
		last = e.known[i]
		e.known = slices.Delete(e.known, i, i+1)
	} else if last.evaluator, err = evaluator.New(ctx, options); err != nil {
		return nil, err
	}
	e.known = append(e.known, last)
	if len(e.known) > keptEvaluators {
		e.known = slices.Delete(e.known, 0, 1)
	}
	return last.evaluator, nil
}

// contentOf names packs, which are folders, by all that they hold. Where a pack with
// rules is matters, too: its evaluator shows the places of rules.
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
		fmt.Fprint(sum, "pack\n")
		err = filepath.WalkDir(pack, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			content, err := os.ReadFile(name)
			if filepath.Ext(name) != ".rego" {
				name = strings.TrimPrefix(name, pack)
			}
			fmt.Fprintf(sum, "file %q %v %q\n", name, entry.Type(), content)
			return err
		})
		if err != nil {
			return "", err
		}
	}
	return string(sum.Sum(nil)), nil
}

// registries are all that scripts use. They are started together so that each script
// can list all of them in its packs, and equal packs have the same content.
type registries struct {
	mutex    sync.Mutex
	all      []*embeddedRegistry
	occupied int
}

var pool registries

// open starts all, once, and returns their hosts.
func (r *registries) open() (hosts []string, err error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for len(r.all) < 48 {
		started, err := startRegistry()
		if err != nil {
			return nil, err
		}
		r.all = append(r.all, started)
	}
	for _, started := range r.all {
		hosts = append(hosts, started.host)
	}
	return hosts, nil
}

// next is the host of a registry that no other script has.
func (r *registries) next() (host string, err error) {
	hosts, err := r.open()
	if err != nil {
		return "", err
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.occupied == len(hosts) {
		return "", errors.New("all registries are occupied: start more")
	}
	r.occupied++
	return hosts[r.occupied-1], nil
}

func (r *registries) close() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for _, started := range r.all {
		started.close()
	}
	r.all, r.occupied = nil, 0
}
