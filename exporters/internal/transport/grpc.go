package transport

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/internal/redaction"
	"github.com/spanroute/spanroute/internal/tlsfiles"
	"github.com/spanroute/spanroute/internal/version"
)

// reconnectWait is the maximum time that an attempt waits for a connection that was down. gRPC fails calls at once until
// a new connection is open.
const reconnectWait = time.Second

// GRPCOptions describes one gRPC destination.
type GRPCOptions struct {
	Target  string        // for grpc.NewClient
	TLS     *tlsfiles.TLS // nil means plaintext
	Headers Headers       // sent as metadata, already checked
	Gzip    bool          // compress requests
	Family  Family        //
	Port    string        // the usual port of such receivers, for hints: "4317"
	From    string        // where the target was set, for hints

	KeepaliveTime    time.Duration // without activity during a call, until the server is pinged; 0 means never
	KeepaliveTimeout time.Duration // for the answer to a ping; 0 means DefaultKeepaliveTimeout
}

// DefaultKeepaliveTimeout is that of grpc-go.
const DefaultKeepaliveTimeout = 20 * time.Second

// GRPC sends to one destination. It is safe for concurrent use.
//
// How it works. It has one connection, which grpc-go opens at the first call and opens again after a loss, and which is
// replaced when it is silent, see channels. Package
// delivery decides when to retry, so grpc-go must neither retry a call nor delay a new connection: its retries are off,
// and an attempt on a connection that is down first resets its backoff and waits up to reconnectWait. Outcome turns the
// error of a call into a verdict. It looks at the message first, because some codes have several causes, then at the
// code, by the rules of the family of the backend.
type GRPC struct {
	opts     GRPCOptions
	channels *channels
	metadata metadata.MD
	secrets  *redaction.Redactor
	answered atomic.Bool // a gRPC server has answered here before
}

// NewGRPC prepares a destination; it neither dials nor resolves.
func NewGRPC(o GRPCOptions) (*GRPC, error) {
	creds := insecure.NewCredentials()
	if o.TLS != nil {
		creds = newCredentials(o.TLS)
	}
	g := &GRPC{opts: o, metadata: metadata.New(o.Headers.Metadata())}
	g.secrets = redaction.New(http.Header(g.metadata), proxyOf(&url.URL{Scheme: "https", Host: o.Target}))
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(creds),
		grpc.WithUserAgent(version.UserAgent),
		grpc.WithDisableRetry(),
		grpc.WithDisableServiceConfig(),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: backoff.Config{
			BaseDelay: 500 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 30 * time.Second,
		}, MinConnectTimeout: 10 * time.Second}),
	}
	if o.KeepaliveTime > 0 {
		options = append(options, grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: o.KeepaliveTime, Timeout: o.KeepaliveTimeout}))
	}
	if o.Gzip {
		options = append(options, grpc.WithDefaultCallOptions(grpc.UseCompressor(gzip.Name)))
	}
	var err error
	g.channels, err = newChannels(func() (*grpc.ClientConn, error) { return grpc.NewClient(o.Target, options...) })
	return g, err
}

// Close ends the connection; running calls fail.
func (g *GRPC) Close() error { return g.channels.close() }

// Attempt runs one unary call with the destination's metadata and classifies its error. The connection belongs to g.
func (g *GRPC) Attempt(ctx context.Context, call func(context.Context, *grpc.ClientConn) error) delivery.Outcome {
	began, c := time.Now(), g.channels.begin()
	reconnect(ctx, c.ClientConn)
	if len(g.metadata) > 0 {
		ctx = metadata.NewOutgoingContext(ctx, g.metadata)
	}
	err := call(ctx, c.ClientConn)
	silent := err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded)
	g.channels.end(c, began, err == nil || ctx.Err() == nil && isAnswer(err), silent)
	return g.Outcome(ctx, err)
}

// isAnswer reports whether an error comes from the server. UNAVAILABLE may also mean that the connection was lost, which is
// not silent: grpc-go opens it again.
func isAnswer(err error) bool {
	code := status.Code(err)
	return code != codes.Canceled && code != codes.DeadlineExceeded
}

// reconnect makes a connection that is down dial again before the call. Package delivery schedules the attempts, so the
// backoff of gRPC is reset.
func reconnect(ctx context.Context, conn *grpc.ClientConn) {
	if conn.GetState() != connectivity.TransientFailure {
		return
	}
	conn.ResetConnectBackoff()
	ctx, cancel := context.WithTimeout(ctx, reconnectWait)
	defer cancel()
	conn.WaitForStateChange(ctx, connectivity.TransientFailure)
}

