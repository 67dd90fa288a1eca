package e2e_test

import (
	"encoding/hex"
	"hash/fnv"
	"math"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute"
	"github.com/spanroute/spanroute/e2e/receivers"
)

const manifests = "../examples/kubernetes"

// What the gateway in examples/kubernetes keeps of the traces without an error.
const (
	slowMillis = 1000 // a trace that takes longer
	restRate   = 0.1  // a share of all others
)

// TestTailSampling runs two services with the configuration of the service in examples/kubernetes, and the Collectors with
// theirs: an agent for each service, and two gateways. Traces that fail or are slow in either service arrive whole, also if
// only one service shows it, and of all others exactly those that the policy of the rest selects.
func TestTailSampling(t *testing.T) {
	chain := startChain(t)
	shop, stock := startService(t, "shop", chain.Agent(0)), startService(t, "stock", chain.Agent(1))
	orders := placeOrders(t, shop, stock)
	for id, o := range orders {
		checkRecorded(t, id, o)
	}
	for _, s := range []service{shop, stock} {
		s.record.flush(t, s.tracing)
		delivered(t, s.tracing)
	}

	want := 0
	for id, o := range orders {
		if kept(id, o.spans) {
			want += len(o.spans)
		}
	}
	received := func() int { return len(chain.Sinks[0].Spans()) + len(chain.Sinks[1].Spans()) }
	for end := time.Now().Add(30 * time.Second); received() < want && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
	}
	if n := received(); n < want {
		t.Errorf("%d spans arrived before the Collectors ended, want %d", n, want)
	}
	if err := chain.Stop(); err != nil { // from now on, nothing arrives
		t.Fatal(err)
	}
	checkArrived(t, orders, arrivedAt(t, chain))
}

func startChain(t *testing.T) *receivers.Chain {
	t.Helper()
	chain, err := receivers.StartChain(peers, manifests)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := chain.Stop(); err != nil {
			t.Error(err)
		}
	})
	return chain
}

// startService starts tracing with the ConfigMap and the variables of the service in examples/kubernetes.
func startService(t *testing.T, name, agent string) service {
	t.Helper()
	text, err := receivers.ConfigMap(filepath.Join(manifests, "quickstart.yaml"), "tracing.yaml")
	if err != nil {
		t.Fatal(err)
	}
	cfg := load(t, text, "OTEL_EXPORTER_OTLP_ENDPOINT="+agent, "OTEL_SERVICE_NAME="+name)
	record := new(seen)
	return service{name: name, record: record, tracing: startConfig(t, cfg, spanroute.WithSpanProcessor(record))}
}

// checkRecorded checks that the trace is what its outcome stands for.
func checkRecorded(t *testing.T, id string, o *order) {
	t.Helper()
	if len(o.spans) != 2+o.stockSpans {
		t.Errorf("%s of %s: %d spans recorded, want %d", id, o.name, len(o.spans), 2+o.stockSpans)
	}
	var failed []string
	for _, s := range o.spans {
		if s.Status().Code == codes.Error {
			failed = append(failed, serviceOf(s))
		}
		if !s.SpanContext().IsSampled() {
			t.Errorf("%s of %s: a span of %s is not sampled", id, o.name, serviceOf(s))
		}
	}
	slices.Sort(failed)
	if failed = slices.Compact(failed); !slices.Equal(failed, o.failed) {
		t.Errorf("%s of %s: failed in %q, want %q", id, o.name, failed, o.failed)
	}
	if o.slow && millis(o.spans) <= slowMillis {
		t.Errorf("%s of %s took %d ms", id, o.name, millis(o.spans))
	}
}

func serviceOf(s sdktrace.ReadOnlySpan) string {
	for _, kv := range s.Resource().Attributes() {
		if kv.Key == "service.name" {
			return kv.Value.AsString()
		}
	}
	return ""
}

// millis returns the time from the first start to the last end.
func millis(spans []sdktrace.ReadOnlySpan) int64 {
	first, last := spans[0].StartTime(), spans[0].EndTime()
	for _, s := range spans {
		if s.StartTime().Before(first) {
			first = s.StartTime()
		}
		if s.EndTime().After(last) {
			last = s.EndTime()
		}
	}
	return last.Sub(first).Milliseconds()
}

