package cli_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

func TestSend(t *testing.T) {
	t.Parallel()
	var posts atomic.Int32
	good := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		posts.Add(1)
		w.WriteHeader(http.StatusAccepted)
	}))
	defer good.Close()
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "who are you", http.StatusUnauthorized)
	}))
	defer refusing.Close()
	gone := httptest.NewServer(nil)
	gone.Close()
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then does the server notice that the client left
		<-r.Context().Done()
	}))
	defer silent.Close()

	tests := []struct {
		name, file string
		args       []string
		code       int
		want       []string
	}{
		{"delivered, at rate 0", fmt.Sprintf("{exporter_type: zipkin, zipkin: {endpoint: %q}}", good.URL), nil, exitOK, []string{"trace ", "zipkin: delivered 2 spans"}},
		{"one of two", fmt.Sprintf("{exporter_type: [zipkin, jaeger], zipkin: {endpoint: %q}, jaeger: {collector_endpoint: %q}}", good.URL, gone.URL), nil, exitProblems,
			[]string{"zipkin: delivered 2 spans", "jaeger: not delivered: ", "refused", "breaker open, next attempt in ", ", oldest span "}},
		{"refused by the receiver", fmt.Sprintf("{exporter_type: zipkin, zipkin: {endpoint: %q}}", refusing.URL), nil, exitProblems,
			[]string{"zipkin: not delivered: ", "401", "try: ", "headers"}},
		{"no answer", fmt.Sprintf("{exporter_type: zipkin, zipkin: {endpoint: %q}}", silent.URL), []string{"--wait", "100ms"}, exitProblems, []string{"wait longer with --wait"}},
		{"no exporter", "{sample_rate: 1}", nil, exitProblems, []string{"no exporter is configured"}},
		{"a mistake", "{exporter_type: zipkn}", nil, exitProblems, []string{`did you mean "zipkin"`}},
		{"a bad wait", "{exporter_type: zipkin}", []string{"--wait", "0s"}, exitUsage, []string{"--wait must be a duration above 0"}},
	}
	for _, tt := range tests {
		args := append([]string{"send", write(t, "tracing: "+tt.file+"\n")}, tt.args...)
		code, stdout, stderr := spanroute(t, nil, args...)
		if code != tt.code {
			t.Errorf("%s: exit code %d, want %d", tt.name, code, tt.code)
		}
		for _, want := range tt.want {
			if !strings.Contains(stdout+stderr, want) {
				t.Errorf("%s: %q is not in\n%s%s", tt.name, want, stdout, stderr)
			}
		}
	}
	if posts.Load() != 2 {
		t.Errorf("the good receiver saw %d requests, want 2", posts.Load())
	}
}
