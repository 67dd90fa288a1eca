package jaegerremote_test

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jaegertracing/jaeger-idl/proto-gen/api_v2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/spanroute/spanroute/sampling/jaegerremote"
)

// timeLimit bounds the requests that must succeed.
const timeLimit = 10 * time.Second

func fetch(t *testing.T, source jaegerremote.Source) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeLimit)
	defer cancel()
	r, err := jaegerremote.Fetch(ctx, source)
	if err != nil {
		return "", err
	}
	return r.Strategy()
}

// newSource returns a source for an endpoint as an operator writes it.
func newSource(t *testing.T, text, service string, c jaegerremote.Connection) jaegerremote.Source {
	t.Helper()
	e, err := jaegerremote.ParseEndpoint(text)
	if err != nil {
		t.Fatal(err)
	}
	return jaegerremote.NewSource(e, service, c)
}

// trusting returns a connection that accepts the certificate of server, which may have none.
func trusting(server *httptest.Server) jaegerremote.Connection {
	roots := x509.NewCertPool()
	if certificate := server.Certificate(); certificate != nil {
		roots.AddCert(certificate)
	}
	return jaegerremote.Connection{TLS: func() *tls.Config { return &tls.Config{RootCAs: roots} }}
}

func TestHTTPRequest(t *testing.T) {
	for name, newServer := range map[string]func(http.Handler) *httptest.Server{"http": httptest.NewServer, "https": httptest.NewTLSServer} {
		t.Run(name, func(t *testing.T) {
			requests := make(chan *http.Request, 1)
			server := newServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				requests <- r
				w.Header().Set("Content-Type", "application/json; charset=utf-8")
				_, _ = fmt.Fprint(w, rateLimit(4))
			}))
			defer server.Close()
			connection := trusting(server)
			connection.Header = http.Header{"Authorization": {"Bearer secret"}}
			source := newSource(t, server.URL+"/sampling?tenant=a", "my shop/&=ü", connection)
			if got, err := fetch(t, source); got != "rate limiting 4/s" {
				t.Fatalf("strategy %q, %v", got, err)
			}
			r := <-requests
			if r.Method != http.MethodGet || r.URL.Path != "/sampling" || r.URL.Query().Get("service") != "my shop/&=ü" || r.URL.Query().Get("tenant") != "a" {
				t.Errorf("request %s %s", r.Method, r.URL)
			}
			if r.Header.Get("Authorization") != "Bearer secret" || !strings.HasPrefix(r.UserAgent(), "spanroute/") || !r.Close {
				t.Errorf("headers %v, close %t; want those of the client, the user agent, and a closed connection", r.Header, r.Close)
			}
		})
	}
}

func TestHTTPResponsesThatAreRejected(t *testing.T) {
	respond := func(status int, contentType, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(status)
			_, _ = fmt.Fprint(w, body)
		}
	}
	endless := func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/json")
		chunk := []byte(strings.Repeat(" ", 1<<16))
		for range (1 << 30) / len(chunk) {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}
	for name, tt := range map[string]struct {
		handler http.HandlerFunc
		want    string
	}{
		"not found":           {respond(404, "application/json", rateLimit(1)), "the server responds with status 404, want 200"},
		"error of the server": {respond(500, "text/plain", "collector error"), "the server responds with status 500, want 200"},
		"no content":          {respond(204, "application/json", ""), "the server responds with status 204, want 200"},
		"redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusFound)
		}, "the server responds with status 302, want 200"},
		"HTML":                    {respond(200, "text/html", rateLimit(1)), `the response has the content type "text/html", want application/json`},
		"content type of nothing": {respond(200, "", rateLimit(1)), `the response has the content type "", want application/json`},
		"binary content type":     {respond(200, "application/x-protobuf", rateLimit(1)), `the response has the content type`},
		"garbage":                 {respond(200, "application/json", "\x00\x01\x02"), "the response is not a JSON object"},
		"one byte too long":       {respond(200, "application/json", rateLimit(1)+strings.Repeat(" ", jaegerremote.MaxResponse)), "the response is larger than 1048576 bytes"},
		"1 GB":                    {func(w http.ResponseWriter, _ *http.Request) { endless(w) }, "the response is larger than 1048576 bytes"},
		"1 GB, compressed": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			chunk := make([]byte, 1<<20)
			for range 64 {
				if _, err := z.Write(chunk); err != nil {
					return
				}
			}
			_ = z.Close()
		}, "the response is larger than 1048576 bytes"},
		"connection closed": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "EOF"},
		"truncated": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", "1000")
			_, _ = fmt.Fprint(w, rateLimit(1))
		}, "unexpected EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(tt.handler)
			defer server.Close()
			source := newSource(t, server.URL, "shop", jaegerremote.Connection{})
			if got, err := fetch(t, source); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("strategy %q, error %v; want %s", got, err, tt.want)
			}
		})
	}
}

