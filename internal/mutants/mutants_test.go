package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// speed is a rule with a boundary, and a rule of another package that uses it.
const (
	speed = `package house.speed

default pass := false

pass if {
	input.kind == "car"
	not _banned
	input.speed <= limit
}

_banned if input.plate in {"X"}

limit := 50
`
	road = `package house.road

import data.house.speed

open if speed.pass
`
	weak = `package house.speed_test

import data.house.speed

test_pass if speed.pass with input as {"kind": "car", "speed": 40, "plate": "A"}

test_fail_too_fast if not speed.pass with input as {"kind": "car", "speed": 60, "plate": "A"}

test_fail_banned if not speed.pass with input as {"kind": "car", "speed": 40, "plate": "X"}

test_fail_tank if {
	speed.pass == false with input as {"kind": "tank", "speed": 40, "plate": "A"}
}
`
	boundary = `
test_pass_at_the_limit if speed.pass with input as {"kind": "car", "speed": 50, "plate": "A"}
`
	roadTest = `package house.road_test

import data.house.road

test_open if road.open with input as {"kind": "car", "speed": 50, "plate": "A"}

test_closed if not road.open with input as {"kind": "car", "speed": 51, "plate": "A"}
`
	atTheLimit = "speed.rego: pass: < in place of <= in input.speed <= limit"
)

// try runs the program on these files and returns its output and its error.
func try(t *testing.T, list string, files map[string]string, change func(*options)) (string, error) {
	t.Helper()
	folder := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o := options{
		policies:   folder,
		equivalent: filepath.Join(t.TempDir(), "mutants.txt"),
		seed:       1,
		only:       regexp.MustCompile(""),
		time:       time.Hour,
		workers:    2,
		progress:   io.Discard,
	}
	if err := os.WriteFile(o.equivalent, []byte(list), 0o600); err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(&o)
	}
	var out bytes.Buffer
	err := run(context.Background(), &out, o)
	return out.String(), err
}

func TestWeakTestIsFound(t *testing.T) {
	out, err := try(t, "", map[string]string{"speed.rego": speed, "speed_test.rego": weak}, nil)
	if !errors.Is(err, errFound) {
		t.Errorf("error %v, want %v", err, errFound)
	}
	lines := strings.Split(out, "\n")
	want := []string{"survived: " + atTheLimit}
	if diff := cmp.Diff(want, lines[:1]); diff != "" || strings.Count(out, "survived: ") != 1 {
		t.Errorf("the missing boundary is not the one survivor: %s\n%s", diff, out)
	}
	if want := "8 mutants, 7 killed, 1 survived (0 listed as equivalent); 0 do not compile; killed 87.5 % of those not equivalent\n"; !strings.HasSuffix(out, "\n"+want) {
		t.Errorf("the output does not end in %q:\n%s", want, out)
	}
}

func TestGoodTestsKillAll(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"tests of the package itself":     {"speed.rego": speed, "speed_test.rego": weak + boundary},
		"tests of a package that uses it": {"speed.rego": speed, "speed_test.rego": weak, "road.rego": road, "road_test.rego": roadTest},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := try(t, "", files, nil)
			if err != nil || strings.Contains(out, "survived:") {
				t.Errorf("error %v\n%s", err, out)
			}
		})
	}
}

