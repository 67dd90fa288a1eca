package jaegerremote_test

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jaegertracing/jaeger-idl/proto-gen/api_v2"

	"github.com/spanroute/spanroute/sampling/jaegerremote"
)

// frame returns a message of gRPC that claims the given size.
func frame(compressed byte, size uint32, message []byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{compressed}, size), message...)
}

// serveHTTP2 serves without TLS, over HTTP/2 and HTTP/1.
func serveHTTP2(t *testing.T, handler http.HandlerFunc) (address string) {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetHTTP1(true)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

func TestGRPCAnswersThatAreRejected(t *testing.T) {
	valid, err := (&api_v2.SamplingStrategyResponse{ProbabilisticSampling: probability(0.5)}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	size := uint32(len(valid))
	const grpc, none = "application/grpc", ""
	for name, tt := range map[string]struct {
		contentType string
		body        []byte
		status      string // none: without trailers
		want        string // "" if the answer is valid
	}{
		"valid":                         {grpc, frame(0, size, valid), "0", ""},
		"valid, with a suffix":          {grpc + "+proto", frame(0, size, valid), "0", ""},
		"web page":                      {"text/html", []byte("<html>"), none, `the response has the content type "text/html", want application/grpc`},
		"empty":                         {grpc, nil, "0", "the response contains no message"},
		"without a status":              {grpc, frame(0, size, valid), none, "the response ends without a status"},
		"error after a valid message":   {grpc, frame(0, size, valid), "14", "the server responds with status UNAVAILABLE"},
		"unknown status":                {grpc, frame(0, size, valid), "99", "the server responds with status 99"},
		"compressed":                    {grpc, frame(1, size, valid), "0", "the response is compressed"},
		"claims 4 GB":                   {grpc, frame(0, 1<<32-1, valid), "0", "the response is larger than 1048576 bytes"},
		"claims more than it sends":     {grpc, frame(0, size+1, valid), "0", "unexpected EOF"},
		"claims less than it sends":     {grpc, frame(0, size-1, valid), "0", "the response contains more than one message"},
		"two messages":                  {grpc, append(frame(0, size, valid), frame(0, size, valid)...), "0", "the response contains more than one message"},
		"cut in the prefix":             {grpc, []byte{0, 0}, "0", "unexpected EOF"},
		"garbage":                       {grpc, frame(0, 3, []byte{0xff, 0xff, 0xff}), "0", "the response is not a protobuf message"},
		"repeats a secret of a request": {grpc, nil, "16", "the server responds with status UNAUTHENTICATED: *** is not a token"},
	} {
		t.Run(name, func(t *testing.T) {
			address := serveHTTP2(t, func(w http.ResponseWriter, r *http.Request) {
				if r.ProtoMajor != 2 || r.Method != http.MethodPost || r.Header.Get("Te") != "trailers" {
					t.Errorf("request %s %s with %v, want a call over HTTP/2", r.Proto, r.Method, r.Header)
				}
				w.Header().Set("Content-Type", tt.contentType)
				_, _ = w.Write(tt.body)
				if tt.status != none {
					w.Header().Set(http.TrailerPrefix+"Grpc-Status", tt.status)
					w.Header().Set(http.TrailerPrefix+"Grpc-Message", r.Header.Get("Authorization")+" is not a token")
				}
			})
			source := newSource(t, "grpc://"+address, "shop", jaegerremote.Connection{Header: http.Header{"Authorization": {"hunter2"}}})
			got, err := fetch(t, source)
			if tt.want == "" && got != "probabilistic 0.5" || tt.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.want)) {
				t.Errorf("strategy %q, error %v; want %s", got, err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("error %v contains a secret", err)
			}
		})
	}
}

func TestReservedHeaders(t *testing.T) {
	for scheme, reserved := range map[string][]string{"http": {"Host", "Content-Length"}, "grpc": {"Grpc-Timeout", "Connection", "Host", "Content-Encoding"}} {
		received := make(chan http.Header, 1)
		address := serveHTTP2(t, func(w http.ResponseWriter, r *http.Request) {
			received <- r.Header
			http.NotFound(w, r)
		})
		connection := jaegerremote.Connection{Header: http.Header{"x-tenant": {"a"}}}
		for _, name := range reserved {
			connection.Header.Set(name, "reserved")
		}
		if _, err := fetch(t, newSource(t, scheme+"://"+address, "shop", connection)); err == nil {
			t.Errorf("%s: no error", scheme)
		}
		var header http.Header
		select {
		case header = <-received:
		default:
			t.Errorf("%s: no request", scheme)
		}
		if got := header.Get("X-Tenant"); got != "a" {
			t.Errorf("%s: header %v, want X-Tenant", scheme, header)
		}
		for _, name := range reserved {
			if header.Get(name) == "reserved" {
				t.Errorf("%s: the reserved header %s is sent", scheme, name)
			}
		}
	}
}

func TestGRPCEndlessAnswer(t *testing.T) {
	address := serveHTTP2(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/grpc")
		_, _ = w.Write(frame(0, jaegerremote.MaxResponse, nil))
		chunk := make([]byte, 1<<16)
		for range (1 << 30) / len(chunk) {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
	if got, err := fetch(t, newSource(t, "grpc://"+address, "shop", jaegerremote.Connection{})); err == nil || err.Error() != "the response contains more than one message" {
		t.Errorf("strategy %q, error %v", got, err)
	}
}

func TestGRPCOverHTTP1(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	for _, scheme := range []string{"grpc", "grpcs"} {
		address := scheme + "://" + server.Listener.Addr().String()
		if got, err := fetch(t, newSource(t, address, "shop", jaegerremote.Connection{})); err == nil {
			t.Errorf("%s: strategy %q, want an error", scheme, got)
		}
	}
}

func TestGRPCOverASocket(t *testing.T) {
	name := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", name)
	if err != nil {
		t.Skip(err)
	}
	server := &http.Server{Protocols: new(http.Protocols), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/grpc")
		w.Header().Set("Grpc-Status", "12")
		w.Header().Set("Grpc-Message", fmt.Sprintf("host%%20%s", r.Host))
	})}
	server.Protocols.SetUnencryptedHTTP2(true)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l)
	}()
	_, err = fetch(t, newSource(t, "unix://"+name, "shop", jaegerremote.Connection{}))
	if want := "the server responds with status UNIMPLEMENTED: host localhost"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	_ = server.Close()
	<-done
}
