package instrumentation_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/embedded"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/spanroute/spanroute/internal/guard"
	"github.com/spanroute/spanroute/internal/instrumentation"
	"github.com/spanroute/spanroute/internal/policy"
	"github.com/spanroute/spanroute/internal/semattr"
	"github.com/spanroute/spanroute/internal/spantest"
)

func TestDefersAttributes(t *testing.T) {
	unread, read := spantest.NewRecorder(t), spantest.NewRecorder(t)
	read.ReadsAttributes = true
	tests := []struct {
		name string
		o    instrumentation.Options
		want bool
	}{
		{"no sampler reads attributes", instrumentation.Options{Tracing: unread.Tracing()}, true},
		{"a sampler or processor reads attributes", instrumentation.Options{Tracing: read.Tracing()}, false},
		{"a provider that is not that of the tracing", instrumentation.Options{Tracing: unread.Tracing(), TracerProvider: read}, false},
		{"a provider alone", instrumentation.Options{TracerProvider: unread}, false},
		{"a no-op provider", instrumentation.Options{TracerProvider: noop.NewTracerProvider()}, true},
	}
	for _, tt := range tests {
		in := instrumentation.New("test", trace.SpanKindServer, tt.o)
		if got := in.DefersAttributes(in.Tracer()); got != tt.want {
			t.Errorf("%s: DefersAttributes() = %v, want %v", tt.name, got, tt.want)
		}
	}
}

// uncomparable is a provider whose comparison would panic.
type uncomparable struct {
	embedded.TracerProvider
	calls map[string]int
}

func (u uncomparable) Tracer(name string, _ ...trace.TracerOption) trace.Tracer {
	u.calls[name]++
	return noop.Tracer{}
}

func TestGlobalProviderMayChange(t *testing.T) {
	before := otel.GetTracerProvider()
	t.Cleanup(func() { otel.SetTracerProvider(before) })
	in := instrumentation.New("test", trace.SpanKindServer, instrumentation.Options{})
	for range 2 {
		r := spantest.NewRecorder(t)
		otel.SetTracerProvider(r)
		for range 2 {
			_, span := in.Tracer().Start(context.Background(), "x")
			span.SetAttributes()
			span.End()
		}
		if got := len(r.Spans()); got != 2 {
			t.Errorf("the global provider got %d spans, want 2", got)
		}
		r.Reset()
	}
	u := uncomparable{calls: make(map[string]int)}
	otel.SetTracerProvider(u)
	for range 2 {
		in.Tracer()
	}
	if got := u.calls["test"]; got != 2 {
		t.Errorf("a provider that cannot be compared made %d tracers, want one for each span", got)
	}
}

func TestUserAttributes(t *testing.T) {
	var u instrumentation.UserAttributes
	own := []attribute.KeyValue{attribute.String("a", "1"), semattr.ErrorTypeKey.String("mine")}
	if got, want := u.ErrorType("theirs"), semattr.ErrorTypeKey.String("theirs"); got != want {
		t.Errorf("without attributes: error type %v, want %v", got, want)
	}
	u.Add(own, semattr.Unknown())
	u.Add([]attribute.KeyValue{attribute.String("b", "2")}, semattr.Unknown())
	if got, want := u.ErrorType("theirs"), semattr.ErrorTypeKey.String("mine"); got != want {
		t.Errorf("error type %v, want %v", got, want)
	}
	got := u.Override([]attribute.KeyValue{attribute.String("a", "0"), attribute.String("c", "3")})
	want := []attribute.KeyValue{attribute.String("c", "3"), attribute.String("a", "1"), attribute.String("b", "2")}
	if diff := cmp.Diff(texts(want), texts(got)); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
}

func texts(attrs []attribute.KeyValue) (list []string) {
	for _, kv := range attrs {
		list = append(list, string(kv.Key)+"="+kv.Value.String())
	}
	return list
}

func TestDeferredAttributesDoNotOverrideTheHandlers(t *testing.T) {
	r := spantest.NewRecorder(t)
	r.Allow("a", "b")
	_, span := r.Tracer("test").Start(context.Background(), "x")
	span.SetAttributes(attribute.String("a", "of the handler"))
	span.SetAttributes(instrumentation.AppendUnset(nil, span, func(attrs []attribute.KeyValue) []attribute.KeyValue {
		return append(attrs, attribute.String("a", "of the start"), attribute.String("b", "of the start"))
	})...)
	span.End()
	want := map[string]string{"a": "of the handler", "b": "of the start"}
	if diff := cmp.Diff(want, r.One(t).Map()); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
}

