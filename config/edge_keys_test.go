package config_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/spanroute/spanroute/config"
)

func TestRemoteParentAndRedactKeys(t *testing.T) {
	many := make([]string, 257)
	for i := range many {
		many[i] = fmt.Sprintf("k%d", i)
	}
	runAll(t, []situation{
		{name: "the defaults", file: "sample_rate: 0.1", want: values{"sampling.remote_parent": "respect", "redact.query_keys": "", "redact.panic_messages": "false"}},
		{name: "remote parents ignored", file: "sampling: {remote_parent: ignore}", want: values{"sampling.remote_parent": "ignore"}},
		{name: "in any case", file: "sampling: {remote_parent: IGNORE}", want: values{"sampling.remote_parent": "ignore"}},
		{name: "by a variable", env: []string{"SPANROUTE_SAMPLING_REMOTE_PARENT=ignore"}, want: values{"sampling.remote_parent": "ignore"}},
		{name: "an unknown value", file: "sampling: {remote_parent: ignor}", kinds: only(config.ErrUnknownValue)},
		{name: "a sampler that never follows a parent", file: "sampling: {sampler: always_on, remote_parent: ignore}", kinds: only(config.WarnIgnored),
			at: []string{"tracing.yaml:2:49: tracing.sampling.remote_parent:"}},
		{name: "a sampler that follows parents", file: "sampling: {sampler: parentbased_always_on, remote_parent: ignore}"},
		{name: "query keys", file: "redact: {query_keys: [mine, Yours]}", want: values{"redact.query_keys": "mine,Yours"}},
		{name: "query keys as text", file: "redact: {query_keys: 'mine, Yours'}", want: values{"redact.query_keys": "mine,Yours"}},
		{name: "query keys by a variable", env: []string{"SPANROUTE_REDACT_QUERY_KEYS=a,b"}, want: values{"redact.query_keys": "a,b"}},
		{name: "too many query keys", file: "redact: {query_keys: [" + strings.Join(many, ", ") + "]}", kinds: only(config.ErrOutOfRange)},
		{name: "panic messages", file: "redact: {panic_messages: true}", want: values{"redact.panic_messages": "true"}},
	})
}

func TestKeepKeys(t *testing.T) {
	runAll(t, []situation{
		{name: "the defaults", file: "sample_rate: 0.1", want: values{"sampling.keep.errors": "false", "sampling.keep.slower_than": "0s",
			"sampling.hold.max_traces": "10000", "sampling.hold.max_bytes": "67108864", "sampling.hold.max_time": "1m0s", "sampling.max_traces_per_second": "0"}},
		{name: "errors and slow ones, at rate 0", file: "exporter_type: zipkin\nsampling: {keep: {errors: true, slower_than: 2s, max_traces_per_second: 0.5}}",
			want: values{"sampling.keep.errors": "true", "sampling.keep.slower_than": "2s", "sampling.keep.max_traces_per_second": "0.5"}},
		{name: "by variables", env: []string{"SPANROUTE_SAMPLING_KEEP_ERRORS=true", "SPANROUTE_SAMPLING_HOLD_MAX_BYTES=1000"},
			want: values{"sampling.keep.errors": "true", "sampling.hold.max_bytes": "1000"}},
		{name: "a bound for nothing", file: "sampling: {keep: {max_traces_per_second: 5}}", kinds: only(config.WarnIgnored)},
		{name: "slower than spans are held", file: "sampling: {keep: {slower_than: 2m}}", kinds: only(config.WarnSuspicious)},
		{name: "negative", file: "sampling: {max_traces_per_second: -1, keep: {slower_than: -1s}}", kinds: only(config.ErrOutOfRange, config.ErrOutOfRange)},
		{name: "a misspelt key", file: "sampling: {keep: {error: true}}", kinds: only(config.ErrUnknownKey)},
	})
}

func TestEdgeKeysAreHot(t *testing.T) {
	before, _ := check(t, section("sample_rate: 0.1"))
	after, _ := check(t, section("sample_rate: 0.1\nsampling: {remote_parent: ignore}\nredact: {query_keys: [mine], panic_messages: true}"))
	hot, restart := before.Changed(after)
	if got := strings.Join(hot, " "); got != "sampling.remote_parent redact.query_keys redact.panic_messages" || len(restart) != 0 {
		t.Errorf("hot %v, restart %v; want the three keys to be hot", hot, restart)
	}
}
