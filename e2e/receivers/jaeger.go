package receivers

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spanroute/spanroute/e2e/stored"
)

// The ports of a Jaeger all-in-one without offset.
const (
	AgentCompact  = 6831  // UDP
	AgentBinary   = 6832  // UDP
	CollectorHTTP = 14268 // Thrift, /api/traces
	CollectorGRPC = 14250 // api_v2
	Zipkin        = 9411
	OTLPGRPC      = 4317
	OTLPHTTP      = 4318
	query         = 16686
	admin         = 14269
)

// Jaeger is a running all-in-one v1.42.0 with storage in memory.
type Jaeger struct {
	*process
	offset int
	client *http.Client
}

// StartJaeger starts an all-in-one whose ports are the default ones plus offset; flags are added to those of
// peers/jaeger.sh. peers is the directory of that name.
func StartJaeger(peers string, offset int, flags ...string) (*Jaeger, error) {
	j := &Jaeger{offset: offset, client: &http.Client{Timeout: 10 * time.Second}}
	if err := free(j.Address(query), j.Address(admin), j.Address(CollectorHTTP), j.Address(OTLPGRPC), j.Address(Zipkin)); err != nil {
		return nil, err
	}
	binary, err := filepath.Abs(filepath.Join(peers, "bin", "all-in-one"))
	if err != nil {
		return nil, err
	}
	command := exec.Command(filepath.Join(peers, "jaeger.sh"), append([]string{strconv.Itoa(offset)}, flags...)...)
	command.Env = append(command.Environ(), "JAEGER_BIN="+binary)
	j.process, err = run(command, "jaeger", func(ctx context.Context) bool {
		_, err := j.get(ctx, admin, "/")
		return err == nil
	})
	if err != nil {
		return nil, err
	}
	return j, nil
}

// Stop ends the Jaeger and discards what it stored.
func (j *Jaeger) Stop() error { return j.stop() }

// Alive reports whether its process still runs.
func (j *Jaeger) Alive() bool { return j.alive() }

// Address returns host and port of one of the constants.
func (j *Jaeger) Address(port int) string { return "127.0.0.1:" + strconv.Itoa(port+j.offset) }

// Port returns one of the constants plus the offset.
func (j *Jaeger) Port(port int) int { return port + j.offset }

// Trace waits until the trace holds want spans and stays so, and returns them in the order of their ids.
func (j *Jaeger) Trace(ctx context.Context, traceID string, want int) ([]stored.Span, error) {
	body, err := j.settled(ctx, traceID, want)
	if err != nil {
		return nil, err
	}
	return stored.FromJaeger(body)
}

// Count waits until the trace holds want spans and stays so, and returns how many it holds when time is over. It
// decodes nothing else, for traces of many thousand spans.
func (j *Jaeger) Count(ctx context.Context, traceID string, want int) (int, error) {
	body, err := j.settled(ctx, traceID, want)
	if err != nil {
		return 0, err
	}
	return countSpans(body)
}

// settled polls the trace: storage is asynchronous, and a count that is right may still grow.
func (j *Jaeger) settled(ctx context.Context, traceID string, want int) ([]byte, error) {
	return settle(ctx, want, func() ([]byte, int, error) {
		body, err := j.get(ctx, query, "/api/traces/"+traceID)
		if err != nil {
			return nil, 0, err
		}
		n, err := countSpans(body)
		return body, n, err
	})
}

func countSpans(body []byte) (n int, err error) {
	var answer struct{ Data []struct{ Spans []struct{} } }
	if err := json.Unmarshal(body, &answer); err != nil {
		return 0, fmt.Errorf("answer of the query API: %w", err)
	}
	for _, trace := range answer.Data {
		n += len(trace.Spans)
	}
	return n, nil
}

// Services lists the services that the Jaeger has seen.
func (j *Jaeger) Services(ctx context.Context) ([]string, error) {
	body, err := j.get(ctx, query, "/api/services")
	if err != nil {
		return nil, err
	}
	var answer struct{ Data []string }
	return answer.Data, json.Unmarshal(body, &answer)
}

// Traces waits until the Jaeger lists want traces of a service and stays so, and returns the spans of each.
func (j *Jaeger) Traces(ctx context.Context, service string, want int) ([][]stored.Span, error) {
	return settle(ctx, want, func() ([][]stored.Span, int, error) {
		body, err := j.get(ctx, query, "/api/traces?limit=100&lookback=1h&service="+url.QueryEscape(service))
		if err != nil {
			return nil, 0, err
		}
		spans, err := stored.FromJaeger(body)
		byTrace := make(map[string][]stored.Span)
		for _, s := range spans {
			byTrace[s.TraceID] = append(byTrace[s.TraceID], s)
		}
		return slices.Collect(maps.Values(byTrace)), len(byTrace), err
	})
}

// Metric sums the counters of that name whose labels, as text, contain all of labels, or 0 if no counter matches.
func (j *Jaeger) Metric(ctx context.Context, name string, labels ...string) (sum float64, err error) {
	body, err := j.get(ctx, admin, "/metrics")
	if err != nil {
		return 0, err
	}
	for lines := bufio.NewScanner(strings.NewReader(string(body))); lines.Scan(); {
		series, value, _ := strings.Cut(lines.Text(), " ")
		if series != name && !strings.HasPrefix(series, name+"{") || !containsAll(series, labels) {
			continue
		}
		v, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return 0, fmt.Errorf("metric %s: %w", series, err)
		}
		sum += v
	}
	return sum, nil
}

func containsAll(s string, parts []string) bool {
	for _, p := range parts {
		if !strings.Contains(s, p) {
			return false
		}
	}
	return true
}

func (j *Jaeger) get(ctx context.Context, port int, path string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+j.Address(port)+path, nil)
	if err != nil {
		return nil, err
	}
	response, err := j.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s: %s: %.200s", path, response.Status, body)
	}
	return body, nil
}