// kept reports whether a gateway must keep a trace.
func kept(id string, spans []sdktrace.ReadOnlySpan) bool {
	failed := slices.ContainsFunc(spans, func(s sdktrace.ReadOnlySpan) bool { return s.Status().Code == codes.Error })
	return failed || millis(spans) > slowMillis || ofTheRest(id)
}

// ofTheRest computes the probabilistic policy of the Collector, as its README describes: the FNV-1a hash of a salt and the
// trace id.
func ofTheRest(id string) bool {
	hash := fnv.New64a()
	traceID, _ := hex.DecodeString(id)
	_, _ = hash.Write(append([]byte("default-hash-seed"), traceID...))
	return float64(hash.Sum64()) <= restRate*math.MaxUint64
}

// arrivedAt returns the spans of each trace that arrived, as text. Both gateways must have kept traces, and none may have
// parts at both.
func arrivedAt(t *testing.T, chain *receivers.Chain) map[string][]string {
	t.Helper()
	arrived, gateways := make(map[string][]string), make(map[string]int)
	for i, sink := range chain.Sinks {
		traces := make(map[string]bool)
		for _, s := range sink.Spans() {
			if first, seen := gateways[s.TraceID]; seen && first != i {
				t.Errorf("both gateways have spans of trace %s", s.TraceID)
			}
			gateways[s.TraceID] = i
			traces[s.TraceID] = true
			arrived[s.TraceID] = append(arrived[s.TraceID], s.Service+" "+s.Name+" "+s.SpanID+" < "+s.Parent)
		}
		t.Logf("gateway %d kept %d traces", i, len(traces))
		if len(traces) == 0 {
			t.Errorf("gateway %d kept nothing", i)
		}
	}
	return arrived
}

// checkArrived compares what arrived with the traces that must be kept, span by span.
func checkArrived(t *testing.T, orders map[string]*order, arrived map[string][]string) {
	t.Helper()
	whole := make(map[string]int)
	for id, o := range orders {
		var want []string
		if kept(id, o.spans) {
			want = texts(o.spans)
		}
		got := slices.Sorted(slices.Values(arrived[id]))
		if !slices.Equal(got, want) {
			t.Errorf("%s of %s: %d of %d spans arrived: %q, want %q", id, o.name, len(got), len(o.spans), got, want)
		} else if len(got) > 0 {
			whole[o.name]++
		}
		delete(arrived, id)
	}
	for id, spans := range arrived {
		t.Errorf("%s, which is not the trace of an order, arrived: %q", id, spans)
	}
	for _, o := range outcomes {
		t.Logf("%s: %d of %d traces arrived", o.name, whole[o.name], o.orders)
		rate := 1.0
		if o.failed == nil && !o.slow {
			rate = restRate
		}
		mean := rate * float64(o.orders)
		if deviation := 5 * math.Sqrt(mean*(1-rate)); math.Abs(float64(whole[o.name])-mean) > deviation {
			t.Errorf("%s: %d of %d traces arrived, want %.0f ± %.0f", o.name, whole[o.name], o.orders, mean, deviation)
		}
	}
}

func texts(spans []sdktrace.ReadOnlySpan) (list []string) {
	for _, s := range spans {
		parent := ""
		if s.Parent().IsValid() {
			parent = s.Parent().SpanID().String()
		}
		list = append(list, serviceOf(s)+" "+s.Name()+" "+s.SpanContext().SpanID().String()+" < "+parent)
	}
	slices.Sort(list)
	return list
}

// TestCollectorConfigurations lets the Collector check the configurations of the examples, without a change.
func TestCollectorConfigurations(t *testing.T) {
	files := map[string]string{"compose": "../examples/collector/otelcol.yaml"}
	for _, name := range []string{"collector-agent", "collector-gateway"} {
		text, err := receivers.ConfigMap(filepath.Join(manifests, name+".yaml"), "config.yaml")
		if err != nil {
			t.Fatal(err)
		}
		files[name] = write(t, text)
	}
	for name, file := range files {
		t.Run(name, func(t *testing.T) {
			validate := exec.Command(filepath.Join(peers, "bin", "otelcol"), "validate", "--config", file)
			if out, err := validate.CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}
