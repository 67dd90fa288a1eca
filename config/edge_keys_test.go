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

func TestRules(t *testing.T) {
	const rules = "sampling:\n  rules:\n"
	runAll(t, []situation{
		{name: "every field", file: rules + "    - {name: a, path: [/a/*, /b], route: /r, method: GET, rpc: /p.S/*, span: x, kind: client, header: {x-y: 1}, attributes: {t: g*}, status: error, slower_than: 2s, rate: 0.5, limit: 3}",
			want: values{"sampling.rules": `{"attributes":{"t":"g*"},"header":{"x-y":"1"},"kind":["client"],"limit":3,"method":["GET"],"name":"a","path":["/a/*","/b"],"rate":0.5,"route":["/r"],"rpc":["/p.S/*"],"slower_than":"2s","span":["x"],"status":"error"}`}},
		{name: "a block", file: rules + "    - name: probes\n      path: /healthz\n      drop: true\n    - route: /orders\n      keep: true",
			want: values{"sampling.rules": `{"drop":true,"name":"probes","path":["/healthz"]},{"keep":true,"route":["/orders"]}`}},
		{name: "spellings of YAML", file: rules + "    - {path: /a, keep: True}\n    - {path: /b, rate: .5}\n    - {path: /c, rate: +1}",
			want: values{"sampling.rules": `{"keep":true,"path":["/a"]},{"path":["/b"],"rate":0.5},{"path":["/c"],"rate":1}`}},
		{name: "a number that no key accepts", file: rules + "    - {path: /a, rate: 00}", kinds: only(config.ErrWrongType)},
		{name: "65 rules", file: rules + strings.Repeat("    - {span: x, keep: true}\n", 65), kinds: only(config.ErrOutOfRange)},
		{name: "none", file: "sampling: {rules: []}", want: values{"sampling.rules": ""}},
		{name: "a misspelt field", file: rules + "    - path: /a\n      drop: true\n    - path: /b\n      slower: 2s\n      keep: true", kinds: only(config.ErrUnknownKey),
			at: []string{"tracing.yaml:7:9: tracing.sampling.rules[2].slower:"}},
		{name: "a rate out of range", file: rules + "    - path: /a\n      rate: 2", kinds: only(config.ErrOutOfRange)},
		{name: "an unknown kind", file: rules + "    - kind: serer\n      keep: true", kinds: only(config.ErrUnknownValue)},
		{name: "a text instead of a map", file: rules + "    - /healthz", kinds: only(config.ErrWrongType)},
		{name: "a map instead of a list", file: "sampling:\n  rules: {path: /a}", kinds: only(config.ErrWrongType)},
		{name: "a field twice", file: rules + "    - path: /a\n      path: /b\n      keep: true", kinds: only(config.ErrDuplicateKey)},
		{name: "without a match", file: rules + "    - keep: true", kinds: only(config.ErrMissing)},
		{name: "without an action", file: rules + "    - path: /a", kinds: only(config.ErrMissing)},
		{name: "two actions", file: rules + "    - {path: /a, keep: true, drop: true}", kinds: only(config.ErrConflict)},
		{name: "a limit of nothing", file: rules + "    - {path: /a, drop: true, limit: 5}", kinds: only(config.ErrConflict)},
		{name: "a duration that is a word", file: rules + "    - {path: /a, slower_than: soon, keep: true}", kinds: only(config.ErrWrongType)},
		{name: "never reached", file: rules + "    - {path: /a/*, drop: true}\n    - {path: /a/*, method: GET, keep: true}", kinds: only(config.WarnIgnored)},
		{name: "two of one name", file: rules + "    - {name: x, path: /a, drop: true}\n    - {name: x, path: /b, keep: true}", kinds: only(config.ErrConflict)},
	})
}

func TestForce(t *testing.T) {
	runAll(t, []situation{
		{name: "by a secret", file: "sampling: {force: {header: jaeger-debug-id, secret: hush}}", want: values{"sampling.force.header": "jaeger-debug-id"}},
		{name: "by networks", file: "sampling: {force: {header: x-debug, networks: [10.0.0.0/8, 127.0.0.1]}}"},
		{name: "without either", file: "sampling: {force: {header: x-debug}}", kinds: only(config.ErrMissing)},
		{name: "without a header", file: "sampling: {force: {secret: hush}}", kinds: only(config.ErrMissing)},
		{name: "not a network", file: "sampling: {force: {header: x-debug, networks: [10.0.0.0/8, intranet]}}", kinds: only(config.ErrOutOfRange)},
	})
}

func TestSpoolKeys(t *testing.T) {
	runAll(t, []situation{
		{name: "the defaults", file: "sample_rate: 1", want: values{"spool.dir": "", "spool.mode": "overflow", "spool.max_bytes": "268435456", "spool.max_age": "24h0m0s", "spool.fsync": "1s"}},
		{name: "all keys", file: "spool: {dir: /x, mode: always, max_bytes: 1000, max_age: 1h, fsync: 250ms}",
			want: values{"spool.dir": "/x", "spool.mode": "always", "spool.max_bytes": "1000", "spool.max_age": "1h0m0s", "spool.fsync": "250ms"}},
		{name: "seconds", file: "spool: {dir: /x, fsync: '2'}", want: values{"spool.fsync": "2s"}},
		{name: "by a variable", env: []string{"SPANROUTE_SPOOL_DIR=/y", "SPANROUTE_SPOOL_FSYNC=none"}, want: values{"spool.dir": "/y", "spool.fsync": "none"}},
		{name: "an unknown interval", file: "spool: {dir: /x, fsync: often}", kinds: only(config.ErrUnknownValue)},
		{name: "an unknown mode", file: "spool: {dir: /x, mode: alway}", kinds: only(config.ErrUnknownValue)},
		{name: "a negative age", file: "spool: {dir: /x, max_age: -1h}", kinds: only(config.ErrOutOfRange)},
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
