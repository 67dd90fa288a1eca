package zipkin_test

import (
	"bytes"
	"encoding/json"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.uber.org/goleak"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/internal/exportertest"
	"github.com/spanroute/spanroute/exporters/zipkin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var exporter = exportertest.Exporter{Name: "zipkin", Factory: zipkin.Factory}

// model is the Zipkin v2 span as a receiver reads it.
type model struct {
	TraceID        string            `json:"traceId"`
	ID             string            `json:"id"`
	ParentID       string            `json:"parentId,omitempty"`
	Name           string            `json:"name,omitempty"`
	Kind           string            `json:"kind,omitempty"`
	Timestamp      int64             `json:"timestamp,omitempty"`
	Duration       int64             `json:"duration,omitempty"`
	LocalEndpoint  *node             `json:"localEndpoint,omitempty"`
	RemoteEndpoint *node             `json:"remoteEndpoint,omitempty"`
	Annotations    []annotation      `json:"annotations,omitempty"`
	Tags           map[string]string `json:"tags,omitempty"`
}

type node struct {
	ServiceName string `json:"serviceName,omitempty"`
	IPv4        string `json:"ipv4,omitempty"`
	IPv6        string `json:"ipv6,omitempty"`
	Port        int    `json:"port,omitempty"`
}

type annotation struct {
	Timestamp int64  `json:"timestamp"`
	Value     string `json:"value"`
}

func decode(t testing.TB, body []byte) []model {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields() // debug and shared are never sent
	var out []model
	if err := d.Decode(&out); err != nil {
		t.Fatalf("body is not an array of Zipkin spans: %v\n%s", err, body)
	}
	return out
}

// encode encodes spans that fit one payload.
func encode(t testing.TB, e *zipkin.Encoder, spans ...sdktrace.ReadOnlySpan) ([]model, *delivery.Report) {
	t.Helper()
	r := new(delivery.Report)
	payloads := e.Encode(spans, r)
	if len(payloads) != 1 {
		t.Fatalf("%d payloads, want 1", len(payloads))
	}
	return decode(t, zipkin.Body(payloads[0])), r
}
