package sampling_test

import (
	"fmt"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/sampling"
)

func Example() {
	sampler, err := sampling.New(sampling.Config{SampleRate: 0.1})
	if err != nil {
		fmt.Println(err)
		return
	}
	live := sampling.NewDynamic(sampler)
	_ = sdktrace.NewTracerProvider(sdktrace.WithSampler(live))
	fmt.Println(live.Description())

	live.Set(sampling.Ratio(1)) // from now on everything
	fmt.Println(live.Description())
	// Output:
	// spanroute{parentbased_traceidratio,rate=0.1}
	// spanroute{traceidratio,rate=1}
}
