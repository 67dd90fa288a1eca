package mw_test

import (
	"bytes"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/baggage"

	"github.com/spanroute/spanroute/internal/policy"
	"github.com/spanroute/spanroute/internal/spantest"
	"github.com/spanroute/spanroute/mw"
	"github.com/spanroute/spanroute/sampling"
)

// chosenTrace is a trace id that an untrusted client chooses: every ratio above 0 keeps it.
const chosenTrace = "00000000000000000000000000000001"

func TestUntrustedCallersDoNotSample(t *testing.T) {
	tests := []struct {
		name   string
		cfg    sampling.Config
		kept   int
		within int
	}{
		{"respected, rate 0", sampling.Config{}, 100, 0},
		{"ignored, rate 0", sampling.Config{RemoteParent: sampling.Ignore}, 0, 0},
		{"ignored, rate 1", sampling.Config{RemoteParent: sampling.Ignore, SampleRate: 1}, 100, 0},
		{"chosen trace id, traceidratio", sampling.Config{Sampler: sampling.TraceIDRatio, SampleRate: 0.001}, 100, 0},
		{"chosen trace id, traceidratio, ignored", sampling.Config{Sampler: sampling.TraceIDRatio, SampleRate: 0.001, RemoteParent: sampling.Ignore}, 0, 10},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			sampler, err := sampling.New(tt.cfg)
			if err != nil {
				t.Fatal(err)
			}
			rec := spantest.NewRecorder(t, sampler)
			h := mw.New(mw.With(rec.Tracing()))(status(200))
			for range 100 {
				r := newRequest("GET", "/x")
				r.Header.Set("Traceparent", "00-"+chosenTrace+"-"+callerSpan+"-01")
				h.ServeHTTP(httptest.NewRecorder(), r)
			}
			spans := rec.Spans()
			if n := len(spans); n < tt.kept-tt.within || n > tt.kept+tt.within {
				t.Errorf("%d of 100 requests are kept, want %d", n, tt.kept)
			}
			for _, s := range spans {
				if s.SpanContext().TraceID().String() != chosenTrace || !s.Parent().IsRemote() {
					t.Errorf("span in trace %v with parent %v, want the caller's", s.SpanContext().TraceID(), s.Parent())
				}
			}
		})
	}
}

// A stringer panics and has a secret in its text.
type stringer struct{ text string }

func (s stringer) String() string { return s.text }

func TestPanicMessages(t *testing.T) {
	redacted := policy.Rules{RedactPanicMessages: true}
	tests := []struct {
		name  string
		opts  []mw.Option
		rules policy.Rules
		want  bool // the message is recorded
	}{
		{"by default", nil, policy.Rules{}, true},
		{"the option", []mw.Option{mw.WithoutPanicMessages()}, policy.Rules{}, false},
		{"the configuration", nil, redacted, false},
		{"both", []mw.Option{mw.WithoutPanicMessages()}, redacted, false},
	}
	values := map[string]any{
		"text": "at " + sentinel, "error": fmt.Errorf("a: %w", errors.New(sentinel)), "Stringer": stringer{sentinel}, "struct": struct{ S string }{sentinel},
	}
	for _, tt := range tests {
		for name, value := range values {
			t.Run(tt.name+", "+name, func(t *testing.T) {
				logged := captureLogs(t)
				for side, span := range map[string]spantest.Span{
					"server": panickingServer(t, value, tt.rules, tt.opts), "client": panickingClient(t, value, tt.rules, tt.opts),
				} {
					events := span.Events()
					if len(events) != 1 {
						t.Fatalf("%s: %d events, want one", side, len(events))
					}
					set := attribute.NewSet(events[0].Attributes...)
					for _, key := range []attribute.Key{"exception.type", "exception.stacktrace"} {
						if !set.HasValue(key) {
							t.Errorf("%s: the event has no %s", side, key)
						}
					}
					all := spantest.Render(span) + fmt.Sprint(events[0].Attributes)
					if got := strings.Contains(all, sentinel); got != tt.want {
						t.Errorf("%s: the value is in the span = %t, want %t:\n%s", side, got, tt.want, all)
					}
				}
				if strings.Contains(logged.String(), sentinel) {
					t.Errorf("logged %s", logged)
				}
			})
		}
	}
}

// captureLogs collects what is logged by the default loggers until the end of the test.
func captureLogs(t *testing.T) *bytes.Buffer {
	t.Helper()
	var b bytes.Buffer
	before, writer := slog.Default(), log.Writer()
	slog.SetDefault(slog.New(slog.NewTextHandler(&b, nil)))
	log.SetOutput(&b)
	t.Cleanup(func() { slog.SetDefault(before); log.SetOutput(writer) })
	return &b
}

func panickingServer(t *testing.T, value any, rules policy.Rules, opts []mw.Option) spantest.Span {
	t.Helper()
	rec := spantest.NewRecorder(t)
	rec.Exclude(t, rules)
	h := mw.New(mw.With(rec.Tracing()), mw.WithOptions(opts...))(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(value) }))
	func() {
		defer func() { _ = recover() }()
		h.ServeHTTP(httptest.NewRecorder(), newRequest("GET", "/x"))
	}()
	return rec.One(t)
}

