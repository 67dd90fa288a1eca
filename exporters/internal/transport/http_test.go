package transport_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"go.uber.org/goleak"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/internal/transport"
	"github.com/spanroute/spanroute/internal/tlsfiles"
	"github.com/spanroute/spanroute/registry/settings"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newHTTP(t testing.TB, o transport.HTTPOptions) *transport.HTTP {
	t.Helper()
	h, err := transport.NewHTTP(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	return h
}

func server(t testing.TB, handler http.HandlerFunc) *httptest.Server {
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s
}

func TestVerdictOfAStatus(t *testing.T) {
	const (
		yes   = delivery.Delivered
		retry = delivery.Retry
		no    = delivery.Rejected
		large = delivery.TooLarge
		wrong = delivery.Misconfigured
	)
	tests := []struct {
		status        int
		body          string
		classic, otlp delivery.Verdict
	}{
		{200, "", yes, yes}, {202, "", yes, yes}, {204, "", yes, yes},
		{301, "", no, no}, {302, "", no, no}, {307, "", no, no}, {308, "", no, no},
		{400, "", no, no}, {400, "http: request body too large", large, large}, {400, "Request Body Too Large", large, large},
		{400, "Client sent an HTTP request to an HTTPS server.\n", wrong, wrong},
		{400, "<center>The plain HTTP request was sent to HTTPS port</center>", wrong, wrong},
		{401, "", no, no}, {403, "", no, no}, {404, "", no, no}, {407, "", wrong, wrong},
		{408, "", retry, no}, {413, "", large, large}, {415, "", no, no}, {429, "", retry, retry},
		{500, "", retry, no}, {501, "", no, no}, {502, "", retry, retry}, {503, "", retry, retry}, {504, "", retry, retry}, {505, "", no, no},
	}
	for _, tt := range tests {
		srv := server(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(tt.status)
			io.WriteString(w, tt.body)
		})
		for family, want := range map[transport.Family]delivery.Verdict{transport.Classic: tt.classic, transport.OTLP: tt.otlp} {
			o := newHTTP(t, transport.HTTPOptions{URL: srv.URL, Family: family}).Post(context.Background(), []byte("x"))
			if o.Verdict != want {
				t.Errorf("%d %q, family %d: %s, want %s", tt.status, tt.body, family, o.Verdict, want)
			}
			if got, want := o.RetryAfter, 7*time.Second; (o.Verdict == retry) != (got == want) {
				t.Errorf("%d, family %d: after %v", tt.status, family, got)
			}
			if o.Verdict != yes && !strings.Contains(o.Err.Error(), fmt.Sprint(tt.status)) {
				t.Errorf("%d, family %d: error %q does not name the status", tt.status, family, o.Err)
			}
		}
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	followed := false
	other := server(t, func(http.ResponseWriter, *http.Request) { followed = true })
	srv := server(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
	})
	o := newHTTP(t, transport.HTTPOptions{URL: srv.URL}).Post(context.Background(), nil)
	if followed || o.Verdict != delivery.Rejected || !strings.Contains(o.Hint, other.URL) {
		t.Errorf("followed = %t, outcome %+v, want a rejection that names %s", followed, o, other.URL)
	}
}

// A Location that is not a URL makes no difference: it is neither parsed nor repeated with its secrets.
func TestRedirectToNowhereIsRejected(t *testing.T) {
	for _, location := range []string{"", "%zz", "http://[bad?token=s3cret", "//h:99999999?token=s3cret"} {
		srv := server(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Location"] = []string{location}
			w.WriteHeader(http.StatusFound)
		})
		o := newHTTP(t, transport.HTTPOptions{URL: srv.URL}).Post(context.Background(), nil)
		if o.Verdict != delivery.Rejected || strings.Contains(o.Err.Error()+o.Hint, "s3cret") {
			t.Errorf("Location %q: outcome %+v, want a rejection without secrets", location, o)
		}
	}
}