func TestExtract(t *testing.T) {
	own, err := baggage.Parse("mine=1")
	if err != nil {
		t.Fatal(err)
	}
	before := baggage.ContextWithBaggage(context.Background(), own)
	sent := propagation.MapCarrier{"baggage": "theirs=2"}
	for drop, want := range map[bool]string{false: "theirs=2", true: "mine=1"} {
		in := instrumentation.New("test", trace.SpanKindServer, instrumentation.Options{
			Propagator: propagation.Baggage{}, NoRemoteBaggage: drop,
		})
		if got := baggage.FromContext(in.Extract(before, sent)).String(); got != want {
			t.Errorf("dropping the caller's baggage %v: baggage %q, want %q", drop, got, want)
		}
	}
}

func TestIsBaggage(t *testing.T) {
	for key, want := range map[string]bool{
		"baggage": true, "Baggage": true, "uberctx-a": true, "Uberctx-User": true, "ot-baggage-a": true, "Ot-Baggage-A": true, "Jaeger-Baggage": true,
		"": false, "baggag": false, "luggage": false, "uberctx-": false, "uberctx": false, "x-uberctx-a": false, "ot-tracer-traceid": false, "uber-trace-id": false, "x-baggage-limit": false, "jaeger-debug-id": false,
	} {
		if got := instrumentation.IsBaggage(key); got != want {
			t.Errorf("IsBaggage(%q) = %t, want %t", key, got, want)
		}
	}
}

func TestAsNewRoot(t *testing.T) {
	caller := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}})
	for name, tt := range map[string]struct {
		ctx   context.Context
		links int
	}{
		"a remote caller": {trace.ContextWithRemoteSpanContext(context.Background(), caller), 1},
		"a local parent":  {trace.ContextWithSpanContext(context.Background(), caller), 0},
		"no parent":       {context.Background(), 0},
	} {
		config := trace.NewSpanStartConfig(instrumentation.AsNewRoot(tt.ctx, nil)...)
		if got := len(config.Links()); !config.NewRoot() || got != tt.links {
			t.Errorf("%s: new root %v with %d links, want true with %d", name, config.NewRoot(), got, tt.links)
		}
	}
}

func TestPanicMessages(t *testing.T) {
	for _, tt := range []struct {
		name           string
		option, policy bool
		want           bool
	}{
		{"recorded by default", false, false, true},
		{"left out by the programmer", true, false, false},
		{"left out by the operator", false, true, false},
	} {
		r := spantest.NewRecorder(t)
		in := instrumentation.New("test", trace.SpanKindServer, instrumentation.Options{Tracing: r.Tracing(), NoPanicMessages: tt.option})
		r.Exclude(t, policy.Rules{RedactPanicMessages: tt.policy}) // after New: the policy is read each time
		if got := in.RecordsPanicMessages(); got != tt.want {
			t.Errorf("%s: RecordsPanicMessages() = %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestAbortType(t *testing.T) {
	if got, want := instrumentation.AbortType(guard.Panicked, context.Canceled), "*errors.errorString"; got != want {
		t.Errorf("a panic: %q, want %q", got, want)
	}
	if got, want := instrumentation.AbortType(guard.Exited, nil), "runtime.Goexit"; got != want {
		t.Errorf("runtime.Goexit: %q, want %q", got, want)
	}
}

func TestBuffersAreReused(t *testing.T) {
	buffers := instrumentation.NewBuffers(1)
	buffers.Put(nil)
	var none *instrumentation.Buffer
	if got := none.Attributes(); got != nil {
		t.Errorf("a nil buffer has %v", got)
	}
	b := buffers.Get()
	b.Keep(append(b.Attributes(), attribute.Int("a", 1), attribute.Int("b", 2)))
	buffers.Put(b)
	if got := len(buffers.Get().Attributes()); got != 0 {
		t.Errorf("a new buffer has %d attributes", got)
	}
}
