package e2e_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	grpccodes "google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"

	"github.com/spanroute/spanroute/grpcmw"
	"github.com/spanroute/spanroute/mw"
)

// An outcome is a kind of order. A trace has two spans of the shop, and those of the stock.
type outcome struct {
	name       string
	orders     int
	status     int
	stockSpans int
	failed     []string // the services whose spans have the status Error
	slow       bool
}

var outcomes = []outcome{
	{"fine", 400, 200, 1, nil, false},
	{"shop-fails", 20, 500, 1, []string{"shop"}, false},
	{"stock-fails-inside", 20, 200, 2, []string{"stock"}, false},
	{"stock-fails", 20, 500, 1, []string{"shop", "stock"}, false},
	{"shop-is-slow", 15, 200, 1, nil, true},
	{"stock-is-slow", 15, 200, 1, nil, true},
}

// order is a trace as both services recorded it.
type order struct {
	outcome
	spans []sdktrace.ReadOnlySpan
}

// placeOrders starts the shop, which calls the stock, sends it all orders, and ends both. It returns the orders by trace id.
func placeOrders(t *testing.T, shop, stock service) map[string]*order {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(grpcmw.ServerOptions(grpcmw.With(stock.tracing))...)
	grpc_testing.RegisterTestServiceServer(server, shelf{})
	go server.Serve(listener) // ends with GracefulStop
	t.Cleanup(server.Stop)
	dial := append(grpcmw.DialOptions(grpcmw.With(shop.tracing)), grpc.WithTransportCredentials(insecure.NewCredentials()))
	conn, err := grpc.NewClient(listener.Addr().String(), dial...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	router := chi.NewRouter()
	router.Use(mw.New(mw.With(shop.tracing)))
	router.Post("/orders/{outcome}", desk{grpc_testing.NewTestServiceClient(conn)}.order)
	api := httptest.NewServer(router)
	t.Cleanup(api.Close)

	orders := make(map[string]*order)
	var mu sync.Mutex
	var wg sync.WaitGroup
	slots := make(chan struct{}, 16)
	for _, o := range outcomes {
		for range o.orders {
			slots <- struct{}{}
			wg.Go(func() {
				defer func() { <-slots }()
				id, status := place(t, api.URL+"/orders/"+o.name)
				if status != o.status {
					t.Errorf("%s: status %d, want %d", o.name, status, o.status)
				}
				mu.Lock()
				defer mu.Unlock()
				orders[id] = &order{outcome: o}
			})
		}
	}
	wg.Wait()
	api.Close()
	_ = conn.Close()
	server.GracefulStop()
	for id, o := range orders {
		o.spans = append(shop.record.await(t, id, 2), stock.record.await(t, id, o.stockSpans)...)
	}
	return orders
}

// place sends one order and returns the id of its trace, which begins in the shop.
func place(t *testing.T, url string) (traceID string, status int) {
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, nil)
	if err != nil {
		t.Error(err)
		return "", 0
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Error(err)
		return "", 0
	}
	_ = response.Body.Close()
	return response.Header.Get("Trace"), response.StatusCode
}

// desk takes the orders of the shop.
type desk struct {
	stock grpc_testing.TestServiceClient
}

func (d desk) order(w http.ResponseWriter, r *http.Request) {
	name := chi.URLParam(r, "outcome")
	w.Header().Set("Trace", trace.SpanContextFromContext(r.Context()).TraceID().String())
	_, err := d.stock.UnaryCall(r.Context(), &grpc_testing.SimpleRequest{Payload: &grpc_testing.Payload{Body: []byte(name)}})
	switch {
	case err != nil, name == "shop-fails":
		w.WriteHeader(http.StatusInternalServerError)
	case name == "shop-is-slow":
		time.Sleep((slowMillis + 100) * time.Millisecond)
	}
}

// shelf is the stock's service.
type shelf struct {
	grpc_testing.UnimplementedTestServiceServer
}

func (shelf) UnaryCall(ctx context.Context, r *grpc_testing.SimpleRequest) (*grpc_testing.SimpleResponse, error) {
	switch string(r.GetPayload().GetBody()) {
	case "stock-fails":
		return nil, status.Error(grpccodes.Internal, "the shelf is empty")
	case "stock-fails-inside": // and answers from elsewhere
		_, span := trace.SpanFromContext(ctx).TracerProvider().Tracer("e2e").Start(ctx, "look on the shelf")
		span.SetStatus(codes.Error, "the shelf is empty")
		span.End()
	case "stock-is-slow":
		time.Sleep((slowMillis + 100) * time.Millisecond)
	}
	return new(grpc_testing.SimpleResponse), nil
}