// Outcome classifies the error of a call; nil is Delivered.
func (g *GRPC) Outcome(ctx context.Context, err error) delivery.Outcome {
	if err == nil {
		g.answered.Store(true)
		return delivery.Outcome{Verdict: delivery.Delivered}
	}
	if ctx.Err() != nil {
		err = noAnswer(ctx)
		return delivery.Outcome{Verdict: delivery.Retry, Err: err, Hint: delivery.Hint(g.seen(err.Error()))}
	}
	s := status.Convert(err)
	if o, ok := g.textual(s); ok {
		return o
	}
	o := delivery.Outcome{Verdict: delivery.Rejected, Err: g.statusError(s)}
	info := retryInfo(s)
	if g.opts.Family.retriesCode(s.Code(), info != nil) {
		o.Verdict = delivery.Retry
		o.RetryAfter = max(0, info.GetRetryDelay().AsDuration())
	}
	o.Hint = g.codeHint(s)
	return o
}

// textual classifies by the message, before the code: only the message distinguishes a size limit from a full queue,
// and a failed handshake from an outage.
func (g *GRPC) textual(s *status.Status) (delivery.Outcome, bool) {
	text := s.Message()
	o := delivery.Outcome{Err: g.statusError(s)}
	switch {
	case s.Code() == codes.ResourceExhausted && (strings.Contains(text, "larger than max") || strings.Contains(text, "exceeds maximum")):
		o.Verdict = delivery.TooLarge
		return o, true
	case s.Code() != codes.Unavailable:
		return o, false
	}
	if o.Verdict, o.Hint = diagnose(text); o.Verdict == delivery.Misconfigured {
		if o.Hint == "" {
			o.Hint = delivery.Hint(g.seen(text))
		}
		return o, true
	}
	// A TLS port closes a plaintext connection just as a proxy does before its server has started. If the client uses
	// TLS, or a gRPC server has answered before, the server restarts.
	early := hungUp(text)
	if early && g.opts.TLS == nil && !g.answered.Load() {
		o.Hint = hintHungUp
	}
	return o, early
}

// hungUp reports whether the peer closed the connection before it was a gRPC connection. The text depends on which side
// noticed first.
func hungUp(text string) bool {
	return strings.Contains(text, "error reading server preface") ||
		strings.Contains(text, "write: broken pipe") || strings.Contains(text, "write: connection reset by peer")
}

// retriesCode reports whether a backend of the family may accept the same call later. info means that the status
// contains a RetryInfo, without which OTLP does not retry a call that exhausted a resource. The list is that of the
// OTLP specification (v1.5.0, "Failures"). It holds for Jaeger too, except for an exhausted resource.
func (f Family) retriesCode(c codes.Code, info bool) bool {
	switch c {
	case codes.Canceled, codes.DeadlineExceeded, codes.Aborted, codes.OutOfRange, codes.Unavailable, codes.DataLoss:
		return true
	case codes.ResourceExhausted:
		return f == Classic || info
	}
	return false
}

// retryInfo returns the RetryInfo in the details of a status, or nil.
func retryInfo(s *status.Status) *errdetails.RetryInfo {
	for _, detail := range s.Details() {
		if info, ok := detail.(*errdetails.RetryInfo); ok {
			return info
		}
	}
	return nil
}

// statusError returns the code and the head of the message, without the destination's secrets.
func (g *GRPC) statusError(s *status.Status) error {
	return errors.New("grpc " + s.Code().String() + ": " + delivery.Excerpt(g.masked(s.Message())))
}

// masked masks the secrets in a message. If an answer is not gRPC, grpc-go (v1.85.0) quotes its first 1024
// bytes at the end of the message, where a secret may be cut.
func (g *GRPC) masked(text string) string {
	if i := strings.LastIndex(text, "\ndata: "); i >= 0 {
		return g.secrets.Text(text[:i]) + g.secrets.Head(text[i:])
	}
	return g.secrets.Text(text)
}

// Excerpt returns the part of a receiver's text that may be logged and kept: the destination's secrets masked, control
// characters escaped, at most 200 bytes.
func (g *GRPC) Excerpt(text string) string { return excerpt(g.secrets, text) }
