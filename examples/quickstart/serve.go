package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/spanroute/spanroute"
	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/memory/tracepage"
	"github.com/spanroute/spanroute/grpcmw"
	"github.com/spanroute/spanroute/mw"
)

type program struct {
	sources   config.Sources
	addr      string
	pageHosts []string // that may read the trace page on a listener that is not on loopback
	out       *screen
	logger    *slog.Logger
}

// serving holds the state of the program while its servers run.
type serving struct {
	tracing *spanroute.Tracing
	config  *config.Config
	trees   *treePrinter
	url     string // of the API
	page    bool   // the trace page is mounted
}

// The time that the program waits for the last requests, and for the last spans.
const drain = 5 * time.Second

// serve starts tracing and both servers, works, and stops them in reverse order: requests first, then the
// spans that they left behind.
func (p *program) serve(ctx context.Context, work func(context.Context, serving) error) (err error) {
	trees := newTreePrinter(p.out)
	opts := []spanroute.Option{spanroute.WithLogger(p.logger), spanroute.WithSpanProcessor(trees)}

	cfg, err := config.Load(p.sources) // a file, SPANROUTE_*, OTEL_*, flags
	if err != nil {
		return err
	}
	t, err := spanroute.Start(ctx, cfg, opts...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bounded(ctx, t.Shutdown)) }()

	router := chi.NewRouter()
	router.Use(mw.New(mw.With(t)))

	stockServer := grpc.NewServer(grpcmw.ServerOptions(grpcmw.With(t))...)
	stockDial := grpcmw.DialOptions(grpcmw.With(t))

	conn, err := p.startStock(stockServer, stockDial)
	if err != nil {
		return err
	}
	defer func() { conn.Close(); stockServer.GracefulStop() }()
	api{stockClient{conn}}.routes(router)

	listener, err := net.Listen("tcp", p.addr)
	if err != nil {
		return fmt.Errorf("%w (choose another address with --addr)", err)
	}
	page := p.showsPage(cfg, listener.Addr())
	server := &http.Server{Handler: p.withPage(router, page, t), ReadHeaderTimeout: 5 * time.Second}
	go p.report(server.Serve, listener)
	defer func() { err = errors.Join(err, bounded(ctx, server.Shutdown)) }()

	return work(ctx, serving{t, cfg, trees, "http://" + listener.Addr().String(), page})
}

// startStock serves the stock over a real loopback connection and dials it.
func (p *program) startStock(server *grpc.Server, dial []grpc.DialOption) (*grpc.ClientConn, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	stock{"7": 3, "8": 0}.register(server)
	go p.report(server.Serve, listener)
	return grpc.NewClient(listener.Addr().String(), append(dial, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
}

// report logs why a server stopped, unless it was shut down.
func (p *program) report(serve func(net.Listener) error, listener net.Listener) {
	if err := serve(listener); err != nil && !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, grpc.ErrServerStopped) {
		p.logger.Error("server stopped", "error", err)
	}
}

// bounded calls stop with its own timeout. The context of the program has already ended by then.
func bounded(ctx context.Context, stop func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	return stop(ctx)
}

// tracesPage is the path of the memory exporter's page.
const tracesPage = "/debug/traces"

// showsPage reports whether the trace page is mounted: the spans must stay in memory, and either only this machine can
// connect or the command line names hosts.
func (p *program) showsPage(cfg *config.Config, addr net.Addr) bool {
	tcp, ok := addr.(*net.TCPAddr)
	onLoopback := ok && tcp.IP.IsLoopback()
	return len(p.pageHosts) > 0 || (onLoopback && slices.Contains(cfg.ExporterTypes, "memory"))
}

// withPage serves the page outside the traced router, so that reading traces does not create traces.
func (p *program) withPage(router http.Handler, mounted bool, t *spanroute.Tracing) http.Handler {
	if !mounted {
		return router
	}
	page := tracepage.Handler(nil, tracepage.AllowHosts(p.pageHosts...), tracepage.WithDelivery(deliveryOf(t)))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == tracesPage {
			page.ServeHTTP(w, r)
			return
		}
		router.ServeHTTP(w, r)
	})
}

// deliveryOf returns the counters of each exporter for the page.
func deliveryOf(t *spanroute.Tracing) iter.Seq2[string, delivery.Stats] {
	return func(yield func(string, delivery.Stats) bool) {
		for _, e := range t.Stats().Exporters {
			if !yield(e.Name, e.Stats) {
				return
			}
		}
	}
}

// untilDone prints the addresses, keeps the counts up to date and waits for Ctrl-C.
func (p *program) untilDone(ctx context.Context, s serving) error {
	p.announce(s)
	fmt.Fprintf(p.out, "try     curl %[1]s/orders/7\n        curl %[1]s/orders/7/watch\n        curl %[1]s/orders/1\n        curl -X POST %[1]s/checkout\n\n", s.url)
	stop := p.followConfig(ctx, s.tracing)
	defer stop()
	refresh := time.NewTicker(p.out.refresh())
	defer refresh.Stop()
	for {
		p.out.show(countsOf(s.tracing))
		select {
		case <-ctx.Done():
			p.out.leave()
			fmt.Fprintln(p.out, "stopping")
			return nil
		case <-refresh.C:
		}
	}
}

func (p *program) announce(s serving) {
	fmt.Fprintf(p.out, "api     %s\n", s.url)
	if s.page {
		fmt.Fprintf(p.out, "traces  %s%s\n", s.url, tracesPage)
	}
	exporters := strings.Join(s.config.ExporterTypes, ", ")
	if exporters == "" {
		exporters = "none"
	}
	fmt.Fprintf(p.out, "spans   exporter_type %s, sample_rate %g\n", exporters, s.config.Sampling.SampleRate)
}