func panickingClient(t *testing.T, value any, rules policy.Rules, opts []mw.Option) spantest.Span {
	t.Helper()
	rec := spantest.NewRecorder(t)
	rec.Exclude(t, rules)
	base := tripper(func(*http.Request) (*http.Response, error) { panic(value) })
	func() {
		defer func() { _ = recover() }()
		_, _ = mw.NewTransport(base, mw.With(rec.Tracing()), mw.WithOptions(opts...)).RoundTrip(outgoing(t, "GET", "http://h/", nil))
	}()
	return rec.One(t)
}

func TestOperatorAddsQueryKeys(t *testing.T) {
	rec := spantest.NewRecorder(t)
	server := mw.New(mw.With(rec.Tracing()), mw.WithOnlySensitiveQueryKeys())(status(200))
	client := mw.NewTransport(answer(200, "ok"), mw.With(rec.Tracing()))
	recorded := func() (query, full string) {
		rec.Reset()
		server.ServeHTTP(httptest.NewRecorder(), newRequest("GET", "/x?Mine=1&sig=2"))
		res, err := client.RoundTrip(outgoing(t, "GET", "http://h/?m%49ne=1&sig=2", nil))
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		spans := rec.Wait(t, 2)
		return spans[0].Text("url.query"), spans[1].Text("url.full")
	}
	check := func(wantServer, wantClient string) {
		t.Helper()
		if s, c := recorded(); s != wantServer || c != wantClient {
			t.Errorf("recorded %q and %q, want %q and %q", s, c, wantServer, wantClient)
		}
	}
	check("Mine=1&sig=2", "http://h/?m%49ne=1&sig=REDACTED")
	rec.Exclude(t, policy.Rules{QueryKeys: []string{"mine"}})
	check("Mine=REDACTED&sig=2", "http://h/?m%49ne=REDACTED&sig=REDACTED")
	rec.Live.Store(nil)
	check("Mine=1&sig=2", "http://h/?m%49ne=1&sig=REDACTED")
}

// baggageOfOthers are headers with baggage in other formats than that of W3C.
var baggageOfOthers = []string{"Uberctx-Tenant", "Ot-Baggage-Tenant", "Jaeger-Baggage"}

func TestRemoteBaggage(t *testing.T) {
	tests := []struct {
		name, want string // baggage that goes out
		opts       []mw.ServerOption
		own        bool // the handler adds baggage of its own
	}{
		{"kept", "tenant=t1", nil, false},
		{"kept at a public endpoint", "tenant=t1", []mw.ServerOption{mw.WithPublicEndpoint()}, false},
		{"dropped", "", []mw.ServerOption{mw.WithoutRemoteBaggage()}, false},
		{"dropped at a public endpoint", "", []mw.ServerOption{mw.WithPublicEndpoint(), mw.WithoutRemoteBaggage()}, false},
		{"dropped, and the service's own sent", "mine=1", []mw.ServerOption{mw.WithPublicEndpoint(), mw.WithoutRemoteBaggage()}, true},
		{"dropped from an excluded request", "", []mw.ServerOption{mw.WithoutRemoteBaggage(), mw.WithExclude(func(*http.Request) bool { return true })}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec := spantest.NewRecorder(t)
			var sent http.Header
			client := mw.NewTransport(tripper(func(r *http.Request) (*http.Response, error) {
				sent = r.Header
				return answer(200, "ok")(r)
			}), mw.With(rec.Tracing()))
			proxy := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				ctx := r.Context()
				if tt.own {
					member, _ := baggage.NewMember("mine", "1")
					bag, _ := baggage.New(member)
					ctx = baggage.ContextWithBaggage(ctx, bag)
				}
				out := outgoing(t, "GET", "http://h/", nil).WithContext(ctx)
				out.Header = r.Header.Clone() // as a reverse proxy does
				res, err := client.RoundTrip(out)
				if err != nil {
					t.Error(err)
					return
				}
				_ = res.Body.Close()
			})
			r := newRequest("GET", "/x")
			r.Header.Set("Traceparent", "00-"+callerTrace+"-"+callerSpan+"-01")
			r.Header.Set("Baggage", "tenant=t1")
			for _, other := range baggageOfOthers {
				r.Header.Set(other, "t1")
			}
			mw.New(append([]mw.ServerOption{mw.With(rec.Tracing())}, tt.opts...)...)(proxy).ServeHTTP(httptest.NewRecorder(), r)
			if got := sent.Get("Baggage"); got != tt.want {
				t.Errorf("baggage %q went out, want %q", got, tt.want)
			}
			if got := r.Header.Get("Baggage"); got != "tenant=t1" {
				t.Errorf("the original request has baggage %q, want it unchanged", got)
			}
			for _, other := range baggageOfOthers {
				if got, want := sent.Get(other) != "", tt.want == "tenant=t1"; got != want || r.Header.Get(other) == "" {
					t.Errorf("%s went out: %t, want %t; the original request has %q", other, got, want, r.Header.Get(other))
				}
			}
		})
	}
}

func TestBaggageOfTheProgramIsKept(t *testing.T) {
	member, _ := baggage.NewMember("before", "1")
	bag, _ := baggage.New(member)
	for header, want := range map[string]string{"": "before=1", "tenant=t1": "before=1"} {
		r := newRequest("GET", "/x")
		r = r.WithContext(baggage.ContextWithBaggage(r.Context(), bag)) // by a middleware outside
		if header != "" {
			r.Header.Set("Baggage", header)
		}
		serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if got := baggage.FromContext(r.Context()).String(); got != want {
				t.Errorf("baggage %q, want %q", got, want)
			}
		}), r, mw.WithoutRemoteBaggage())
	}
}
