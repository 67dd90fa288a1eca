package otlp_test

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/internal/exportertest"
	"github.com/spanroute/spanroute/exporters/otlp"
)

func TestJSONAgreesWithUpstream(t *testing.T) {
	rc := exportertest.Receive(t, exportertest.OK)
	client := otlptracehttp.NewClient(otlptracehttp.WithEndpointURL(rc.URL), otlptracehttp.WithEncoding(otlptracehttp.EncodingJSON))
	for seed := range uint64(100) {
		p := otlp.NewEncoder(16<<20, 0).Encode(random{Rand: rand.New(rand.NewPCG(seed, 3))}.spans(8), &delivery.Report{})[0]
		if err := client.UploadTraces(context.Background(), otlp.Tree(p)); err != nil {
			t.Fatal(err)
		}
		body := rc.Last().Content
		want, got := parse(t, body), parse(t, otlp.JSON(p))
		if !reflect.DeepEqual(want, got) {
			t.Fatalf("seed %d (-upstream +got):\n%s", seed, cmp.Diff(want, got))
		}
	}
}

// parse reads JSON for a comparison: ids in lower case, and without empty bytes, which upstream forgets.
func parse(t testing.TB, body []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	return level(v)
}

func level(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = level(v[i])
		}
	case map[string]any:
		for k, inner := range v {
			switch k {
			case "traceId", "spanId", "parentSpanId":
				v[k] = strings.ToLower(inner.(string))
			case "bytesValue":
				if inner == "" {
					delete(v, k)
				}
			default:
				v[k] = level(inner)
			}
		}
	}
	return v
}
