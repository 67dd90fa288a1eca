package recording_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/recording"
)

// mark writes the name of a span into each field of it.
func mark(span trace.Span, name string) {
	span.SetAttributes(attribute.String("of", name), attribute.StringSlice("list", []string{name}))
	span.AddEvent(name, trace.WithAttributes(attribute.String("of", name)))
	span.AddLink(trace.Link{Attributes: []attribute.KeyValue{attribute.String("of", name)}})
	span.SetStatus(codes.Error, name)
}

// foreign returns the texts in a span that are not those which mark wrote for its name.
func foreign(s sdktrace.ReadOnlySpan) (found []string) {
	name := s.Name()
	note := func(text string) {
		if text != name {
			found = append(found, text)
		}
	}
	attributes := func(list []attribute.KeyValue) {
		for _, kv := range list {
			switch kv.Key {
			case "of":
				note(kv.Value.AsString())
			case "list":
				note(strings.Join(kv.Value.AsStringSlice(), " "))
			default:
				note(string(kv.Key))
			}
		}
	}
	attributes(s.Attributes())
	for _, e := range s.Events() {
		note(e.Name)
		attributes(e.Attributes)
	}
	for _, l := range s.Links() {
		attributes(l.Attributes)
	}
	if s.Status().Description != "" {
		note(s.Status().Description)
	}
	return found
}

// delayed is a sink that reads bodies later, in a goroutine of its own, and releases them then.
type delayed struct {
	bodies chan *recording.Body
	seen   atomic.Int64
	faults chan string
}

func newDelayed() *delayed {
	return &delayed{bodies: make(chan *recording.Body, 64), faults: make(chan string, 1)}
}

func (d *delayed) Take(b *recording.Body) { d.bodies <- b }

func (d *delayed) run() {
	for b := range d.bodies {
		d.seen.Add(1)
		if found := foreign(b); len(found) > 0 {
			select {
			case d.faults <- fmt.Sprintf("%s has %q of other spans", b.Name(), found):
			default:
			}
		}
		b.Release()
	}
}

// Programs use handles during and after their End, in several goroutines, while bodies go through two sinks and are
// used again. No span has a value of another.
func TestHandlesUsedForeverDoNotReachOtherSpans(t *testing.T) {
	const workers, spans = 8, 2000
	sinks := []*delayed{newDelayed(), newDelayed()}
	tracer := recording.New(sinkConfig(sinks[0], sinks[1])).Tracer("test")
	var reading, writing sync.WaitGroup
	for _, sink := range sinks {
		reading.Go(sink.run)
	}
	for worker := range workers {
		writing.Go(func() { useHandlesForever(tracer, worker, spans) })
	}
	writing.Wait()
	for _, sink := range sinks {
		close(sink.bodies)
	}
	reading.Wait()
	for i, sink := range sinks {
		select {
		case fault := <-sink.faults:
			t.Error(fault)
		default:
		}
		if n := sink.seen.Load(); n != workers*spans {
			t.Errorf("sink %d took %d spans, want %d", i, n, workers*spans)
		}
	}
}

// useHandlesForever makes spans, and uses the last handles of its own after their end.
func useHandlesForever(tracer trace.Tracer, worker, spans int) {
	type used struct {
		span trace.Span
		name string
	}
	var old [4]used
	var other sync.WaitGroup
	defer other.Wait()
	for i := range spans {
		name := fmt.Sprintf("span %d of %d", i, worker)
		_, span := tracer.Start(context.Background(), name)
		mark(span, name)
		if i%8 == 0 {
			other.Go(func() { mark(span, name); span.End() }) // while this goroutine ends it
		}
		span.End()
		for _, late := range old {
			if late.span != nil {
				mark(late.span, late.name+" after its end")
				_ = late.span.(sdktrace.ReadOnlySpan).Attributes()
				late.span.End()
			}
		}
		old[i%len(old)] = used{span, name}
	}
}

// A handle that kept its body after End would be seen by the test above: here is one.
func TestAHandleThatKeepsItsBodyIsSeen(t *testing.T) {
	kept := new(keeping)
	tracer := recording.New(sinkConfig(kept)).Tracer("test")
	for range 1000 {
		kept.bodies = kept.bodies[:0]
		_, faulty := tracer.Start(context.Background(), "faulty")
		faulty.End()
		body := kept.bodies[0]
		body.Release()
		recording.KeepBody(faulty.(*recording.Span), body)
		_, span := tracer.Start(context.Background(), "work")
		faulty.SetAttributes(attribute.String("of", "faulty"))
		span.End()
		if again := kept.bodies[1]; again == body { // the pool may hand out another
			if found := foreign(again); len(found) == 0 {
				t.Error("a value of another span is not seen")
			}
			return
		}
		kept.bodies[1].Release()
	}
	t.Error("no body was used again")
}