// The body of a 101 is the connection itself, which never ends and which no context ends.
func TestSwitchingProtocolsIsAnAnswer(t *testing.T) {
	l := listen(t, func(c net.Conn) {
		c.Read(make([]byte, 1024))
		io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
		io.Copy(io.Discard, c)
	})
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if o := newHTTP(t, transport.HTTPOptions{URL: "http://" + l}).Post(ctx, nil); o.Verdict != delivery.Rejected || ctx.Err() != nil {
		t.Errorf("outcome = %+v, context %v, want rejected at once", o, ctx.Err())
	}
}

func TestOnly64KiBOfAHeaderAreRead(t *testing.T) {
	srv := server(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", 80<<10)) })
	o := newHTTP(t, transport.HTTPOptions{URL: srv.URL}).Post(context.Background(), nil)
	if o.Verdict != delivery.Retry || len(o.Err.Error()) > 200 {
		t.Errorf("outcome = %+v, want a retry", o)
	}
}

func TestHintWhenTheServerSpeaksHTTP2(t *testing.T) {
	l := listen(t, func(c net.Conn) {
		c.Read(make([]byte, 1024))                                                      // an answer before the request is another error
		c.Write([]byte("\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x05\x00\x00\x40\x00")) // a SETTINGS frame
	})
	o := newHTTP(t, transport.HTTPOptions{URL: "http://" + l}).Post(context.Background(), nil)
	if o.Verdict != delivery.Misconfigured || !strings.Contains(o.Hint, "gRPC port") {
		t.Errorf("outcome = %+v, want misconfigured with a hint about the gRPC port", o)
	}
}

func TestHintWhenTheServerAnswersWithATLSAlert(t *testing.T) {
	l := listen(t, func(c net.Conn) {
		c.Read(make([]byte, 1024))
		c.Write([]byte("\x15\x03\x01\x00\x02\x02\x16"))
	})
	o := newHTTP(t, transport.HTTPOptions{URL: "http://" + l}).Post(context.Background(), nil)
	if o.Verdict != delivery.Misconfigured || !strings.Contains(o.Hint, "https://") {
		t.Errorf("outcome = %+v, want misconfigured with a hint about https", o)
	}
}

// listen serves raw connections, one handler each.
func listen(t testing.TB, handle func(net.Conn)) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { defer c.Close(); handle(c) }()
		}
	}()
	return l.Addr().String()
}

func TestOnly64KiBOfAnAnswerAreRead(t *testing.T) {
	srv := server(t, func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 64<<10)); err != nil {
				return
			}
		}
	})
	h := newHTTP(t, transport.HTTPOptions{URL: srv.URL})
	if o, a := h.Exchange(context.Background(), nil); len(a.Body) != 64<<10 || o.Verdict != delivery.Delivered {
		t.Errorf("%s with %d bytes, want delivered with %d", o.Verdict, len(a.Body), 64<<10)
	}
}

func TestErrorShows200BytesOfAnAnswer(t *testing.T) {
	srv := server(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(400)
		io.WriteString(w, "\x1b[31m"+strings.Repeat("é", 300))
	})
	o := newHTTP(t, transport.HTTPOptions{URL: srv.URL}).Post(context.Background(), nil)
	text := strings.TrimPrefix(o.Err.Error(), "answer 400 Bad Request: ")
	if len(text) > 200 || len(text) < 190 || !utf8.ValidString(text) || !strings.HasPrefix(text, `\x1b[31mé`) {
		t.Errorf("error = %d bytes, %q", len(text), text)
	}
}

func TestAHungBodyDoesNotUndoAStatus(t *testing.T) {
	srv := server(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "10")
		w.WriteHeader(200)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if o := newHTTP(t, transport.HTTPOptions{URL: srv.URL}).Post(ctx, nil); o.Verdict != delivery.Delivered {
		t.Errorf("outcome = %+v, want delivered", o)
	}
}

