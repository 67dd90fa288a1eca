package receivers

import (
	"context"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// The addresses of a [Jaeger2], as peers/jaeger2/config.yaml has them.
const (
	SamplingHTTP = "127.0.0.1:25778"
	SamplingGRPC = "127.0.0.1:25779"

	jaeger2Query    = "127.0.0.1:26686"
	jaeger2OTLPGRPC = "127.0.0.1:25317"
	jaeger2Health   = "127.0.0.1:23133"
)

// Jaeger2 is a running Jaeger v2.13.0 with storage on disk, which serves sampling strategies.
type Jaeger2 struct {
	*process
	dir     string // of the storage
	command func() *exec.Cmd
}

// StartJaeger2 starts a Jaeger with the strategies of a file, or with the adaptive strategy if strategies is empty. peers is
// the directory of that name.
func StartJaeger2(peers, strategies string) (*Jaeger2, error) {
	dir, err := os.MkdirTemp("", "spanroute-e2e-")
	if err != nil {
		return nil, err
	}
	section := "file.yaml"
	if strategies == "" {
		section = "adaptive.yaml"
	}
	j := &Jaeger2{dir: dir, command: func() *exec.Cmd {
		command := exec.Command(filepath.Join(peers, "bin", "jaeger"),
			"--config", filepath.Join(peers, "jaeger2", "config.yaml"), "--config", filepath.Join(peers, "jaeger2", section))
		command.Env = append(command.Environ(), "DB="+dir, "STRATEGIES="+strategies)
		return command
	}}
	if err := j.start(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return j, nil
}

func (j *Jaeger2) start() (err error) {
	if err := free(SamplingHTTP, SamplingGRPC, jaeger2Query, jaeger2OTLPGRPC, jaeger2Health); err != nil {
		return err
	}
	j.process, err = run(j.command(), "jaeger 2", func(ctx context.Context) bool {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+jaeger2Health+"/status", nil)
		if err != nil {
			return false
		}
		client := http.Client{Timeout: time.Second}
		response, err := client.Do(request)
		return err == nil && response.Body.Close() == nil && response.StatusCode == http.StatusOK && listens(ctx, SamplingGRPC)
	})
	return err
}

// Restart ends the process and starts it again with the same storage.
func (j *Jaeger2) Restart() error {
	if err := j.stop(); err != nil {
		return err
	}
	return j.start()
}

// Stop ends the Jaeger and removes what it stored.
func (j *Jaeger2) Stop() error { return errors.Join(j.stop(), os.RemoveAll(j.dir)) }

// OTLP returns the endpoint of the receiver of spans over gRPC.
func (j *Jaeger2) OTLP() string { return "http://" + jaeger2OTLPGRPC }
