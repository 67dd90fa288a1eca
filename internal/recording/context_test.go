package recording_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/baggage"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/recording"
)

// bothKinds runs f with spans that are contexts themselves, and as if the API's key were unknown.
func bothKinds(t *testing.T, f func(t *testing.T)) {
	if !recording.KnowsSpanKey() {
		t.Error("the key of trace.SpanFromContext is unknown: Start needs one more allocation")
	}
	t.Run("one allocation", f)
	t.Run("the API's context", func(t *testing.T) { recording.WithoutSpanKey(func() { f(t) }) })
}

// samplers are those whose spans are of each kind.
var samplers = map[string]sdktrace.Sampler{"recorded": sdktrace.AlwaysSample(), "dropped": sdktrace.NeverSample()}

func TestContextOfASpan(t *testing.T) {
	bothKinds(t, func(t *testing.T) {
		for name, sampler := range samplers {
			t.Run(name, func(t *testing.T) {
				c := newConfig()
				c.Sampler = sampler
				type key struct{}
				member, _ := baggage.NewMember("k", "v")
				bag, _ := baggage.New(member)
				parent, cancel := context.WithCancelCause(baggage.ContextWithBaggage(context.WithValue(context.Background(), key{}, 7), bag))
				ctx, span := recording.New(c).Tracer("").Start(parent, "work")
				if trace.SpanFromContext(ctx) != span || trace.SpanFromContext(context.WithValue(ctx, "k", "v")) != span { //nolint:staticcheck // any key
					t.Error("the span is not in its context")
				}
				if ctx.Value(key{}) != 7 || baggage.FromContext(ctx).Member("k").Value() != "v" {
					t.Error("a value of the parent context is lost")
				}
				if text := fmt.Sprint(ctx); !strings.Contains(text, "WithSpan") && !strings.Contains(text, "WithValue") {
					t.Errorf("the context is written as %s", text)
				}
				below, stop := context.WithCancel(ctx)
				defer stop()
				cancel(errors.New("over"))
				<-below.Done()
				if cause := context.Cause(below); cause == nil || cause.Error() != "over" {
					t.Errorf("cause %v, want that of the parent", cause)
				}
			})
		}
	})
}

// A context below a span's is cancelled by its parent directly, and not by a goroutine that waits for it.
func TestContextOfASpanNeedsNoGoroutine(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ctx, _ = recording.New(newConfig()).Tracer("").Start(ctx, "work")
	before := runtime.NumGoroutine()
	for range 20 {
		_, stop := context.WithCancel(ctx)
		defer stop()
	}
	if n := runtime.NumGoroutine() - before; n > 0 {
		t.Errorf("%d goroutines wait", n)
	}
}

func TestBehaviourWithTheAPIsContext(t *testing.T) {
	recording.WithoutSpanKey(func() {
		for range 50 {
			input := randomInput(uint64(len(t.Name())))
			if got, want := operate(own, input), operate(oracle, input); got != want {
				t.Fatalf("got:\n%s\nwant:\n%s", got, want)
			}
		}
	})
}

// The SDK may add methods to its interfaces. The spans of this package must define all of them.
func TestAllMethodsAreDefined(t *testing.T) {
	unexported := []string{"private", "span"}
	for _, span := range recording.Bare() {
		of := reflect.TypeFor[sdktrace.ReadOnlySpan]()
		if _, ok := span.(sdktrace.ReadWriteSpan); ok {
			of = reflect.TypeFor[sdktrace.ReadWriteSpan]()
		}
		for i := range of.NumMethod() {
			method := of.Method(i)
			if slices.Contains(unexported, method.Name) {
				continue
			}
			func() {
				defer func() {
					if v := recover(); v != nil {
						t.Errorf("%T.%s is that of the embedded span: %v", span, method.Name, v)
					}
				}()
				call(reflect.ValueOf(span).MethodByName(method.Name))
			}()
		}
	}
}

// call calls f with zero values.
func call(f reflect.Value) {
	var in []reflect.Value
	for i := range f.Type().NumIn() {
		in = append(in, reflect.Zero(f.Type().In(i)))
	}
	if f.Type().IsVariadic() {
		f.CallSlice(in)
		return
	}
	f.Call(in)
}
