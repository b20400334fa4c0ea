//go:build unix

package registry

import (
	"os/exec"
	"syscall"
)

// ownGroup makes cmd the head of a process group of its own, which is killed
// with it.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
