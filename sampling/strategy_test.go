package sampling_test

import (
	"context"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/suppress"
	"github.com/spanroute/spanroute/sampling"
)

// everyOther keeps the root span "kept", and other ones if their trace id has an even last byte.
type everyOther struct{}

var marks = []attribute.KeyValue{attribute.String("sampler.type", "test")}

func (everyOther) Decide(id trace.TraceID, operation string) ([]attribute.KeyValue, bool) {
	return marks, operation == "kept" || id[15]%2 == 0
}

func (everyOther) String() string { return "every other" }

func TestStrategyDecidesInPlaceOfTheRate(t *testing.T) {
	even, odd := traceID(t, "0000000000000002"), traceID(t, "0000000000000001")
	remote := func(sampled bool) context.Context { return parentContext(odd, true, sampled, "") }
	local := func(sampled bool) context.Context { return parentContext(odd, false, sampled, "") }
	root := context.Background()
	const based, always = sampling.ParentBasedJaegerRemote, sampling.JaegerRemote
	for _, tt := range []struct {
		name, sampler, operation string
		ctx                      context.Context
		id                       trace.TraceID
		kept, marked             bool
	}{
		{"root, by its id", based, "", root, even, true, true},
		{"root, not kept", based, "", root, odd, false, false},
		{"root, by its name", based, "kept", root, odd, true, true},
		{"sampled caller", based, "", remote(true), odd, true, false},
		{"unsampled caller", based, "kept", remote(false), odd, false, false},
		{"sampled local parent", based, "", local(true), odd, true, false},
		{"unsampled local parent", based, "kept", local(false), odd, false, false},
		{"root, without parents", always, "kept", root, odd, true, true},
		{"sampled caller, without parents", always, "", remote(true), odd, false, false},
		{"unsampled caller, without parents", always, "kept", remote(false), odd, true, false},
		{"unsampled local parent, without parents", always, "kept", local(false), odd, true, false},
		{"excluded request", always, "kept", suppress.Context(local(true)), odd, false, false},
	} {
		s, err := sampling.NewRemote(sampling.Config{Sampler: tt.sampler, SampleRate: 0.5}, everyOther{})
		if err != nil {
			t.Fatal(err)
		}
		result := s.ShouldSample(sdktrace.SamplingParameters{ParentContext: tt.ctx, TraceID: tt.id, Name: tt.operation})
		if kept, marked := result.Decision == sdktrace.RecordAndSample, len(result.Attributes) > 0; kept != tt.kept || marked != tt.marked {
			t.Errorf("%s: kept %t, with attributes %t; want %t, %t", tt.name, kept, marked, tt.kept, tt.marked)
		}
	}
}

func TestStrategyWithUntrustedCallers(t *testing.T) {
	odd := traceID(t, "0000000000000001")
	for _, name := range []string{sampling.ParentBasedJaegerRemote, sampling.JaegerRemote} {
		s, err := sampling.NewRemote(sampling.Config{Sampler: name, RemoteParent: sampling.Ignore, Dropped: sampling.Record}, everyOther{})
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Description(); got != "spanroute{"+name+",every other,remote_parent=ignore,dropped=record}" {
			t.Errorf("Description() = %q", got)
		}
		if kept := keptOf(2000, s, parentContext(odd, true, true, ""), odd); kept < 800 || kept > 1200 {
			t.Errorf("%s keeps %d of 2000 spans below a caller that chose its id, want about half", name, kept)
		}
		if kept := keptOf(10, s, parentContext(odd, false, true, ""), odd); kept != 10 {
			t.Errorf("%s keeps %d of 10 spans below a local sampled parent, want all", name, kept)
		}
	}
}

// The strategy replaces the rate: rules come before it, the limit bounds it, and what it drops is left to the keeper.
func TestStrategyWithRulesAndLimits(t *testing.T) {
	odd := traceID(t, "0000000000000001")
	config := sampling.Config{
		Sampler: sampling.ParentBasedJaegerRemote, MaxTracesPerSecond: 3,
		Rules: []sampling.Rule{{Name: "none", Kind: []string{"client"}, Drop: true}, {Name: "all", Kind: []string{"producer"}, Keep: true}},
	}
	s, err := sampling.NewRemote(config, everyOther{})
	if err != nil {
		t.Fatal(err)
	}
	start := func(kind trace.SpanKind, operation string) sdktrace.SamplingResult {
		return s.ShouldSample(sdktrace.SamplingParameters{ParentContext: context.Background(), TraceID: odd, Name: operation, Kind: kind})
	}
	if r := start(trace.SpanKindClient, "kept"); r.Decision != sdktrace.Drop {
		t.Error("a trace that a rule drops is kept")
	}
	if r := start(trace.SpanKindProducer, "other"); r.Decision != sdktrace.RecordAndSample || r.Attributes[0].Key == marks[0].Key {
		t.Errorf("a trace that a rule keeps: %+v, want it kept without the attributes of the strategy", r)
	}
	kept := 0
	for range 10 {
		if r := start(trace.SpanKindServer, "kept"); r.Decision == sdktrace.RecordAndSample {
			kept++
		}
	}
	if kept != 2 {
		t.Errorf("%d of 10 traces kept at once, want 2: the limit, less the one of the rule", kept)
	}

	config = sampling.Config{Sampler: sampling.JaegerRemote, Keep: sampling.Keep{Errors: true}}
	if s, err = sampling.NewRemote(config, everyOther{}); err != nil {
		t.Fatal(err)
	}
	for operation, held := range map[string]bool{"kept": false, "other": true} {
		_, local := sampling.NewDynamic(s).Decide(trace.SpanContext{}, sdktrace.SamplingParameters{ParentContext: context.Background(), TraceID: odd, Name: operation})
		if (local != nil) != held {
			t.Errorf("%s: held %t, want %t", operation, local != nil, held)
		}
	}
}

func TestStrategyIsRequired(t *testing.T) {
	for _, name := range sampling.Samplers() {
		if _, err := sampling.New(sampling.Config{Sampler: name}); (err != nil) != sampling.IsRemote(name) {
			t.Errorf("New with %s: %v", name, err)
		}
	}
}
