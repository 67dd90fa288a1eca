package config_test

import (
	"flag"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/registry/settings"
	"github.com/spanroute/spanroute/sampling"
)

const (
	onRemote      = "exporter_type: zipkin\nsampling:\n  sampler: parentbased_jaeger_remote\n"
	defaultRemote = "http://localhost:5778/sampling"
	unknownRate   = "the strategy of the server, 0.001 until it responds"
)

func TestRemoteSamplingKeys(t *testing.T) {
	runAll(t, []situation{
		{name: "defaults", file: onRemote, want: values{
			"sampling.remote.endpoint": defaultRemote, "sampling.remote.interval": "1m0s", "sampling.remote.initial_rate": "0.001",
			"sampling.remote.max_operations": "256", "sample_rate": unknownRate,
		}},
		{name: "all keys", file: onRemote + "  remote: {endpoint: 'grpc://jaeger', interval: 5, initial_rate: 0.5, max_operations: 10, headers: {X-Tenant: a}}", want: values{
			"sampling.remote.endpoint": "grpc://jaeger", "sampling.remote.interval": "5s", "sampling.remote.initial_rate": "0.5",
			"sampling.remote.max_operations": "10", "sampling.remote.headers": "X-Tenant=***", "sample_rate": "the strategy of the server, 0.5 until it responds",
		}},
		{name: "a rate", file: "sample_rate: 0.5\n" + onRemote, kinds: only(config.WarnIgnored), want: values{"sample_rate": unknownRate}},
		{name: "another sampler", file: sampled + "sampling: {remote: {interval: 5, initial_rate: 1}}", kinds: only(config.WarnIgnored)},
		{name: "a misspelt sampler", file: sampled + "sampling: {sampler: jaeger-remote}", kinds: only(config.ErrUnknownValue)},
		{name: "a misspelt key", file: onRemote + "  remote: {intervall: 5}", kinds: only(config.ErrUnknownKey)},
		{name: "not an endpoint", file: onRemote + "  remote: {endpoint: 'http://user:hunter2@h:99999'}", kinds: only(config.ErrURL)},
		{name: "a DNS server", file: onRemote + "  remote: {endpoint: 'dns://192.0.2.1/jaeger'}", kinds: only(config.ErrURL)},
		{name: "ranges", file: onRemote + "  remote: {interval: 10ms, initial_rate: 2, max_operations: 0}", kinds: only(config.ErrOutOfRange, config.ErrOutOfRange, config.ErrOutOfRange)},
		{name: "headers", file: onRemote + "  remote: {endpoint: 'grpc://jaeger', headers: {Te: a, Content-Type: b, X-A: c}}", kinds: only(config.WarnIgnored, config.WarnIgnored)},
		{name: "certificates of plain text", file: onRemote + "  remote: {certificate_file: /nowhere}", kinds: only(config.WarnIgnored)},
		{name: "certificates", file: onRemote + "  remote: {endpoint: 'https://jaeger', certificate_file: /nowhere, client_key_file: /nowhere}", kinds: only(config.ErrFile, config.ErrMissing, config.ErrFile)},
		{name: "no traces are not expected", file: onRemote + "  remote: {initial_rate: 0}"},
		{name: "a caller is ignored", file: onRemote + "  remote_parent: ignore"},
	})
}

func TestRemoteSamplingOfTheEnvironment(t *testing.T) {
	const sampler, argument = "OTEL_TRACES_SAMPLER=parentbased_jaeger_remote", "OTEL_TRACES_SAMPLER_ARG="
	const ofFile = onRemote + "  remote: {endpoint: 'http://file:5778', interval: 30}"
	runAll(t, []situation{
		{name: "the argument of the specification", env: []string{sampler, argument + "endpoint=http://localhost:14250,pollingIntervalMs=5000,initialSamplingRate=0.25"}, want: values{
			"sampling.sampler": "parentbased_jaeger_remote", "sampling.remote.endpoint": "http://localhost:14250", "sampling.remote.interval": "5s", "sampling.remote.initial_rate": "0.25",
		}},
		{name: "capitals", env: []string{"OTEL_TRACES_SAMPLER=JAEGER_REMOTE"}, want: values{"sampling.sampler": "jaeger_remote"}},
		{name: "one parameter over a file", file: ofFile, env: []string{sampler, argument + "pollingIntervalMs=5000"}, want: values{
			"sampling.remote.endpoint": "http://file:5778", "sampling.remote.interval": "5s", "sampling.remote.initial_rate": "0.001",
		}},
		{name: "one bad parameter", file: ofFile, env: []string{sampler, argument + "endpoint=http://env:5778,pollingIntervalMs=5s,initialSamplingRate=2,enpoint=x"}, kinds: only(config.ErrWrongType, config.ErrOutOfRange, config.ErrUnknownKey), want: values{
			"sampling.remote.endpoint": "http://env:5778", "sampling.remote.interval": "30s", "sampling.remote.initial_rate": "0.001",
		}},
		{name: "a ratio", env: []string{sampler, argument + "0.5"}, kinds: only(config.ErrSyntax), want: values{"sample_rate": unknownRate}},
		{name: "the sampler alone is that of the file", file: ofFile, env: []string{argument + "pollingIntervalMs=5000"}, kinds: only(config.WarnIgnored), want: values{"sampling.remote.interval": "30s"}},
		{name: "the argument of another sampler", file: sampled, env: []string{"OTEL_TRACES_SAMPLER=traceidratio", argument + "endpoint=http://localhost:14250"}, kinds: only(config.ErrWrongType)},
		{name: "spanroute's variables", env: []string{"SPANROUTE_SAMPLING_SAMPLER=jaeger_remote", "SPANROUTE_SAMPLING_REMOTE_ENDPOINT=https://jaeger/sampling", "SPANROUTE_SAMPLING_REMOTE_HEADERS=a=b"}, want: values{
			"sampling.remote.endpoint": "https://jaeger/sampling", "sampling.remote.headers": "a=***",
		}},
		{name: "a variable of spanroute is over the argument", env: []string{sampler, argument + "pollingIntervalMs=5000", "SPANROUTE_SAMPLING_REMOTE_INTERVAL=7"}, kinds: only(config.WarnHidden), want: values{"sampling.remote.interval": "7s"}},
		{name: "another sampler of spanroute", env: []string{sampler, argument + "pollingIntervalMs=5000", "SPANROUTE_SAMPLING_SAMPLER=always_on"}, kinds: only(config.WarnHidden, config.WarnIgnored)},
	})
}

