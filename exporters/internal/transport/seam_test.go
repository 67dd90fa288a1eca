package transport

import (
	"net/http"
	"strings"
	"testing"

	"github.com/spanroute/spanroute/exporters/delivery"
)

// In the package, because the ports are other programs'.
func TestHintOfA404(t *testing.T) {
	for url, want := range map[string]string{
		"http://h:4317/v1/traces":    "h:4317 is a gRPC port; use port 9411",
		"http://h:14250/api/traces":  "h:14250 is a gRPC port; use port 9411",
		"http://h:9411/wrong?a=b":    "does not accept spans at /wrong; the usual path is /api/v2/spans",
		"http://h:4318/api/v2/spans": "does not accept spans at /api/v2/spans, the usual path; check host and port",
	} {
		h, err := NewHTTP(HTTPOptions{URL: url, UsualPath: "/api/v2/spans", UsualPort: "9411"})
		if err != nil {
			t.Fatal(err)
		}
		if o := h.verdict(Answer{Status: 404}); o.Verdict != delivery.Rejected || !strings.Contains(o.Hint, want) {
			t.Errorf("404 of %s = %+v, want rejected with %q", url, o, want)
		}
	}
}

func TestEachDestinationHasATransportOfItsOwn(t *testing.T) {
	one, err1 := NewHTTP(HTTPOptions{URL: "http://h"})
	two, err2 := NewHTTP(HTTPOptions{URL: "http://h", Senders: 3})
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	if one.base == two.base || http.RoundTripper(one.base) == http.DefaultTransport {
		t.Error("two destinations share a transport")
	}
	if one.base.Proxy == nil || one.base.MaxIdleConnsPerHost != 2 || two.base.MaxIdleConnsPerHost != 3 {
		t.Errorf("proxy set = %t, idle connections %d and %d, want true, 2 and 3",
			one.base.Proxy != nil, one.base.MaxIdleConnsPerHost, two.base.MaxIdleConnsPerHost)
	}
}
