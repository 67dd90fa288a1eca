package e2e_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/go-chi/chi/v5"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"

	"github.com/spanroute/spanroute"
	"github.com/spanroute/spanroute/grpcmw"
	"github.com/spanroute/spanroute/mw"
)

// shop is a chi API whose handlers call a gRPC service over a loopback connection, both traced.
type shop struct {
	stock grpc_testing.TestServiceClient
}

// startShop returns the URL of a running shop.
func startShop(t *testing.T, tracing *spanroute.Tracing) (url string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(grpcmw.ServerOptions(grpcmw.With(tracing))...)
	grpc_testing.RegisterTestServiceServer(server, stock{})
	go server.Serve(listener) // ends with Stop
	t.Cleanup(server.Stop)

	dial := append(grpcmw.DialOptions(grpcmw.With(tracing)), grpc.WithTransportCredentials(insecure.NewCredentials()))
	conn, err := grpc.NewClient(listener.Addr().String(), dial...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })

	router := chi.NewRouter()
	router.Use(mw.New(mw.With(tracing)))
	shop{grpc_testing.NewTestServiceClient(conn)}.routes(router)
	api := httptest.NewServer(router)
	t.Cleanup(api.Close)
	return api.URL
}

func (s shop) routes(r chi.Router) {
	r.Get("/healthz", s.unary)
	r.Route("/orders/{id}", func(r chi.Router) {
		r.Get("/", s.unary)
		r.Get("/lines", s.stream)
		r.Post("/cancel", s.fail)
	})
}

func (s shop) unary(w http.ResponseWriter, r *http.Request) {
	_, err := s.stock.UnaryCall(r.Context(), &grpc_testing.SimpleRequest{})
	answer(w, err)
}

func (s shop) stream(w http.ResponseWriter, r *http.Request) {
	lines, err := s.stock.StreamingOutputCall(r.Context(), &grpc_testing.StreamingOutputCallRequest{})
	for err == nil {
		_, err = lines.Recv()
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	answer(w, err)
}

func (s shop) fail(w http.ResponseWriter, r *http.Request) {
	_, err := s.stock.EmptyCall(r.Context(), &grpc_testing.Empty{})
	answer(w, err)
}

func answer(w http.ResponseWriter, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = io.WriteString(w, "ok\n")
}

// stock is the service behind the shop.
type stock struct {
	grpc_testing.UnimplementedTestServiceServer
}

func (stock) UnaryCall(context.Context, *grpc_testing.SimpleRequest) (*grpc_testing.SimpleResponse, error) {
	return &grpc_testing.SimpleResponse{Username: "ada"}, nil
}

func (stock) StreamingOutputCall(_ *grpc_testing.StreamingOutputCallRequest, stream grpc.ServerStreamingServer[grpc_testing.StreamingOutputCallResponse]) error {
	for range 3 {
		if err := stream.Send(&grpc_testing.StreamingOutputCallResponse{}); err != nil {
			return err
		}
	}
	return nil
}

func (stock) EmptyCall(context.Context, *grpc_testing.Empty) (*grpc_testing.Empty, error) {
	return nil, status.Error(codes.Internal, "the shelf ≠ the books\xff")
}

// request sends one request of a caller that is traced itself and returns the status.
func request(t *testing.T, method, url, traceparent, tracestate string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Traceparent", traceparent)
	r.Header.Set("Tracestate", tracestate)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode
}
