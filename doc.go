// Package spanroute starts tracing for services that use net/http (chi first) and gRPC, from one checked configuration.
//
//	cfg, err := config.Load(config.Sources{Files: []string{"tracing.yaml"}})
//	t, err := spanroute.Start(ctx, cfg)
//	defer t.Shutdown(ctx)
//
//	r := chi.NewRouter()
//	r.Use(mw.New(mw.With(t)))
//	s := grpc.NewServer(grpcmw.ServerOptions(grpcmw.With(t))...)
//
// A blank import of exporters/all, or of single exporters, links them in; the configuration selects them by name.
//
// [Start] checks everything first, then opens all exporters or none, then assembles the [Tracing], which cannot fail. A
// failed start leaves no goroutine and no open file. Start does not contact the receivers: a receiver that is down
// causes a log line and not an error, because a service must not depend on its tracing.
//
// Only this package imports the configuration and the exporters together. Configuration, middleware and exporters do
// not import one another. The middleware uses the few methods of [*Tracing] that mw.Tracing and grpcmw.Tracing list.
//
// The batch processor of the SDK is not used because it does not count the spans that it drops, and because one export
// that hangs blocks it. Each exporter has its own queue instead (see package exporters/delivery), and [Tracing.Stats]
// accounts for every span of each exporter.
package spanroute