func TestHTTPServerThatHangs(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"before the header": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"in the body": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = fmt.Fprint(w, "{")
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		},
	} {
		t.Run(name, func(t *testing.T) {
			arrived := make(chan struct{})
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				close(arrived)
				handler(w, r)
			}))
			defer server.Close()
			s := start(t, jaegerremote.Options{Source: newSource(t, server.URL, "shop", jaegerremote.Connection{})})
			<-arrived
			ctx, cancel := context.WithTimeout(t.Context(), timeLimit)
			defer cancel()
			if err := s.Shutdown(ctx); err != nil {
				t.Errorf("Shutdown: %v", err)
			}
		})
	}
}

func TestHTTPErrorsAndNamesHideSecrets(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	source := newSource(t, "http://user:hunter2@"+address+"/sampling?token=hunter3", "shop", jaegerremote.Connection{})
	if got, want := source.String(), "http://***@"+address+"/sampling?token=***"; got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
	if _, err = fetch(t, source); err == nil || strings.Contains(err.Error(), "hunter") {
		t.Errorf("error %v, want one without the password", err)
	}
}

// samplingManager is the service of Jaeger, with its generated code.
type samplingManager struct {
	api_v2.UnimplementedSamplingManagerServer
	answer func(context.Context, string) (*api_v2.SamplingStrategyResponse, error)
}

func (m samplingManager) GetSamplingStrategy(ctx context.Context, p *api_v2.SamplingStrategyParameters) (*api_v2.SamplingStrategyResponse, error) {
	return m.answer(ctx, p.ServiceName)
}

func serveGRPC(t *testing.T, answer func(context.Context, string) (*api_v2.SamplingStrategyResponse, error), options ...grpc.ServerOption) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(options...)
	api_v2.RegisterSamplingManagerServer(server, samplingManager{answer: answer})
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l)
	}()
	t.Cleanup(func() {
		server.Stop()
		<-done
	})
	return l.Addr().String()
}

func grpcSource(t *testing.T, address string) jaegerremote.Source {
	t.Helper()
	return newSource(t, "grpc://"+address, "shop", jaegerremote.Connection{})
}

func TestGRPC(t *testing.T) {
	for name, tt := range messages {
		address := serveGRPC(t, func(_ context.Context, service string) (*api_v2.SamplingStrategyResponse, error) {
			if service != "shop" {
				return nil, status.Errorf(codes.InvalidArgument, "service %q", service)
			}
			return tt.message, nil
		})
		source := grpcSource(t, address)
		if got := source.String(); got != "grpc "+address {
			t.Errorf("String() = %q", got)
		}
		for range 2 {
			if got, err := fetch(t, source); got != tt.want {
				t.Errorf("%s: strategy %q, %v; want %q", name, got, err, tt.want)
			}
		}
	}
}

