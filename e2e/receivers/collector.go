package receivers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"

	"github.com/spanroute/spanroute/e2e/stored"
)

// The addresses of the collector, as peers/otelcol/config.yaml has them.
const (
	CollectorAgentCompact = 16831 // UDP
	CollectorAgentBinary  = 16832 // UDP

	collectorThriftHTTP = "127.0.0.1:24268"
	collectorJaegerGRPC = "127.0.0.1:24250"
	collectorZipkin     = "127.0.0.1:29411"
	collectorOTLPGRPC   = "127.0.0.1:24317"
	collectorOTLPHTTP   = "127.0.0.1:24318"
)

// Collector is a running OpenTelemetry Collector v0.160.0 that writes all it receives to a file.
type Collector struct {
	*process
	dir string // of the file

	mu     sync.Mutex
	file   *os.File
	rest   []byte // an incomplete last line
	traces map[string][]stored.Span
}

// StartCollector starts a collector that writes into a directory of its own. peers is the directory of that name.
func StartCollector(peers string) (*Collector, error) {
	if err := free(collectorOTLPGRPC, collectorOTLPHTTP, collectorZipkin, collectorThriftHTTP, collectorJaegerGRPC); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "spanroute-e2e-")
	if err != nil {
		return nil, err
	}
	output := filepath.Join(dir, "out.jsonl")
	command := exec.Command(filepath.Join(peers, "bin", "otelcol"),
		"--config", filepath.Join(peers, "otelcol", "config.yaml"), "--set=exporters.file.path="+output)
	c := &Collector{dir: dir, traces: make(map[string][]stored.Span)}
	c.process, err = run(command, "otelcol", func(ctx context.Context) bool { return listens(ctx, collectorOTLPGRPC) })
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if c.file, err = os.Open(output); err != nil {
		return nil, errors.Join(err, c.stop(), os.RemoveAll(dir))
	}
	return c, nil
}

func listens(ctx context.Context, address string) bool {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return false
	}
	return conn.Close() == nil
}

// Stop ends the collector and removes what it wrote.
func (c *Collector) Stop() error {
	return errors.Join(c.stop(), c.file.Close(), os.RemoveAll(c.dir))
}

// ThriftHTTP returns host and port of the receiver of Thrift batches at /api/traces.
func (c *Collector) ThriftHTTP() string { return collectorThriftHTTP }

// JaegerGRPC returns host and port of the api_v2 receiver.
func (c *Collector) JaegerGRPC() string { return collectorJaegerGRPC }

// Zipkin returns host and port of the Zipkin receiver.
func (c *Collector) Zipkin() string { return collectorZipkin }

// OTLPGRPC returns host and port of the OTLP receiver for gRPC.
func (c *Collector) OTLPGRPC() string { return collectorOTLPGRPC }

// OTLPHTTP returns host and port of the OTLP receiver for HTTP.
func (c *Collector) OTLPHTTP() string { return collectorOTLPHTTP }

// Trace waits until the trace holds want spans and stays so, and returns them in the order of their ids.
func (c *Collector) Trace(ctx context.Context, traceID string, want int) ([]stored.Span, error) {
	spans, err := settle(ctx, want, func() ([]stored.Span, int, error) {
		spans, err := c.look(traceID)
		return spans, len(spans), err
	})
	stored.Sort(spans)
	return spans, err
}

// Count waits until the trace holds want spans and stays so, and returns how many it holds when time is over.
func (c *Collector) Count(ctx context.Context, traceID string, want int) (int, error) {
	spans, err := c.Trace(ctx, traceID, want)
	return len(spans), err
}

// look reads what the collector has written since the last look.
func (c *Collector) look(traceID string) ([]stored.Span, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fresh, err := io.ReadAll(c.file)
	if err != nil {
		return nil, err
	}
	c.rest = append(c.rest, fresh...)
	for {
		line, rest, complete := bytes.Cut(c.rest, []byte("\n"))
		if !complete {
			break
		}
		c.rest = rest
		spans, err := stored.FromCollector(line)
		if err != nil {
			return nil, fmt.Errorf("line of the collector's file: %w", err)
		}
		for _, s := range spans {
			c.traces[s.TraceID] = append(c.traces[s.TraceID], s)
		}
	}
	return append([]stored.Span(nil), c.traces[traceID]...), nil
}
