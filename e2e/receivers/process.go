package receivers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// process is a receiver that runs beside the test and ends with it.
type process struct {
	name string
	log  tail
	pid  int
	done chan struct{} // closed when it has ended
	err  error         // why it ended; valid after done
}

// run starts command and waits until ready holds. A process that ends before, or is not ready after 20 s, is an
// error that shows the end of its log.
func run(command *exec.Cmd, name string, ready func(context.Context) bool) (*process, error) {
	p := &process{name: name, done: make(chan struct{})}
	command.Stdout, command.Stderr = &p.log, &p.log
	endWithParent(command)
	started := make(chan error)
	go func() {
		// The kernel ends the child with the thread that started it, so this thread must stay.
		runtime.LockOSThread()
		defer close(p.done)
		err := command.Start()
		if err == nil {
			p.pid = command.Process.Pid
		}
		started <- err
		if err == nil {
			p.err = command.Wait()
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	if err := p.await(ready); err != nil {
		_ = p.stop()
		return nil, err
	}
	return p, nil
}

func (p *process) await(ready func(context.Context) bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for !ready(ctx) {
		select {
		case <-p.done:
			return fmt.Errorf("%s ended before it was ready (%w), its log ends:\n%s", p.name, p.err, p.log.String())
		case <-ctx.Done():
			return fmt.Errorf("%s was not ready after 20s, its log ends:\n%s", p.name, p.log.String())
		case <-time.After(50 * time.Millisecond):
		}
	}
	return nil
}

// alive reports whether the process has not ended.
func (p *process) alive() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// stop terminates the process, and kills it after 10 s. Stopping a process that has ended is not an error.
func (p *process) stop() error {
	if !p.alive() {
		return nil
	}
	child, err := os.FindProcess(p.pid)
	if err != nil {
		return err
	}
	if err := child.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.done:
	case <-time.After(10 * time.Second):
		_ = child.Kill()
		<-p.done
	}
	return nil
}

// free returns an error that names the first address that another process listens on: a receiver of another test run would
// make every count of a test wrong.
func free(addresses ...string) error {
	for _, a := range addresses {
		l, err := net.Listen("tcp", a)
		if err != nil {
			return fmt.Errorf("%s is taken, stop what listens there: %w", a, err)
		}
		_ = l.Close()
	}
	return nil
}

// tail keeps the last 16 KiB of a log.
type tail struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf.Write(p)
	t.buf.Next(max(0, t.buf.Len()-16<<10))
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.buf.String()
}
