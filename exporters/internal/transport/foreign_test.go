package transport_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/internal/transport"
)

const page = "<!DOCTYPE html>\n<html><body>Welcome</body></html>"

// A web server that answers 200 to everything is not a receiver; receivers differ in how little they answer.
func TestASuccessOfAWebServerIsNotDelivered(t *testing.T) {
	const absent = "-"
	tests := map[string]struct {
		status     int
		kind, body string
		want       delivery.Verdict
	}{
		"a page":                          {200, "text/html; charset=utf-8", page, delivery.Misconfigured},
		"a page without a body":           {200, "text/html", "", delivery.Misconfigured},
		"a page in capitals":              {200, "Text/HTML", "<HTML>", delivery.Misconfigured},
		"a page with a malformed charset": {200, "text/html; charset", page, delivery.Misconfigured},
		"a page as XHTML":                 {200, "application/xhtml+xml", page, delivery.Misconfigured},
		"a page called text":              {200, "text/plain", "\n " + page, delivery.Misconfigured},
		"a page without a type":           {200, absent, page, delivery.Misconfigured},
		"a page after 202":                {202, "text/html", page, delivery.Misconfigured},
		"202 as Zipkin and Jaeger":        {202, absent, "", delivery.Delivered},
		"202 of a framework":              {202, "text/html; charset=utf-8", "", delivery.Delivered},
		"204":                             {204, absent, "", delivery.Delivered},
		"200 without a body":              {200, absent, "", delivery.Delivered},
		"200 of a proxy":                  {200, "text/plain", "", delivery.Delivered},
		"200 with a word":                 {200, "text/plain; charset=utf-8", "OK", delivery.Delivered},
		"200 with JSON":                   {200, "application/json", `{"html":"<html>"}`, delivery.Delivered},
		"200 with a message about a page": {200, "text/plain", "see <html>", delivery.Delivered},
	}
	for name, tt := range tests {
		srv := server(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = []string{tt.kind}
			if tt.kind == absent {
				w.Header()["Content-Type"] = nil
			}
			w.WriteHeader(tt.status)
			io.WriteString(w, tt.body)
		})
		h := newHTTP(t, transport.HTTPOptions{URL: srv.URL + "/v1/traces", From: "otlp.endpoint"})
		o := h.Post(context.Background(), []byte("x"))
		if o.Verdict != tt.want {
			t.Errorf("%s: %+v, want %s", name, o, tt.want)
		}
		if tt.want == delivery.Misconfigured && (!strings.Contains(o.Hint, "not as a receiver of spans; change otlp.endpoint") || !strings.Contains(o.Err.Error(), "answer 20")) {
			t.Errorf("%s: %+v, want the status and what to change", name, o)
		}
	}
}
