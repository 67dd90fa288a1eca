package spantest

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/instrumentation"
	"github.com/spanroute/spanroute/internal/recording"
)

// A provider is a tracer provider that records spans for a [Recorder]. Each kind comes with its own propagator, because
// package instrumentation has one that allocates less than the SDK's and must extract and inject the same.
type provider struct {
	name string
	open func(sdktrace.Sampler, sdktrace.SpanProcessor) trace.TracerProvider

	propagator propagation.TextMapPropagator // W3C trace context and baggage
}

// providers are all kinds of providers. Instrumentation must record the same spans with each of them.
var providers = []provider{
	{"package recording", func(s sdktrace.Sampler, p sdktrace.SpanProcessor) trace.TracerProvider {
		return recording.New(recording.Config{Sampler: s, Limits: sdktrace.NewSpanLimits(), Processors: []sdktrace.SpanProcessor{p}})
	}, instrumentation.NewW3C(true)},
	{"the OpenTelemetry SDK", func(s sdktrace.Sampler, p sdktrace.SpanProcessor) trace.TracerProvider {
		return sdktrace.NewTracerProvider(sdktrace.WithSampler(s), sdktrace.WithSpanProcessor(p))
	}, propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})},
}

// current is the provider of new recorders.
var current = providers[0]

// EachProvider runs the tests of a package once for each kind of provider that a [Recorder] may have:
//
//	func TestMain(m *testing.M) { goleak.VerifyTestMain(spantest.EachProvider{M: m}) }
type EachProvider struct{ M interface{ Run() int } }

// Run runs the tests until they fail. Fuzzing, benchmarks and profiles use one provider only, because they end with the
// first run.
func (e EachProvider) Run() (code int) {
	if slices.ContainsFunc(os.Args, runsOnce) {
		return e.M.Run()
	}
	for _, current = range providers {
		if code = e.M.Run(); code != 0 {
			fmt.Println("The spans are those of", current.name)
			break
		}
	}
	return code
}

// IsFirst reports whether the tests run with the first kind of provider. A test that does not depend on a [Recorder] has
// nothing to add in the other runs.
func IsFirst() bool { return current.name == providers[0].name }

// runsOnce reports whether an argument of the test binary excludes a second run.
func runsOnce(argument string) bool {
	return slices.ContainsFunc([]string{"-test.fuzz", "-test.bench=", "-test.cpuprofile", "-test.memprofile", "-test.blockprofile"},
		func(flag string) bool { return strings.HasPrefix(argument, flag) })
}
