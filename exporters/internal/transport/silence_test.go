package transport_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/internal/transport"
	"github.com/spanroute/spanroute/internal/tlsfiles"
)

// A relay forwards connections to a server. After silence, the connections that are open pass nothing on and stay open, as
// after the loss of a node or a timeout of a NAT gateway; new ones work.
type relay struct {
	net.Listener
	accepted atomic.Int64
	mu       sync.Mutex
	silent   chan struct{} // closed by silence and replaced
}

func newRelay(t *testing.T, target string) *relay {
	t.Helper()
	r := &relay{Listener: port(t), silent: make(chan struct{})}
	var open sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	open.Go(func() {
		for {
			from, err := r.Accept()
			if err != nil {
				return
			}
			r.accepted.Add(1)
			to, err := net.Dial("tcp", target)
			if err != nil {
				from.Close()
				return
			}
			r.mu.Lock()
			silent := r.silent
			r.mu.Unlock()
			open.Go(func() { forward(to, from, silent) })
			open.Go(func() { forward(from, to, silent) })
			context.AfterFunc(ctx, func() { from.Close(); to.Close() })
		}
	})
	t.Cleanup(func() { r.Close(); cancel(); open.Wait() })
	return r
}

// forward copies until silent is closed. It continues to read, so that the sender sees no full buffer.
func forward(to io.Writer, from io.Reader, silent <-chan struct{}) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		select {
		case <-silent:
		default:
			_, _ = to.Write(buf[:n])
		}
	}
}

func (r *relay) silence() {
	r.mu.Lock()
	defer r.mu.Unlock()
	close(r.silent)
	r.silent = make(chan struct{})
}

func within(d time.Duration, f func(context.Context) delivery.Outcome) delivery.Outcome {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	return f(ctx)
}

func TestASilentGRPCConnectionIsReplaced(t *testing.T) {
	l := port(t)
	serve(t, l, func(context.Context) error { return nil })
	r := newRelay(t, l.Addr().String())
	g := newGRPC(t, transport.GRPCOptions{Target: r.Addr().String()})
	call := func(ctx context.Context) delivery.Outcome { return attempt(ctx, g) }
	for round := range 3 {
		if o := within(10*time.Second, call); o.Verdict != delivery.Delivered {
			t.Fatalf("round %d: outcome = %+v, want delivered", round, o)
		}
		r.silence()
		if o := within(200*time.Millisecond, call); o.Verdict != delivery.Retry {
			t.Fatalf("round %d: outcome of a silent connection = %+v, want a retry", round, o)
		}
	}
	if n := r.accepted.Load(); n != 3 {
		t.Errorf("%d connections, want one for each silence", n)
	}
}

// With pings, a call on a silent connection ends long before its deadline. 10 s is the shortest interval of grpc-go.
func TestKeepaliveFindsASilentConnection(t *testing.T) {
	t.Parallel()
	l := port(t)
	serve(t, l, func(context.Context) error { return nil }, grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: time.Second}))
	r := newRelay(t, l.Addr().String())
	g := newGRPC(t, transport.GRPCOptions{Target: r.Addr().String(), KeepaliveTime: 10 * time.Second, KeepaliveTimeout: time.Second})
	call := func(ctx context.Context) delivery.Outcome { return attempt(ctx, g) }
	if o := within(10*time.Second, call); o.Verdict != delivery.Delivered {
		t.Fatalf("outcome = %+v, want delivered", o)
	}
	r.silence()
	begun := time.Now()
	if o := within(time.Minute, call); o.Verdict != delivery.Retry || !strings.Contains(o.Err.Error(), "keepalive") {
		t.Errorf("outcome of a silent connection = %+v, want a retry because of a ping", o)
	}
	if took := time.Since(begun); took > 30*time.Second {
		t.Errorf("the silent connection was found after %v", took)
	}
}

// A connection on which another call is answered in the meantime is not silent, also if the answer is an error.
func TestASlowCallKeepsTheConnection(t *testing.T) {
	for name, answer := range map[string]error{"an answer": nil, "an error": status.Error(codes.Unavailable, "busy")} {
		t.Run(name, func(t *testing.T) {
			l := port(t)
			var calls atomic.Int64
			serve(t, l, func(ctx context.Context) error {
				if calls.Add(1) == 1 {
					<-ctx.Done()
					time.Sleep(50 * time.Millisecond) // the client gives up first
				}
				return answer
			})
			r := newRelay(t, l.Addr().String())
			g := newGRPC(t, transport.GRPCOptions{Target: r.Addr().String()})
			var slow sync.WaitGroup
			slow.Go(func() {
				within(time.Second, func(ctx context.Context) delivery.Outcome { return attempt(ctx, g) })
			})
			for calls.Load() == 0 {
				time.Sleep(time.Millisecond)
			}
			within(10*time.Second, func(ctx context.Context) delivery.Outcome { return attempt(ctx, g) })
			slow.Wait()
			within(10*time.Second, func(ctx context.Context) delivery.Outcome { return attempt(ctx, g) })
			if n := r.accepted.Load(); n != 1 {
				t.Errorf("%d connections, want 1", n)
			}
		})
	}
}

// Calls that run on a connection that is replaced are not cancelled by that.
func TestReplacingAConnectionCancelsNoCall(t *testing.T) {
	l := port(t)
	release := make(chan struct{})
	var calls atomic.Int64
	serve(t, l, func(ctx context.Context) error {
		switch calls.Add(1) {
		case 1: // the long call
			<-release
		case 2:
			<-ctx.Done()
		}
		return nil
	})
	g := newGRPC(t, transport.GRPCOptions{Target: l.Addr().String()})
	call := func(ctx context.Context) delivery.Outcome { return attempt(ctx, g) }
	long := make(chan delivery.Outcome)
	go func() { long <- within(time.Minute, call) }()
	for calls.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	if o := within(100*time.Millisecond, call); o.Verdict != delivery.Retry {
		t.Errorf("outcome of a hang = %+v, want a retry", o)
	}
	close(release)
	if o := <-long; o.Verdict != delivery.Delivered {
		t.Errorf("outcome of the long call = %+v, want delivered", o)
	}
}

// Over HTTP/2, all requests share one connection, which net/http replaces only if a ping is not answered.
func TestASilentHTTP2ConnectionIsReplaced(t *testing.T) {
	transport.SetPings(t, 100*time.Millisecond)
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			t.Errorf("HTTP/%d, want HTTP/2", r.ProtoMajor)
		}
		w.WriteHeader(http.StatusAccepted)
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
	r := newRelay(t, srv.Listener.Addr().String())
	h := newHTTP(t, transport.HTTPOptions{URL: "https://" + r.Addr().String(), TLS: conf})
	post := func(ctx context.Context) delivery.Outcome { return h.Post(ctx, []byte("body")) }
	if o := within(10*time.Second, post); o.Verdict != delivery.Delivered {
		t.Fatalf("outcome = %+v, want delivered", o)
	}
	r.silence()
	if o := within(time.Second, post); o.Verdict != delivery.Retry {
		t.Errorf("outcome of a silent connection = %+v, want a retry", o)
	}
	if o := within(10*time.Second, post); o.Verdict != delivery.Delivered {
		t.Errorf("outcome on a new connection = %+v, want delivered", o)
	}
	if n := r.accepted.Load(); n < 2 {
		t.Errorf("%d connections, want a new one", n)
	}
}
