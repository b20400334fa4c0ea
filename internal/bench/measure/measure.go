// Package measure is what the two benchmark programs share: what a run cost,
// the median of several, and on which machine it was. It decides nothing about
// what is measured.
package measure

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Cost is what one run of something took.
type Cost struct {
	Wall time.Duration
	CPU  time.Duration // user and system time
	Peak int64         // largest resident memory in KiB; 0 where it was not measured
}

// Command runs a command to its end and returns what it cost and its exit code.
// An error means that it could not be run.
func Command(cmd *exec.Cmd) (cost Cost, code int, err error) {
	begin := time.Now()
	err = cmd.Run()
	wall := time.Since(begin)
	if cmd.ProcessState == nil || !cmd.ProcessState.Exited() {
		return Cost{}, 0, fmt.Errorf("run %s: %w", cmd.Path, err)
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return Cost{}, 0, fmt.Errorf("run %s: this system does not report its cost", cmd.Path)
	}
	return Cost{Wall: wall, CPU: spent(usage), Peak: usage.Maxrss}, cmd.ProcessState.ExitCode(), nil
}

// Here runs f in this process and returns what it cost.
func Here(f func() error) (Cost, error) {
	var before, after syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &before); err != nil {
		return Cost{}, fmt.Errorf("ask what this process used: %w", err)
	}
	begin := time.Now()
	if err := f(); err != nil {
		return Cost{}, err
	}
	wall := time.Since(begin)
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &after); err != nil {
		return Cost{}, fmt.Errorf("ask what this process used: %w", err)
	}
	return Cost{Wall: wall, CPU: spent(&after) - spent(&before)}, nil
}

func spent(usage *syscall.Rusage) time.Duration {
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// Median is the median of each figure by itself. There must be at least one
// cost.
func Median(costs []Cost) Cost {
	return Cost{
		Wall: middle(costs, func(c Cost) time.Duration { return c.Wall }),
		CPU:  middle(costs, func(c Cost) time.Duration { return c.CPU }),
		Peak: middle(costs, func(c Cost) int64 { return c.Peak }),
	}
}

// Least is the least of each figure by itself: what it costs when nothing else
// disturbs. There must be at least one cost.
func Least(costs []Cost) Cost {
	least := costs[0]
	for _, c := range costs {
		least = Cost{Wall: min(least.Wall, c.Wall), CPU: min(least.CPU, c.CPU), Peak: min(least.Peak, c.Peak)}
	}
	return least
}

func middle[T int64 | time.Duration](costs []Cost, figure func(Cost) T) T {
	figures := make([]T, 0, len(costs))
	for _, c := range costs {
		figures = append(figures, figure(c))
	}
	slices.Sort(figures)
	return figures[len(figures)/2]
}

// Ratio is a divided by b, for a table.
func Ratio[T int64 | time.Duration](a, b T) string {
	if b == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f", float64(a)/float64(b))
}

// Millis is a duration in milliseconds, for a table.
func Millis(d time.Duration) string {
	return fmt.Sprintf("%.2f", float64(d)/float64(time.Millisecond))
}

// Machine says in one line what this machine is and how busy it was.
func Machine() string {
	parts := []string{fmt.Sprintf("%d cores", runtime.NumCPU()), runtime.GOOS + "/" + runtime.GOARCH, runtime.Version()}
	if model := field("/proc/cpuinfo", "model name"); model != "" {
		parts = append([]string{model}, parts...)
	}
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		parts = append(parts, "load "+strings.Join(strings.Fields(string(load))[:3], " "))
	}
	return strings.Join(parts, ", ")
}

// field is the first value of a key in a file of "key : value" lines.
func field(file, key string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		name, value, ok := strings.Cut(line, ":")
		if ok && strings.TrimSpace(name) == key {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
