package spanroute

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"reflect"
	"sync"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/internal/service"
	"github.com/spanroute/spanroute/internal/tlsfiles"
	"github.com/spanroute/spanroute/registry/settings"
	"github.com/spanroute/spanroute/sampling"
	"github.com/spanroute/spanroute/sampling/jaegerremote"
)

// remoteSampling holds the client of the sampling server, which polls the server in a goroutine.
//
// How it works. check makes a client for a configuration whose sampler needs one, without a goroutine. set starts it and
// shuts down the one before, which has decided until then. The new client begins with the strategy of the old one. A
// configuration with the same settings keeps the client, so that a reload for another reason does not request anything.
type remoteSampling struct {
	mu      sync.Mutex
	current *remoteClient // nil if the sampler needs none
	closed  bool
}

// A remoteClient is a client and what it was made from.
type remoteClient struct {
	*jaegerremote.Sampler
	settings sampling.Remote
}

// check returns the client for cfg, nil if its sampler needs none. It reads the certificate files and has no other effects.
// serviceName is that of the start, because a reload does not change it.
func (r *remoteSampling) check(cfg *config.Config, serviceName string, logger *slog.Logger) (*remoteClient, error) {
	if !sampling.IsRemote(cfg.Sampling.Sampler) {
		return nil, nil
	}
	r.mu.Lock()
	before := r.current
	r.mu.Unlock()
	remote := cfg.Sampling.Remote
	if before != nil && reflect.DeepEqual(before.settings, remote) {
		return before, nil
	}
	source, err := remoteSource(remote, cmp.Or(serviceName, service.Unknown()), logger)
	if err != nil {
		return nil, inSection(cfg, "sampling.remote", "sampling.remote: ", err)
	}
	o := jaegerremote.Options{
		Source: source, Interval: remote.Interval, InitialRate: remote.InitialRate, MaxOperations: remote.MaxOperations, Logger: logger,
	}
	if before != nil {
		o.Previous = before.Sampler
	}
	client, err := jaegerremote.New(o)
	if err != nil {
		return nil, inSection(cfg, "sampling.remote", "sampling.remote: ", err)
	}
	return &remoteClient{client, remote}, nil
}

// newSampler returns the sampler of cfg, with its client if it needs one.
func newSampler(cfg *config.Config, serviceName string, r *remoteSampling, logger *slog.Logger) (sdktrace.Sampler, *remoteClient, error) {
	client, err := r.check(cfg, serviceName, logger)
	if err != nil {
		return nil, nil, err
	}
	if client == nil {
		sampler, err := sampling.New(cfg.Sampling)
		return sampler, nil, err
	}
	sampler, err := sampling.NewRemote(cfg.Sampling, client)
	return sampler, client, err
}

// remoteSource returns the source of strategies for the service.
func remoteSource(remote sampling.Remote, serviceName string, logger *slog.Logger) (jaegerremote.Source, error) {
	to, err := jaegerremote.ParseEndpoint(cmp.Or(remote.Endpoint, jaegerremote.DefaultEndpoint))
	if err != nil {
		return nil, &settings.KeyError{Key: "endpoint", Err: err}
	}
	connection := jaegerremote.Connection{Header: http.Header{}}
	for _, pair := range remote.Headers {
		connection.Header.Set(pair.Name, pair.Value)
	}
	if to.TLS {
		files := tlsfiles.Certificates{CA: remote.CertificateFile, Cert: remote.ClientCertificateFile, Key: remote.ClientKeyFile}
		followed, err := files.TLS("", logger)
		if err != nil {
			return nil, err
		}
		connection.TLS = followed.Config
	}
	return jaegerremote.NewSource(to, serviceName, connection), nil
}

// set makes next the client in use: it starts next and shuts down the one before. After Shutdown it does nothing.
func (r *remoteSampling) set(next *remoteClient) {
	r.mu.Lock()
	before := r.current
	if r.closed || next == before {
		r.mu.Unlock()
		return
	}
	r.current = next
	if next != nil {
		next.Start()
	}
	r.mu.Unlock()
	if before != nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = before.Shutdown(ctx) // a poll ends with its context
	}
}

// state returns the state of the client, nil without one.
func (r *remoteSampling) state() *jaegerremote.State {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.current == nil {
		return nil
	}
	state := r.current.State()
	return &state
}

// ForceFlush does nothing.
func (r *remoteSampling) ForceFlush(context.Context) error { return nil }

// Shutdown ends the polls. The client continues to decide by its last strategy.
func (r *remoteSampling) Shutdown(ctx context.Context) error {
	r.mu.Lock()
	r.closed = true
	current := r.current
	r.mu.Unlock()
	if current == nil {
		return nil
	}
	return current.Shutdown(ctx)
}
