package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"github.com/spanroute/spanroute"
	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/mw"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// output holds what a program has printed so far.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// awaits waits until the program prints a match of pattern, and returns the first.
func (o *output) awaits(t *testing.T, pattern string) []string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if match := re.FindStringSubmatch(o.String()); match != nil {
			return match
		}
	}
	t.Fatalf("%s was never printed:\n%s", pattern, o.String())
	return nil
}

func TestDemo(t *testing.T) {
	var stdout, stderr output
	if status := run(t.Context(), []string{"--demo"}, &stdout, &stderr); status != 0 {
		t.Fatalf("exit status %d\n%s%s", status, stdout.String(), stderr.String())
	}
	if strings.Contains(stderr.String(), "level=WARN") {
		t.Errorf("the demo warns about its own configuration:\n%s", stderr.String())
	}
	got := stdout.String()
	order := regexp.MustCompile(`(?m)^trace [0-9a-f]{32}  3 spans\n` +
		`  GET /orders/\{id\} +server .* http=200 path=/orders/7\n` +
		`  └─ quickstart\.Stock/Get +client .* grpc=OK\n` +
		`     └─ quickstart\.Stock/Get +server .* grpc=OK\n`)
	for name, want := range map[string]*regexp.Regexp{
		"the order":         order,
		"the unknown order": regexp.MustCompile(`GET /orders/\{id\} +server .* http=404 path=/orders/1\n  └─ quickstart\.Stock/Get +client .* ERROR grpc=NOT_FOUND error=NOT_FOUND\n`),
		"the unknown path":  regexp.MustCompile(`  GET +server .* http=404 path=/nowhere\n`),
		"the checkout":      regexp.MustCompile(`POST /checkout +server .* ERROR http=500 error=500 path=/checkout\n`),
		"the stream":        regexp.MustCompile(`GET /orders/\{id\}/watch +server .*\n  └─ quickstart\.Stock/Watch +client .*\n     └─ quickstart\.Stock/Watch +server `),
		"the exclusion":     regexp.MustCompile(`(?m)^an excluded health check: GET /healthz\n  no trace$`),
		"the account":       regexp.MustCompile(`(?m)^memory: 11 ended, 11 delivered, 0 dropped$`),
	} {
		if !want.MatchString(got) {
			t.Errorf("%s: nothing matches %s in\n%s", name, want, got)
		}
	}
}

func TestServesUntilToldToStop(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var stdout, stderr output
	done := make(chan int, 1)
	go func() { done <- run(ctx, []string{"--addr", "127.0.0.1:0"}, &stdout, &stderr) }()

	url := stdout.awaits(t, `(?m)^api +(http://\S+)`)[1]
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(url + "/orders/7")
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(response.Body)
	response.Body.Close()
	if string(body) != "order 7: 3 in stock\n" {
		t.Errorf("answered %q", body)
	}
	stdout.awaits(t, `trace [0-9a-f]{32}  3 spans`)
	page, err := client.Get(stdout.awaits(t, `(?m)^traces +(http://\S+/debug/traces)`)[1] + "?data=traces&name=orders")
	if err != nil {
		t.Fatal(err)
	}
	list, _ := io.ReadAll(page.Body)
	page.Body.Close()
	if !strings.Contains(string(list), `"name":"GET /orders/{id}"`) {
		t.Errorf("the page lists %s", list)
	}
	cancel()
	if status := <-done; status != 0 {
		t.Errorf("exit status %d after a clean stop\n%s", status, stderr.String())
	}
}

// The page is mounted if only this machine can read it, or if the command line names hosts.
func TestWhereThePageIs(t *testing.T) {
	loopback, everywhere := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80}, &net.TCPAddr{IP: net.IPv4zero, Port: 80}
	tests := []struct {
		name      string
		exporters []string
		at        net.Addr
		hosts     []string
		want      bool
	}{
		{"memory on loopback", []string{"memory"}, loopback, nil, true},
		{"memory and another exporter on IPv6 loopback", []string{"otlp", "memory"}, &net.TCPAddr{IP: net.IPv6loopback}, nil, true},
		{"memory on all interfaces, as in the image", []string{"memory"}, everywhere, nil, false},
		{"memory on one interface", []string{"memory"}, &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1)}, nil, false},
		{"another exporter on loopback", []string{"jaeger"}, loopback, nil, false},
		{"no exporter", nil, loopback, nil, false},
		{"a flag on all interfaces", []string{"memory"}, everywhere, []string{"localhost"}, true},
	}
	for _, tt := range tests {
		p := program{pageHosts: tt.hosts}
		if got := p.showsPage(&config.Config{ExporterTypes: tt.exporters}, tt.at); got != tt.want {
			t.Errorf("%s: the page is mounted: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestThePageOfARunningProgram(t *testing.T) {
	tests := []struct {
		name string
		args []string
		host string // "" is that of the address
		want int
	}{
		{"spans in memory", nil, "", http.StatusOK},
		{"a foreign name that resolves to this machine", nil, "rebind.example", http.StatusForbidden},
		{"a name of the command line", []string{"--page-host", "other", "--page-host", "shop.example"}, "shop.example", http.StatusOK},
		{"spans elsewhere", []string{"--tracing.exporter-type", "console"}, "", http.StatusNotFound},
	}
	for _, tt := range tests {
		ctx, cancel := context.WithCancel(t.Context())
		var stdout, stderr output
		done := make(chan int, 1)
		go func() { done <- run(ctx, append([]string{"--addr", "127.0.0.1:0"}, tt.args...), &stdout, &stderr) }()
		url := stdout.awaits(t, `(?m)^api +(http://\S+)`)[1]
		stdout.awaits(t, `(?m)^spans `) // the last line of addresses
		request, err := http.NewRequest(http.MethodGet, url+tracesPage, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Host = tt.host
		response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		announced := strings.Contains(stdout.String(), "\ntraces  http://")
		if response.StatusCode != tt.want || announced == (tt.want == http.StatusNotFound) {
			t.Errorf("%s: %d, announced: %v, want %d", tt.name, response.StatusCode, announced, tt.want)
		}
		cancel()
		if status := <-done; status != 0 {
			t.Errorf("%s: exit status %d\n%s", tt.name, status, stderr.String())
		}
	}
}

// A health check is excluded by its whole path: an order that has its name is not.
func TestOnlyHealthChecksAreExcluded(t *testing.T) {
	cfg, err := config.Load(config.Sources{Environ: []string{}, Defaults: builtIn})
	if err != nil {
		t.Fatal(err)
	}
	tracing, err := spanroute.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer tracing.Shutdown(context.WithoutCancel(t.Context()))
	for path, want := range map[string]bool{
		"/readyz": false, "/livez": false, "/healthz": false, "/metrics": false,
		"/orders/healthz": true, "/api/metrics-report": true, "/healthz/../orders/7": true,
	} {
		var recorded bool
		handler := mw.New(mw.With(tracing))(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			recorded = trace.SpanFromContext(r.Context()).IsRecording()
		}))
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil))
		if recorded != want {
			t.Errorf("%s is traced: %v, want %v", path, recorded, want)
		}
	}
}

func TestConfigFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tracing.yaml")
	text := "tracing:\n  exporter_type: console\n  sample_rate: 0\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr output
	if status := run(t.Context(), []string{"--demo", "--config", file}, &stdout, &stderr); status != 0 {
		t.Fatalf("exit status %d\n%s%s", status, stdout.String(), stderr.String())
	}
	if got := stdout.String(); strings.Contains(got, "trace ") && strings.Contains(got, "spans\n") || !strings.Contains(got, "console: 0 ended") {
		t.Errorf("at rate 0 to the console:\n%s", got)
	}
}

// On SIGHUP the program reads its file again. It reports errors and keeps the previous configuration.
func TestReloadOnHangup(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tracing.yaml")
	write := func(rate string) {
		t.Helper()
		if err := os.WriteFile(file, []byte("tracing:\n  sample_rate: "+rate+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	hangUp := func() {
		t.Helper()
		if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	write("0")
	ctx, cancel := context.WithCancel(t.Context())
	var stdout, stderr output
	done := make(chan int, 1)
	go func() { done <- run(ctx, []string{"--addr", "127.0.0.1:0", "--config", file}, &stdout, &stderr) }()
	url := stdout.awaits(t, `(?m)^api +(http://\S+)`)[1]
	stdout.awaits(t, `memory: 0 ended`) // from here on the program listens to signals
	get := func() {
		t.Helper()
		if _, err := send(t.Context(), http.MethodGet, url+"/orders/7"); err != nil {
			t.Fatal(err)
		}
	}
	get()
	write("two")
	hangUp()
	stderr.awaits(t, `configuration not reloaded.*tracing\.yaml:2:16`)
	write("1.0")
	hangUp()
	stderr.awaits(t, `configuration applied.*sample_rate`)
	if strings.Contains(stdout.String(), "trace ") {
		t.Errorf("a trace at rate 0:\n%s", stdout.String())
	}
	get()
	stdout.awaits(t, `trace [0-9a-f]{32}  3 spans`)
	cancel()
	if status := <-done; status != 0 {
		t.Errorf("exit status %d\n%s", status, stderr.String())
	}
}

// A changed file is applied without a signal, as a mounted ConfigMap requires.
func TestFollowsItsFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tracing.yaml")
	if err := os.WriteFile(file, []byte("tracing: {sample_rate: 0}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var stdout, stderr output
	done := make(chan int, 1)
	go func() { done <- run(ctx, []string{"--addr", "127.0.0.1:0", "--config", file}, &stdout, &stderr) }()
	url := stdout.awaits(t, `(?m)^api +(http://\S+)`)[1]
	if err := os.WriteFile(file, []byte("tracing: {sample_rate: 1}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	stderr.awaits(t, `configuration applied.*sample_rate`)
	if _, err := send(t.Context(), http.MethodGet, url+"/orders/7"); err != nil {
		t.Fatal(err)
	}
	stdout.awaits(t, `trace [0-9a-f]{32}  3 spans`)
	cancel()
	if status := <-done; status != 0 {
		t.Errorf("exit status %d\n%s", status, stderr.String())
	}
}

func TestBadUse(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "tracing.yaml")
	if err := os.WriteFile(broken, []byte("tracing:\n  exporter_type: zipkn\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		args   []string
		status int
		want   string
	}{
		{"unknown flag", []string{"--colour"}, 2, "flag provided but not defined"},
		{"help", []string{"-h"}, 0, "-demo"},
		{"missing file", []string{"--demo", "--config", filepath.Join(t.TempDir(), "none.yaml")}, 1, "none.yaml"},
		{"unknown exporter", []string{"--demo", "--config", broken}, 1, `did you mean "zipkin"`},
		{"address in use", []string{"--addr", "127.0.0.1:1000000"}, 1, "--addr"},
	}
	for _, tt := range tests {
		var stdout, stderr output
		if status := run(t.Context(), tt.args, &stdout, &stderr); status != tt.status || !strings.Contains(stderr.String(), tt.want) {
			t.Errorf("%s: exit status %d, want %d; printed %q, want %q in it", tt.name, status, tt.status, stderr.String(), tt.want)
		}
	}
}
