// Package spanroute starts tracing for services that speak net/http (chi first) and gRPC, from one checked
// configuration.
//
//	cfg, err := config.Load(config.Sources{Files: []string{"tracing.yaml"}})
//	t, err := spanroute.Start(ctx, cfg)
//	defer t.Shutdown(ctx)
//
//	r := chi.NewRouter()
//	r.Use(mw.New(mw.With(t)))
//	s := grpc.NewServer(grpcmw.ServerOptions(grpcmw.With(t))...)
//
// Exporters are linked in by a blank import of exporters/all, or of only those wanted, and chosen by name in
// the configuration.
//
// [Start] checks everything, then opens all exporters or none, then assembles, which cannot fail: a start that
// fails leaves no goroutine and no open file. It contacts no receiver; one that is down is a log line and not
// an error, because a service must not depend on its tracing.
//
// Root is the only package that knows all others. Configuration, middleware and exporters are strangers to
// one another; what the middleware needs from a running tracing are the few methods of [*Tracing] that
// mw.Tracing and grpcmw.Tracing name.
//
// The SDK's batch processor is not used: its drops cannot be counted and one hung export stops it. Each
// exporter has a queue of its own instead, see package exporters/delivery, and [Tracing.Stats] tells for each
// of them what became of every span.
package spanroute
