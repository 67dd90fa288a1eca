// Grpc demonstrates the gRPC interceptors: unary calls and streams, traced on client and server, a span that the program
// starts itself, and an excluded health check.
//
//	go run ./examples/grpc
//
// It serves and calls itself over loopback once and exits. Spans are written to
// standard output unless --config FILE selects another exporter.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/spanroute/spanroute"
	"github.com/spanroute/spanroute/config"
	_ "github.com/spanroute/spanroute/exporters/all"
	"github.com/spanroute/spanroute/grpcmw"
)

var builtIn = map[string]any{
	"exporter_type": "console",
	"service_name":  "grpc-example",
	"sample_rate":   1.0,
	"excluded_rpcs": "/grpc.health.v1.Health/*",
}

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout io.Writer) (err error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	flags := flag.NewFlagSet("grpc", flag.ContinueOnError)
	config.RegisterFlags(flags)
	if err := flags.Parse(args); err != nil {
		return err
	}
	cfg, err := config.Load(config.Sources{Flags: config.FlagsOf(flags), Defaults: builtIn})
	if err != nil {
		return err
	}
	t, err := spanroute.Start(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.Shutdown(context.WithoutCancel(ctx))) }()

	address, stop, err := serve(t)
	if err != nil {
		return err
	}
	defer stop()
	conn, err := grpc.NewClient(address, append(grpcmw.DialOptions(grpcmw.With(t)),
		grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		return err
	}
	defer conn.Close()
	return callEverything(ctx, t, conn, stdout)
}

func serve(t *spanroute.Tracing) (address string, stop func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	// First in the list, so that the interceptors are outermost and see the results of the others.
	server := grpc.NewServer(append(grpcmw.ServerOptions(grpcmw.With(t)), grpc.MaxRecvMsgSize(1<<20))...)
	echo{tracer: t.TracerProvider().Tracer("examples/grpc")}.register(server)
	healthpb.RegisterHealthServer(server, health.NewServer())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener) // ends with GracefulStop
	}()
	return listener.Addr().String(), func() { server.GracefulStop(); <-done }, nil
}

// callEverything makes one call of each kind; their spans have a common parent.
func callEverything(ctx context.Context, t *spanroute.Tracing, conn *grpc.ClientConn, out io.Writer) error {
	ctx, span := t.TracerProvider().Tracer("examples/grpc").Start(ctx, "round trip")
	defer span.End()
	client := echoClient{conn}
	for _, call := range []func(context.Context) (string, error){client.unary, client.serverStream, client.clientStream, client.both} {
		answer, err := call(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintln(out, answer)
	}
	_, err := healthpb.NewHealthClient(conn).Check(ctx, new(healthpb.HealthCheckRequest))
	return err
}
