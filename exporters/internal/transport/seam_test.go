package transport

import (
	"strings"
	"testing"

	"github.com/spanroute/spanroute/exporters/delivery"
)

// In the package, because the ports are other programs'.
func TestHintOfA404(t *testing.T) {
	for url, want := range map[string]string{
		"http://h:4317/v1/traces":   "this is a gRPC port",
		"http://h:14250/api/traces": "this is a gRPC port",
		"http://h:9411/wrong?a=b":   "posted to /wrong, the usual path is /api/v2/spans",
	} {
		h, err := NewHTTP(HTTPOptions{URL: url, UsualPath: "/api/v2/spans"})
		if err != nil {
			t.Fatal(err)
		}
		if o := h.verdict(Answer{Status: 404}); o.Verdict != delivery.Rejected || !strings.Contains(o.Hint, want) {
			t.Errorf("404 of %s = %+v, want rejected with %q", url, o, want)
		}
	}
}