func TestRemoteSamplingOfFlagsAndCode(t *testing.T) {
	t.Parallel()
	fs := flag.NewFlagSet("test", flag.ContinueOnError)
	config.RegisterFlags(fs)
	if err := fs.Parse([]string{"--tracing.sampling.sampler=jaeger_remote", "--tracing.sampling.remote.initial-rate=0.5"}); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(config.Sources{
		Environ: []string{}, Registry: builtin, Flags: config.FlagsOf(fs),
		Defaults:  map[string]any{"sampling": map[string]any{"remote": map[string]any{"endpoint": "http://code:5778", "interval": "2s", "headers": map[string]any{"a": "b"}}}},
		Overrides: map[string]any{"sampling": map[string]any{"remote": map[string]any{"max_operations": 3}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := sampling.Remote{
		Endpoint: "http://code:5778", Interval: 2 * time.Second, InitialRate: 0.5, MaxOperations: 3, Headers: settings.Pairs{{Name: "a", Value: "b"}},
	}
	if diff := cmp.Diff(want, cfg.Sampling.Remote); diff != "" || cfg.Sampling.Sampler != sampling.JaegerRemote {
		t.Errorf("sampler %s; remote (-want +got):\n%s", cfg.Sampling.Sampler, diff)
	}
}

func TestRemoteSamplingIsExplained(t *testing.T) {
	t.Parallel()
	cfg, ds := check(t, section("sample_rate: 0.5\n"+onRemote+"  remote: {endpoint: 'https://user:hunter2@jaeger'}"))
	if cfg == nil {
		t.Fatal(lines(ds))
	}
	x, _ := cfg.Explain("sample_rate")
	if got, want := x.Origin.String(), "remote https://***@jaeger/sampling"; got != want || x.Value != unknownRate || len(x.Hides) != 1 || x.Hides[0].Value != "0.5" {
		t.Errorf("explained as\n%s\nwant it from %s, hiding 0.5", x, want)
	}
}

func TestRemoteSamplingIsPrintedAndMasked(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{
		"a server":        onRemote + "  remote: {endpoint: 'user:hunter2@jaeger:1', interval: 5, headers: {X-Tenant: hunter3}}",
		"another sampler": sampled + "sampling: {remote: {headers: {X-Tenant: hunter3}, initial_rate: 0}}",
	} {
		cfg, ds := check(t, section(file))
		if cfg == nil {
			t.Fatal(lines(ds))
		}
		text := printed(t, cfg)
		if again, ds := check(t, text); again == nil || cmp.Diff(cfg.Sampling, again.Sampling) != "" {
			t.Errorf("%s: printed\n%s\nwhich loads to another configuration\n%s", name, text, lines(ds))
		}
		if masked := cfg.String(); strings.Contains(masked, "hunter") || !strings.Contains(masked, "X-Tenant") {
			t.Errorf("%s: String() = %s, want secrets masked", name, masked)
		}
	}
	cfg, _ := check(t, section(sampled))
	if text := printed(t, cfg); strings.Contains(text, "remote:") {
		t.Errorf("printed a sampling server that is not used:\n%s", text)
	}
}

func TestRemoteSamplingIsHot(t *testing.T) {
	t.Parallel()
	before, _ := check(t, section(sampled))
	after, _ := check(t, section(onRemote+"  remote: {interval: 5, headers: {a: b}}"))
	hot, restart := before.Changed(after)
	want := []string{"sample_rate", "sampling.sampler", "sampling.remote.interval", "sampling.remote.headers"}
	if diff := cmp.Diff(want, hot); diff != "" || len(restart) > 0 {
		t.Errorf("restart for %v, hot (-want +got):\n%s", restart, diff)
	}
}