func TestList(t *testing.T) {
	files := map[string]string{"speed.rego": speed, "speed_test.rego": weak}
	tests := map[string]struct {
		list string
		want string // the first line of output or the error; "" for success
	}{
		"a survivor with its reason":   {"# reviewed\n\n" + atTheLimit + " # nobody drives at the limit\n", ""},
		"a mutant that is killed":      {atTheLimit + " # so\nspeed.rego: pass: drop not _banned # so\n", "listed as equivalent, but a test fails: speed.rego: pass: drop not _banned"},
		"a mutant that does not exist": {atTheLimit + " # so\nspeed.rego: pass: drop not _gone # so\n", "listed as equivalent, but no such mutant exists: speed.rego: pass: drop not _gone"},
		"no reason":                    {atTheLimit + "\n", "mutants.txt:1: missing reason"},
		"an empty reason":              {atTheLimit + " # \n", "mutants.txt:1: missing reason"},
		"twice":                        {atTheLimit + " # so\n" + atTheLimit + " # so\n", "mutants.txt:2: listed twice"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			out, err := try(t, test.list, files, nil)
			if test.want == "" {
				if err != nil {
					t.Errorf("error %v\n%s", err, out)
				}
				return
			}
			if err == nil {
				t.Fatalf("no error\n%s", out)
			}
			if !strings.HasPrefix(out, test.want+"\n") && !strings.Contains(err.Error(), test.want) {
				t.Errorf("neither the output begins with %q nor the error has it: %v\n%s", test.want, err, out)
			}
		})
	}
}

func TestSampleIsTheSameEachTime(t *testing.T) {
	files := map[string]string{"speed.rego": speed, "speed_test.rego": weak + boundary}
	sample := func(seed uint64) []string {
		folder := t.TempDir()
		for name, content := range files {
			if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s, err := load(folder)
		if err != nil {
			t.Fatal(err)
		}
		all, err := s.mutants()
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, m := range choose(all, &list{}, options{sample: 3, seed: seed, only: regexp.MustCompile("")}) {
			names = append(names, m.String())
		}
		return names
	}
	first := sample(1)
	if diff := cmp.Diff(first, sample(1)); diff != "" || len(first) != 3 {
		t.Errorf("the same seed gives another sample of %d: %s", len(first), diff)
	}
	if cmp.Equal(first, sample(2)) && cmp.Equal(first, sample(3)) && cmp.Equal(first, sample(4)) {
		t.Error("every seed gives the same sample")
	}
	files["road.rego"] = road
	added := 0
	for _, name := range sample(1) {
		if strings.HasPrefix(name, "road.rego") {
			added++
		}
	}
	kept := 0
	for _, name := range sample(1) {
		for _, old := range first {
			if name == old {
				kept++
			}
		}
	}
	if kept+added != 3 {
		t.Errorf("another rule changed more than its part of the sample: %d kept, %d added", kept, added)
	}
}

func TestAProgramThatCannotRunIsNotASuccess(t *testing.T) {
	good := map[string]string{"speed.rego": speed, "speed_test.rego": weak + boundary}
	tests := map[string]struct {
		files  map[string]string
		change func(*options)
		want   string
	}{
		"tests that fail without a mutant": {map[string]string{"speed.rego": speed, "speed_test.rego": weak + "\ntest_wrong if speed.limit == 51\n"}, nil, "house.speed_test.test_wrong fails"},
		"no tests":                         {map[string]string{"speed.rego": speed}, nil, "has no tests"},
		"no mutant to try":                 {good, func(o *options) { o.only = regexp.MustCompile("^none$") }, "no mutant to try"},
		"no workers":                       {good, func(o *options) { o.workers = 0 }, "-workers must be at least 1"},
		"no list":                          {good, func(o *options) { o.equivalent = "absent" }, "read equivalent mutants"},
		"no time":                          {good, func(o *options) { o.time = 0 }, "deadline"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			out, err := try(t, "", test.files, test.change)
			if err == nil || errors.Is(err, errFound) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q\n%s", err, test.want, out)
			}
		})
	}
}

func TestATimeoutIsNotASuccess(t *testing.T) {
	var out bytes.Buffer
	m := []mutant{{file: "a.rego", change: "a: drop b"}}
	if report(&out, m, m, []verdict{notTried}, &list{}) || !strings.HasPrefix(out.String(), "time is up: 1 mutants not tried\n") {
		t.Errorf("a run that tried nothing succeeds: %s", out.String())
	}
}