func TestNoAnswer(t *testing.T) {
	gone := listen(t, func(c net.Conn) { c.Close() })
	hung := listen(t, func(c net.Conn) { io.Copy(io.Discard, c) })
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	tests := map[string]struct{ url, err string }{
		"refused":      {"http://" + closed.Addr().String(), "connection refused"},
		"EOF":          {"http://u:s3cret@" + gone + "?key=s3cret", ""},
		"hang":         {"http://" + hung, "no answer: context deadline exceeded"},
		"unknown host": {"http://no-such.invalid", "no such host"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), 400*time.Millisecond)
			defer cancel()
			o := newHTTP(t, transport.HTTPOptions{URL: tt.url, From: "x.endpoint (here)"}).Post(ctx, []byte("x"))
			if name == "unknown host" && errors.Is(o.Err, context.DeadlineExceeded) {
				return // a resolver that fails slowly is a timeout
			}
			if o.Verdict != delivery.Retry || !strings.Contains(o.Err.Error(), tt.err) {
				t.Errorf("outcome = %+v, want a retry for %q", o, tt.err)
			}
			if strings.Contains(o.Err.Error()+o.Hint, "s3cret") {
				t.Errorf("outcome %+v tells a secret", o)
			}
		})
	}
}

// TestCloseEndsAnAttempt: connections in use and dials under way do not outlive the destination.
func TestCloseEndsAnAttempt(t *testing.T) {
	arrived := make(chan struct{})
	hung := listen(t, func(c net.Conn) { close(arrived); io.Copy(io.Discard, c) })
	h := newHTTP(t, transport.HTTPOptions{URL: "http://" + hung})
	done := make(chan delivery.Outcome)
	go func() { done <- h.Post(context.Background(), nil) }()
	<-arrived
	h.Close()
	if o := <-done; o.Verdict != delivery.Retry {
		t.Errorf("outcome = %+v, want a retry", o)
	}
	if o := h.Post(context.Background(), nil); o.Verdict == delivery.Delivered {
		t.Error("an attempt after Close was delivered")
	}
}

func TestHTTP2IsUsedOverTLS(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 || r.Header.Get("Keep-Alive") != "" {
			w.WriteHeader(505)
		}
	}))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	writePEM(t, ca, "CERTIFICATE", srv.Certificate().Raw)
	conf, err := tlsfiles.Certificates{CA: ca}.TLS("", nil)
	if err != nil {
		t.Fatal(err)
	}
	h := newHTTP(t, transport.HTTPOptions{URL: srv.URL, TLS: conf, Headers: transport.Headers{{Name: "Keep-Alive", Value: "1"}}})
	if o := h.Post(context.Background(), nil); o.Verdict != delivery.Delivered {
		t.Errorf("outcome = %+v, want delivered over HTTP/2", o)
	}
}

func TestEndpointForLogs(t *testing.T) {
	h := newHTTP(t, transport.HTTPOptions{URL: "https://u:s3cret@h:9411/p?token=s3cret&format=x"})
	if got := h.Endpoint(); strings.Contains(got, "s3cret") || strings.Contains(got, "u:") || !strings.Contains(got, "https://h:9411/p") {
		t.Errorf("Endpoint = %s", got)
	}
}

func TestNewHTTPRefuses(t *testing.T) {
	for _, url := range []string{"", "localhost:9411", "ftp://h", "http://", "http://h\x7f"} {
		if _, err := transport.NewHTTP(transport.HTTPOptions{URL: url}); !errors.Is(err, settings.ErrURL) {
			t.Errorf("NewHTTP(%q) = %v, want a url fault", url, err)
		}
	}
}

func TestBasic(t *testing.T) {
	for _, tt := range [][3]string{{"u", "p:ä", "Basic dTpwOsOk"}, {"u", "", ""}, {"", "p", ""}} {
		if got := transport.Basic(tt[0], tt[1]); got != tt[2] {
			t.Errorf("Basic(%q, %q) = %q, want %q", tt[0], tt[1], got, tt[2])
		}
	}
}

