// Chi demonstrates the HTTP middleware: sub-routers whose spans are named by the whole route, a traced client, log lines with
// trace ids, and exclusion by configuration and by code.
//
//	go run ./examples/chi            serves until Ctrl-C
//	go run ./examples/chi --once     sends itself one request of each kind and exits
//
// Spans are written to standard output unless --config FILE selects another exporter.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/spanroute/spanroute"
	"github.com/spanroute/spanroute/config"
	_ "github.com/spanroute/spanroute/exporters/all"
	"github.com/spanroute/spanroute/mw"
)

var builtIn = map[string]any{
	"exporter_type":  "console",
	"service_name":   "chi-example",
	"sample_rate":    1.0,
	"excluded_paths": "/healthz,/debug/*",
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	flags := flag.NewFlagSet("chi", flag.ContinueOnError)
	once := flags.Bool("once", false, "send one request of each kind and exit")
	addr := flags.String("addr", "127.0.0.1:0", "address to serve on")
	config.RegisterFlags(flags)
	if err := flags.Parse(args); err != nil {
		return err
	}
	cfg, err := config.Load(config.Sources{Flags: config.FlagsOf(flags), Defaults: builtIn})
	if err != nil {
		return err
	}
	logger := slog.New(spanroute.NewLogHandler(slog.NewTextHandler(stderr, nil)))
	t, err := spanroute.Start(ctx, cfg, spanroute.WithLogger(logger))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, within(t.Shutdown)) }()

	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		return err
	}
	url := "http://" + listener.Addr().String()
	server := &http.Server{Handler: newRouter(t, logger, url), ReadHeaderTimeout: 5 * time.Second}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			logger.Error("server stopped", "error", err)
		}
	}()
	defer func() { err = errors.Join(err, within(server.Shutdown)) }()

	fmt.Fprintf(stdout, "serving %s/api/v1/users/7\n", url)
	if *once {
		return sendOneOfEach(ctx, url)
	}
	<-ctx.Done()
	return nil
}

// within limits the time of a shutdown. The context of the program has already ended by then.
func within(stop func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return stop(ctx)
}

func newRouter(t *spanroute.Tracing, logger *slog.Logger, self string) http.Handler {
	// The client's spans are children of the request's, because the request's context is passed on.
	transport := mw.NewTransport(http.DefaultTransport.(*http.Transport).Clone(), mw.With(t), mw.WithSensitiveQueryKeys("token"))
	client := &http.Client{Transport: transport, Timeout: 5 * time.Second}

	users := chi.NewRouter()
	users.Get("/{id}", func(w http.ResponseWriter, r *http.Request) {
		logger.InfoContext(r.Context(), "user requested", "id", chi.URLParam(r, "id")) // with trace_id and span_id
		fmt.Fprintf(w, "user %s\n", chi.URLParam(r, "id"))
	})
	users.Get("/{id}/friends", func(w http.ResponseWriter, r *http.Request) {
		ctx := mw.ContextWithURLTemplate(r.Context(), "/api/v1/users/{id}")
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, self+"/api/v1/users/8?token=hunter2", nil)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		response, err := client.Do(request)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer response.Body.Close()
		_, _ = io.Copy(w, response.Body)
	})

	router := chi.NewRouter()
	router.Use(mw.New(
		mw.With(t),
		mw.WithExclude(func(r *http.Request) bool { return r.Header.Get("X-Synthetic") != "" }),
		mw.WithSensitiveQueryKeys("token"),
		mw.WithTraceIDHeader("X-Trace-Id"),
	))
	router.Get("/healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	router.Mount("/api/v1/users", users) // spans are named GET /api/v1/users/{id}, not GET /api/v1/users/*
	return router
}

// sendOneOfEach sends a request to a nested route, one that makes a traced call, and two kinds of excluded requests.
func sendOneOfEach(ctx context.Context, url string) error {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 5 * time.Second}
	for _, path := range []string{"/api/v1/users/7", "/api/v1/users/7/friends", "/healthz", "/debug/vars", "/api/v1/users/9"} {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+path, nil)
		if err != nil {
			return err
		}
		if path == "/api/v1/users/9" {
			request.Header.Set("X-Synthetic", "1")
		}
		response, err := client.Do(request)
		if err != nil {
			return err
		}
		response.Body.Close()
	}
	return nil
}
