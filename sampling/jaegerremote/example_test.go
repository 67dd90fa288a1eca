package jaegerremote_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/sampling/jaegerremote"
)

func Example() {
	polled := make(chan struct{}, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprint(w, `{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.25}}`)
		polled <- struct{}{}
	}))
	defer server.Close()

	endpoint, err := jaegerremote.ParseEndpoint(server.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	sampler, err := jaegerremote.New(jaegerremote.Options{
		Source:      jaegerremote.NewSource(endpoint, "shop", jaegerremote.Connection{}),
		InitialRate: jaegerremote.DefaultInitialRate,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.ParentBased(sampler)))
	fmt.Println(sampler.Description())
	sampler.Start()
	<-polled
	if err := sampler.Shutdown(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// spanroute{jaeger_remote,probabilistic 0.001}
}

func ExampleParseArg() {
	arg, err := jaegerremote.ParseArg("endpoint=http://localhost:14250,pollingIntervalMs=5000,initialSamplingRate=0.25")
	fmt.Println(arg.Endpoint, arg.Interval, *arg.InitialRate, err)
	_, err = jaegerremote.ParseArg("initialSamplingRate=2")
	fmt.Println(err)
	// Output:
	// http://localhost:14250 5s 0.25 <nil>
	// initialSamplingRate: "2" is out of range, want 0 to 1
}
