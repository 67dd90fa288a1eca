package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// maxProcessTime bounds the life of every process of the end-to-end measurement.
const maxProcessTime = 5 * time.Minute

// A process is a child of this one, which runs the same binary and executes commands.
type process struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	timer   *time.Timer
	address string // the process listens on it; empty for the load generator
}

// startProcess runs this binary with args, which [child] executes.
func startProcess(args ...string) (*process, error) {
	binary, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(binary, args...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, in: in, out: bufio.NewReader(out)}
	p.timer = time.AfterFunc(maxProcessTime, func() { _ = cmd.Process.Kill() })
	line, err := p.out.ReadString('\n')
	if err != nil {
		p.stop()
		return nil, fmt.Errorf("%v: %w", args, err)
	}
	p.address = strings.TrimSpace(line)
	return p, nil
}

// stop ends the process.
func (p *process) stop() {
	_ = p.in.Close()
	_ = p.cmd.Wait()
	p.timer.Stop()
}

// command sends one line and scans the values of the response into results.
func (p *process) command(line string, results ...any) error {
	if _, err := fmt.Fprintln(p.in, line); err != nil {
		return fmt.Errorf("%s: %w", line, err)
	}
	response, err := p.out.ReadString('\n')
	if err != nil {
		return fmt.Errorf("%s: %w", line, err)
	}
	values, ok := strings.CutPrefix(response, "ok")
	if !ok {
		return fmt.Errorf("%s: %s", line, strings.TrimSpace(response))
	}
	_, err = fmt.Sscan(values, results...)
	if len(results) == 0 {
		return nil
	}
	return err
}

// usage returns the processor time and the allocations of the process so far.
func (p *process) usage() (c cost, err error) {
	err = p.command("usage", &c.ns, &c.allocs)
	return c, err
}

// child executes args if they are those of a process that [startProcess] started. It returns false for flags.
func child(args []string) bool {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		return false
	}
	switch {
	case args[0] == "receiver" && len(args) == 1:
		runReceiver()
	case args[0] == "load" && len(args) == 1:
		runLoad()
	case args[0] == "server" && len(args) == 4:
		runServer(args[1], args[2], args[3])
	default:
		fmt.Fprintf(os.Stderr, "unknown arguments %q; want flags\n", args)
		os.Exit(2)
	}
	return true
}

// commands are the commands of one process. They return the values of the response.
type commands map[string]func(args []string) (string, error)

// execute prints address and then executes one command per line until standard input ends.
func (c commands) execute(address string) {
	fmt.Println(address)
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) == 0 || c[words[0]] == nil {
			fmt.Printf("unknown command %q\n", lines.Text())
			continue
		}
		values, err := c[words[0]](words[1:])
		if err != nil {
			fmt.Printf("%q\n", err.Error())
			continue
		}
		fmt.Println("ok", values)
	}
}

// usage is the command that returns the processor time and the allocations of the process.
func usage([]string) (string, error) {
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	return fmt.Sprint(consumed(), " ", memory.Mallocs), nil
}

// localListener listens on a free port of the loopback interface.
func localListener() net.Listener {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	return listener
}
