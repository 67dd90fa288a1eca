package spanroute_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"testing"
	"testing/slogtest"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute"
)

func withoutTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey || a.Key == slog.LevelKey {
		return slog.Attr{}
	}
	return a
}

func TestLogHandlerAddsIDs(t *testing.T) {
	ctx := trace.ContextWithSpanContext(context.Background(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{0: 1, 15: 2}, SpanID: trace.SpanID{7: 3}, TraceFlags: trace.FlagsSampled,
	}))
	ids := `"trace_id":"01000000000000000000000000000002","span_id":"0000000000000003","sampled":true`
	tests := []struct {
		name string
		log  func(*slog.Logger)
		want string
	}{
		{"with a span", func(l *slog.Logger) { l.InfoContext(ctx, "m", "a", 1) }, `{"msg":"m","a":1,` + ids + `}`},
		{"without a span", func(l *slog.Logger) { l.InfoContext(context.Background(), "m", "a", 1) }, `{"msg":"m","a":1}`},
		{"without a context", func(l *slog.Logger) { l.Info("m") }, `{"msg":"m"}`},
		{"attributes of the logger", func(l *slog.Logger) { l.With("b", 2).InfoContext(ctx, "m") }, `{"msg":"m","b":2,` + ids + `}`},
		{
			"ids stay outside a group", func(l *slog.Logger) { l.With("b", 2).WithGroup("g").With("c", 3).InfoContext(ctx, "m", "a", 1) },
			`{"msg":"m","b":2,` + ids + `,"g":{"c":3,"a":1}}`,
		},
	}
	for _, tt := range tests {
		var out bytes.Buffer
		tt.log(slog.New(spanroute.NewLogHandler(slog.NewJSONHandler(&out, &slog.HandlerOptions{ReplaceAttr: withoutTime}))))
		if got := string(bytes.TrimSpace(out.Bytes())); got != tt.want {
			t.Errorf("%s: %s", tt.name, cmp.Diff(tt.want, got))
		}
	}
}

// Loggers that share a prefix must not change each other.
func TestLogHandlersAreIndependent(t *testing.T) {
	ctx := trace.ContextWithSpanContext(context.Background(), trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}}))
	var out bytes.Buffer
	parent := slog.New(spanroute.NewLogHandler(slog.NewJSONHandler(&out, nil))).WithGroup("g").With("p", 0)
	first, second := parent.With("x", 1), parent.With("y", 2)
	first.InfoContext(ctx, "m")
	second.InfoContext(ctx, "m")
	decoder := json.NewDecoder(&out)
	for _, want := range []map[string]any{{"p": 0.0, "x": 1.0}, {"p": 0.0, "y": 2.0}} {
		var line map[string]any
		if err := decoder.Decode(&line); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, line["g"]); diff != "" {
			t.Error(diff)
		}
	}
}

func TestLogHandlerIsAHandler(t *testing.T) {
	var out bytes.Buffer
	slogtest.Run(t, func(*testing.T) slog.Handler {
		out.Reset()
		return spanroute.NewLogHandler(slog.NewJSONHandler(&out, nil))
	}, func(t *testing.T) map[string]any {
		line := map[string]any{}
		if err := json.Unmarshal(out.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		return line
	})
}
