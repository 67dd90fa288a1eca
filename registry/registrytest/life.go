package registrytest

import (
	"context"
	"sync"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

func prepareIsPure(s *subject) {
	before := snapshot()
	for range 2 {
		if _, err := s.prepare(s.valid); err != nil {
			s.faultf("prepare: %v", err)
		}
	}
	before.compare(s, "prepare")
}

func independent(s *subject) {
	a, b := s.open(), s.open()
	if a == nil || b == nil {
		return
	}
	first, ok := s.export("export", b, ordinary())
	_ = s.shut(a)
	second, ok2 := s.export("export after the other exporter was shut down", b, ordinary())
	if ok && ok2 && first == nil && second != nil {
		s.faultf("shutting down one exporter broke another: %v", second)
	}
	_ = s.shut(b)
}

func emptyExport(s *subject) {
	x := s.open()
	if x == nil {
		return
	}
	for _, spans := range [][]sdktrace.ReadOnlySpan{nil, {}} {
		err, _ := s.call("export of no spans", prompt, func() error { return x.ExportSpans(context.Background(), spans) })
		if err != nil {
			s.faultf("export of no spans: %v, want nil", err)
		}
	}
	_ = s.shut(x)
}

func exportsAtOnce(s *subject) {
	x := s.open()
	if x == nil {
		return
	}
	const goroutines, exports = 8, 10
	_, _ = s.call("8 exports at once", callLimit, func() error {
		ctx, cancel := context.WithTimeout(context.Background(), prompt)
		defer cancel()
		panics := make(chan any, goroutines)
		var wg sync.WaitGroup
		for range goroutines {
			wg.Go(func() {
				defer func() { panics <- recover() }()
				for range exports {
					_ = x.ExportSpans(ctx, ordinary()) // fails if the receiver is down
				}
			})
		}
		wg.Wait()
		close(panics)
		for p := range panics {
			if p != nil {
				panic(p)
			}
		}
		return nil
	})
	_ = s.shut(x)
}

func cancelledContext(s *subject) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	x := s.open()
	if x == nil {
		return
	}
	_, _ = s.call("export with a cancelled context", prompt, func() error { return x.ExportSpans(ctx, ordinary()) })
	_, _ = s.call("shutdown with a cancelled context", prompt, func() error { return x.Shutdown(ctx) })
}

func shutdown(s *subject) {
	x := s.open()
	if x == nil {
		return
	}
	_, _ = s.export("export", x, ordinary())
	_ = s.shut(x)
	if err := s.shut(x); err != nil {
		s.faultf("the second shutdown: %v, want nil", err)
	}
	if err, returned := s.export("export after shutdown", x, ordinary()); returned && err == nil {
		s.faultf("export after shutdown: nil, want an error")
	}
}

func nothingIsLeft(s *subject) {
	if x := s.open(); x != nil { // the runtime keeps open what it opens for the first connection of a process
		_, _ = s.export("export", x, ordinary())
		s.flush(x)
		_ = s.shut(x)
	}
	before := snapshot()
	x := s.open()
	if x == nil {
		return
	}
	_, _ = s.export("export", x, ordinary())
	s.flush(x)
	_ = s.shut(x)
	before.compare(s, "shutdown")
}
