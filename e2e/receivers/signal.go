//go:build unix

package receivers

import (
	"os"
	"syscall"
)

// Pause stops the process where it is: the kernel still accepts connections for it, and nothing answers.
func (j *Jaeger) Pause() error { return j.signal(syscall.SIGSTOP) }

// Resume lets a paused process go on.
func (j *Jaeger) Resume() error { return j.signal(syscall.SIGCONT) }

func (p *process) signal(s syscall.Signal) error {
	child, err := os.FindProcess(p.pid)
	if err != nil {
		return err
	}
	return child.Signal(s)
}

// Kill ends the process without closing its connections properly, and waits for its end.
func (j *Jaeger) Kill() error {
	if err := j.signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-j.done
	return nil
}