func TestAuthorizationBeatsUserAndPassword(t *testing.T) {
	var got string
	srv := server(t, func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Get("Authorization") })
	withUser := strings.Replace(srv.URL, "http://", "http://a:b@", 1)
	tests := []struct {
		o    transport.HTTPOptions
		want string
	}{
		{transport.HTTPOptions{URL: withUser}, transport.Basic("a", "b")},
		{transport.HTTPOptions{URL: withUser, Username: "c", Password: "d"}, transport.Basic("c", "d")},
		{transport.HTTPOptions{URL: withUser, Username: "c", Password: "d", Headers: transport.Headers{{Name: "authorization", Value: "Bearer x"}}}, "Bearer x"},
		{transport.HTTPOptions{URL: srv.URL, Username: "c"}, ""},
		{transport.HTTPOptions{URL: strings.Replace(srv.URL, "http://", "http://token@", 1)}, "Basic dG9rZW46"},
	}
	for _, tt := range tests {
		newHTTP(t, tt.o).Post(context.Background(), nil)
		if got != tt.want {
			t.Errorf("Authorization = %q, want %q", got, tt.want)
		}
	}
}

func TestMetadataLeavesOutWhatGRPCReserves(t *testing.T) {
	hs := transport.Headers{{"X-A", "1"}, {"grpc-encoding", "gzip"}, {"User-Agent", "x"}, {"TE", "x"}, {":authority", "x"}, {"Content-Type", "x"}}
	got := hs.Metadata()
	if len(got) != 1 || got["x-a"] != "1" {
		t.Errorf("Metadata = %v, want only x-a", got)
	}
	if transport.Headers(nil).Metadata() == nil {
		t.Error("Metadata of no headers is nil")
	}
}

func TestCheckMetadata(t *testing.T) {
	fine := transport.Headers{{"X-A_b.9", "1"}, {"trace-bin", "x"}, {":authority", "x"}}
	if err := fine.CheckMetadata("grpc.headers"); err != nil {
		t.Errorf("CheckMetadata = %v, want nil", err)
	}
	for _, name := range []string{"x~y", "x!", "a b", ""} {
		err := transport.Headers{{name, "s3cret"}}.CheckMetadata("grpc.headers")
		if !errors.Is(err, settings.ErrHeader) || !strings.HasPrefix(err.Error(), "grpc.headers: ") || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("CheckMetadata of %q = %v, want a header fault", name, err)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	tests := map[string]time.Duration{
		"": 0, "2": 2 * time.Second, " 120 ": 2 * time.Minute, "0": 0, "-1": 0, "soon": 0, "1.5": 0, "+3": 3 * time.Second,
		"Fri, 20 Nov 2026 12:00:02 GMT": 2 * time.Second, "Fri, 20 Nov 2026 11:59:00 GMT": 0,
		"9223372036854775807": 1<<63 - 1, "99999999999999999999": 1<<63 - 1, "-99999999999999999999": 0,
	}
	for value, want := range tests {
		if got := transport.RetryAfter(value, now); got != want {
			t.Errorf("RetryAfter(%q) = %v, want %v", value, got, want)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"2", "-1", "soon", "Fri, 20 Nov 2026 12:00:02 GMT", "99999999999999999999"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if got := transport.RetryAfter(value, time.Unix(1e9, 0)); got < 0 {
			t.Errorf("RetryAfter(%q) = %v, want no less than 0", value, got)
		}
	})
}

// FuzzHeaders: what passes Check can be sent, and cannot end its line.
func FuzzHeaders(f *testing.F) {
	f.Add("x-a", "v")
	f.Add("a b", "\r\nx: y")
	f.Add(":path", "é")
	f.Fuzz(func(t *testing.T, name, value string) {
		hs := transport.Headers{{Name: name, Value: value}}
		if hs.Check("headers") != nil {
			return
		}
		if strings.ContainsAny(name+value, "\r\n\x00") || name == "" {
			t.Errorf("header %q: %q passes", name, value)
		}
	})
}