func TestGRPCWithTLSAndHeaders(t *testing.T) {
	certificates := httptest.NewTLSServer(nil)
	defer certificates.Close()
	address := serveGRPC(t, func(ctx context.Context, _ string) (*api_v2.SamplingStrategyResponse, error) {
		if md, _ := metadata.FromIncomingContext(ctx); strings.Join(md.Get("x-tenant"), "") != "a" {
			return nil, status.Error(codes.Unauthenticated, "x-tenant is missing")
		} else if agent := strings.Join(md.Get("user-agent"), ""); !strings.HasPrefix(agent, "spanroute/") {
			return nil, status.Errorf(codes.InvalidArgument, "user agent %q", agent)
		}
		return &api_v2.SamplingStrategyResponse{ProbabilisticSampling: probability(0.5)}, nil
	}, grpc.Creds(credentials.NewTLS(&tls.Config{Certificates: certificates.TLS.Certificates})))
	connection := trusting(certificates)
	connection.Header = http.Header{"X-Tenant": {"a"}}
	source := newSource(t, "grpcs://"+address, "shop", connection)
	if got, err := fetch(t, source); got != "probabilistic 0.5" {
		t.Errorf("strategy %q, %v", got, err)
	}
	plain := grpcSource(t, address)
	if got, err := fetch(t, plain); err == nil {
		t.Errorf("without TLS: strategy %q, want an error", got)
	}
}

func TestGRPCResponsesThatAreRejected(t *testing.T) {
	huge := &api_v2.SamplingStrategyResponse{OperationSampling: &api_v2.PerOperationSamplingStrategies{
		PerOperationStrategies: []*api_v2.OperationSamplingStrategy{operation(strings.Repeat("x", jaegerremote.MaxResponse), 1)},
	}}
	for name, tt := range map[string]struct {
		message *api_v2.SamplingStrategyResponse
		err     error
		want    string
	}{
		"unavailable":   {nil, status.Error(codes.Unavailable, "starting"), "starting"},
		"unimplemented": {nil, status.Error(codes.Unimplemented, "no"), "UNIMPLEMENTED: no"},
		"empty":         {&api_v2.SamplingStrategyResponse{}, nil, "the response contains no strategy"},
		"too large":     {huge, nil, "the response is larger than 1048576 bytes"},
		"out of range":  {&api_v2.SamplingStrategyResponse{ProbabilisticSampling: probability(nan)}, nil, "samplingRate: NaN is out of range"},
		"long error":    {nil, status.Error(codes.Internal, strings.Repeat("x", 1<<20)), "INTERNAL"},
	} {
		t.Run(name, func(t *testing.T) {
			source := grpcSource(t, serveGRPC(t, func(context.Context, string) (*api_v2.SamplingStrategyResponse, error) { return tt.message, tt.err }))
			if got, err := fetch(t, source); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("strategy %q, error %v; want %s", got, err, tt.want)
			}
		})
	}
}

func TestGRPCServerThatHangs(t *testing.T) {
	arrived := make(chan struct{})
	address := serveGRPC(t, func(ctx context.Context, _ string) (*api_v2.SamplingStrategyResponse, error) {
		close(arrived)
		<-ctx.Done()
		return nil, ctx.Err()
	})
	s := start(t, jaegerremote.Options{Source: grpcSource(t, address)})
	<-arrived
	ctx, cancel := context.WithTimeout(t.Context(), timeLimit)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
}

func TestGRPCTargets(t *testing.T) {
	answer := func(context.Context, string) (*api_v2.SamplingStrategyResponse, error) {
		return &api_v2.SamplingStrategyResponse{ProbabilisticSampling: probability(0.5)}, nil
	}
	address := serveGRPC(t, answer)
	for _, endpoint := range []string{"grpc://" + address, "dns:///" + address, "passthrough:///" + address} {
		if got, err := fetch(t, newSource(t, endpoint, "shop", jaegerremote.Connection{})); got != "probabilistic 0.5" {
			t.Errorf("%s: strategy %q, %v", endpoint, got, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := jaegerremote.Fetch(ctx, grpcSource(t, "127.0.0.1:1")); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want canceled", err)
	}
}
