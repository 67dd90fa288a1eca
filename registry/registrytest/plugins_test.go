package registrytest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
	"unicode/utf8"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/settings"
)

// conf contains the settings of a plugin, without a fault.
type conf struct {
	Path     string         `koanf:"path" alias:"file" doc:"file to append to"`
	Token    string         `koanf:"token" secret:"true" doc:"sent along"`
	Headers  settings.Pairs `koanf:"headers" secret:"true" doc:"sent along too"`
	KeyFile  string         `koanf:"client_key_file" doc:"name of a file"`
	MaxKey   int            `koanf:"max_key" range:"1.." doc:"0 is not set"`
	Deep     deep           `koanf:"deep"`
	Insecure *bool          `koanf:"insecure" doc:"three states"`
}

type deep struct {
	Rate float64       `koanf:"rate" range:"0..1" doc:"share"`
	Wait time.Duration `koanf:"wait" doc:"time"`
	List []string      `koanf:"list" doc:"names"`
}

func defaults() conf { return conf{Path: os.DevNull, Deep: deep{Wait: time.Second}} }

// file is an exporter that keeps every rule unless export or shutdown is set.
type file struct {
	f      *os.File
	mu     sync.Mutex
	closed bool

	export   func(*file, context.Context, []sdktrace.ReadOnlySpan) error
	shutdown func(*file, context.Context) error
}

func (x *file) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	if x.export != nil {
		return x.export(x, ctx, spans)
	}
	return x.write(spans)
}

func (x *file) write(spans []sdktrace.ReadOnlySpan) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed {
		return errors.New("shut down")
	}
	for _, span := range spans {
		if _, err := fmt.Fprintln(x.f, span.Name()); err != nil {
			return err
		}
	}
	return nil
}

func (x *file) Shutdown(ctx context.Context) error {
	if x.shutdown != nil {
		return x.shutdown(x, ctx)
	}
	return x.close()
}

func (x *file) close() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed {
		return nil
	}
	x.closed = true
	return x.f.Close()
}

// broken returns a factory whose exporters alter changes. With a nil alter they keep every rule.
func broken(alter func(x *file, c registry.BuildContext, s conf)) registry.Factory {
	return registry.NewFactory("lines", defaults, func(_ context.Context, c registry.BuildContext, s conf) (sdktrace.SpanExporter, error) {
		f, err := os.OpenFile(s.Path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, &settings.KeyError{Key: "path", Err: err}
		}
		x := &file{f: f}
		if alter != nil {
			alter(x, c, s)
		}
		return x, nil
	})
}

// completing returns a factory with a completion hook.
func completing(hook func(s *conf, c *registry.Completion)) registry.Factory {
	return registry.NewFactory("x", defaults, open[conf], registry.WithCompletion(hook))
}

func engine(e delivery.Encoder[payload], v delivery.Verdict) registry.Factory {
	return registry.NewFactory("engine", nil, func(_ context.Context, c registry.BuildContext, _ struct{}) (sdktrace.SpanExporter, error) {
		return delivery.New(e, sender(v), c.Delivery), nil
	})
}

type payload []string

func (p payload) Spans() int { return len(p) }
func (p payload) Size() int  { return len(p) * 100 }

type names struct{ panics, loses bool }

func (n names) Encode(spans []sdktrace.ReadOnlySpan, _ *delivery.Report) []payload {
	var p payload
	for _, span := range spans {
		if n.panics && !utf8.ValidString(span.Name()) {
			panic("bad UTF-8")
		}
		if n.loses && span.Resource() == nil {
			continue
		}
		p = append(p, span.Name())
	}
	return []payload{p}
}

func (names) Split(p payload) (a, b payload, ok bool) {
	return p[:len(p)/2], p[len(p)/2:], len(p) > 1
}

// panicking is the verdict for which sender panics.
const panicking delivery.Verdict = 99

type sender delivery.Verdict

func (s sender) Send(context.Context, payload) delivery.Outcome {
	if delivery.Verdict(s) == panicking {
		panic("no connection")
	}
	return delivery.Outcome{Verdict: delivery.Verdict(s), Err: errors.New("connection refused")}
}
func (sender) Close(context.Context) error { return nil }

// stop ends the goroutines and calls of broken factories that do not return. Each test makes it in its bubble.
var stop chan struct{}

// leaks keeps files that are leaked on purpose, so that finalizers do not close them.
var leaks []any

func leaked(x any, err error) {
	if err != nil {
		panic(err)
	}
	leaks = append(leaks, x)
}

func open[S any](context.Context, registry.BuildContext, S) (sdktrace.SpanExporter, error) {
	return openFile(os.DevNull)
}

func openFile(path string) (sdktrace.SpanExporter, error) {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	return &file{f: f}, nil
}

// conforming returns a factory with the settings S, whose exporters keep every rule.
func conforming[S any]() registry.Factory { return registry.NewFactory("x", nil, open[S]) }

// shared returns a factory whose exporters share a file. It opens the file again after one of them has closed it.
func shared() registry.Factory {
	var mu sync.Mutex
	var f *os.File
	return registry.NewFactory("x", nil, func(context.Context, registry.BuildContext, struct{}) (sdktrace.SpanExporter, error) {
		mu.Lock()
		defer mu.Unlock()
		if f != nil {
			if _, err := f.Stat(); err == nil {
				return &file{f: f}, nil
			}
		}
		var err error
		f, err = os.OpenFile(os.DevNull, os.O_WRONLY, 0)
		return &file{f: f}, err
	})
}

type starts struct {
	A string `koanf:"a" doc:"starts a goroutine"`
}

func (s starts) Validate() error {
	if s.A != "" {
		go func() { <-stop }()
	}
	return nil
}

type opens struct {
	A string `koanf:"a" doc:"opens a file"`
}

func (s opens) Validate() error {
	if s.A != "" {
		leaked(os.Open(os.DevNull))
	}
	return nil
}

type blabs struct {
	Token string `koanf:"token" secret:"true" doc:"who"`
}

func (s blabs) Validate() error {
	if s.Token != "" {
		return &settings.KeyError{Key: "token", Err: fmt.Errorf("%s is bad", s.Token)}
	}
	return nil
}

type address struct {
	Endpoint string `koanf:"endpoint" doc:"URL"`
}

// ranged and listed are settings whose tags bound the values.
type ranged struct {
	Port int           `koanf:"port" range:"1..65535" doc:"port"`
	Wait time.Duration `koanf:"wait" doc:"time"`
}

type listed struct {
	Mode  string   `koanf:"mode" enum:"json,text" doc:"format"`
	Parts []string `koanf:"parts" alias:"elements" enum:"json,text" doc:"formats"`
}

// defaulting returns a factory with the defaults s, whose exporters keep every rule.
func defaulting[S any](s S) registry.Factory {
	return registry.NewFactory("x", func() S { return s }, open[S])
}
