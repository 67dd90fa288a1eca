package receivers

import (
	"os/exec"
	"syscall"
)

// endWithParent lets the kernel end the child when the test is killed, for example by its own timeout.
func endWithParent(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
