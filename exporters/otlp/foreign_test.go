package otlp_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/spanroute/spanroute/exporters/internal/exportertest"
)

// A 200 counts only if an OTLP receiver can have answered it.
func TestAnswersOfOtherServersAreNotDelivered(t *testing.T) {
	t.Parallel()
	raw, err := proto.Marshal(&coltracepb.ExportTraceServiceResponse{PartialSuccess: &coltracepb.ExportTracePartialSuccess{ErrorMessage: "slow down"}})
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		kind, body string
		delivered  bool
	}{
		"a web page":                     {"text/html", "<html></html>", false},
		"a word":                         {"text/plain; charset=utf-8", "OK", false},
		"XML":                            {"application/xml", "<ok/>", false},
		"a list":                         {"application/vnd.api+json", "[1]", false},
		"no body":                        {"text/plain", "", true},
		"a line feed":                    {"text/plain", "\n", true},
		"an empty response in protobuf":  {"application/x-protobuf", "", true},
		"a response in protobuf":         {"application/x-protobuf", string(raw), true},
		"a response in JSON":             {"application/json", `{"partialSuccess":{}}`, true},
		"a later version's JSON":         {"application/json; charset=utf-8", `{"new":1}`, true},
		"JSON called text":               {"text/plain", `{}`, true},
		"protobuf called bytes":          {"application/octet-stream", string(raw), true},
		"protobuf without a type":        {"", string(raw), true},
		"a damaged body of the own type": {"application/json", `{"partial`, true},
	}
	for name, tt := range tests {
		for _, protocol := range []string{"http", "http/json"} {
			t.Run(name+" over "+protocol, func(t *testing.T) {
				t.Parallel()
				rc := exportertest.Receive(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
					w.Header()["Content-Type"] = []string{tt.kind}
					w.Write([]byte(tt.body))
				})
				x := exporter.Open(t, map[string]any{"protocol": protocol, "endpoint": rc.URL + "/v1/traces"})
				if tt.delivered {
					if s := exportertest.Flush(t, x, exportertest.Spans(2)...); s.Delivered != 2 {
						t.Errorf("stats %+v, want 2 delivered", s)
					}
					return
				}
				if err := x.ExportSpans(context.Background(), exportertest.Spans(2)); err != nil {
					t.Fatal(err)
				}
				if s := exportertest.Failing(t, x); s.Delivered != 0 || s.Queued != 2 || !strings.Contains(s.Hint, "not as a receiver of spans") {
					t.Errorf("stats %+v, want 2 queued and a hint", s)
				}
			})
		}
	}
}
