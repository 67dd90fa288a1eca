package sampling_test

import (
	"context"
	"fmt"
	"math/bits"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/requestheader"
	"github.com/spanroute/spanroute/internal/undecided"
	"github.com/spanroute/spanroute/sampling"
)

func pairs(list ...string) (attrs []attribute.KeyValue) {
	for i := 0; i < len(list); i += 2 {
		attrs = append(attrs, attribute.String(list[i], list[i+1]))
	}
	return attrs
}

// A call is a local root: what is known at its start, and what is known at its end.
type call struct {
	start, end []attribute.KeyValue
	kind       trace.SpanKind
	header     map[string][]string
	name       string
	status     codes.Code
	took       time.Duration
}

var id = trace.TraceID{1, 8: 0x80} // kept by rates above 0.5

// decide returns what a sampler does with a call: keep or drop, at the start or at the end, and the rule that decided.
func decide(d *sampling.Dynamic, c call) string {
	ctx := requestheader.With(context.Background(), func(name string) []string { return c.header[name] })
	result, local := d.Decide(trace.SpanContext{}, sdktrace.SamplingParameters{ParentContext: ctx, TraceID: id, Name: c.name, Kind: c.kind, Attributes: c.start})
	verdict, attrs, when, flags := "drop", result.Attributes, "at the start", trace.TraceFlags(0)
	if result.Decision == sdktrace.RecordAndSample {
		verdict, flags = "keep", trace.FlagsSampled
	}
	if local != nil {
		span := tracetest.SpanStub{
			Name: c.name, SpanKind: c.kind, Attributes: append(c.start, c.end...), Status: sdktrace.Status{Code: c.status},
			SpanContext: trace.NewSpanContext(trace.SpanContextConfig{TraceID: id, SpanID: trace.SpanID{1}, TraceFlags: flags}),
			StartTime:   time.Unix(0, 0), EndTime: time.Unix(0, 0).Add(c.took),
		}
		switch v, reason := local.EndSpan(span.Snapshot(), true); v {
		case undecided.Keep:
			verdict, attrs, when = "keep", []attribute.KeyValue{reason}, "at the end"
		case undecided.Drop:
			verdict, when = "drop", "at the end"
		case undecided.Open:
			when = "at the end by rate"
		}
	}
	for _, kv := range attrs {
		when += fmt.Sprintf(", %s", kv.Value.String())
	}
	return verdict + " " + when
}

func rate(r float64) *float64 { return &r }

func TestRules(t *testing.T) {
	get := call{start: pairs("url.path", "/orders/7", "http.request.method", "GET"), kind: trace.SpanKindServer, name: "GET"}
	with := func(change func(*call)) call {
		c := get
		change(&c)
		return c
	}
	rpc := call{start: pairs("rpc.method", "shop.Orders/List"), kind: trace.SpanKindServer, name: "shop.Orders/List"}
	for name, tt := range map[string]struct {
		rules []sampling.Rule
		rate  float64
		call  call
		want  string
	}{
		"no rule matches":                     {[]sampling.Rule{{Path: []string{"/x"}, Keep: true}}, 0, get, "drop at the start"},
		"no rule matches, by rate":            {[]sampling.Rule{{Path: []string{"/x"}, Drop: true}}, 1, get, "keep at the start"},
		"a path":                              {[]sampling.Rule{{Name: "orders", Path: []string{"/x", "/orders/*"}, Keep: true}}, 0, get, "keep at the start, orders"},
		"a path that is dropped":              {[]sampling.Rule{{Path: []string{"/orders/*"}, Drop: true}}, 1, get, "drop at the start"},
		"the first rule":                      {[]sampling.Rule{{Path: []string{"/orders/*"}, Drop: true}, {Method: []string{"GET"}, Keep: true}}, 1, get, "drop at the start"},
		"all fields":                          {[]sampling.Rule{{Path: []string{"/orders/*"}, Method: []string{"PUT"}, Keep: true}}, 0, get, "drop at the start"},
		"a method":                            {[]sampling.Rule{{Method: []string{"GET"}, Keep: true}}, 0, get, "keep at the start, rule-1"},
		"a kind":                              {[]sampling.Rule{{Kind: []string{"server"}, Keep: true}}, 0, get, "keep at the start, rule-1"},
		"another kind":                        {[]sampling.Rule{{Kind: []string{"client"}, Keep: true}}, 0, get, "drop at the start"},
		"an RPC":                              {[]sampling.Rule{{RPC: []string{"/shop.Orders/*"}, Keep: true}}, 0, rpc, "keep at the start, rule-1"},
		"an RPC for a request":                {[]sampling.Rule{{RPC: []string{"*"}, Keep: true}}, 0, get, "drop at the start"},
		"a rate above the id":                 {[]sampling.Rule{{Method: []string{"GET"}, Rate: rate(0.51)}}, 0, get, "keep at the start, rule-1"},
		"a rate below the id":                 {[]sampling.Rule{{Method: []string{"GET"}, Rate: rate(0.49)}}, 1, get, "drop at the start"},
		"a header":                            {[]sampling.Rule{{Header: map[string]string{"X-Debug": "1*"}, Keep: true}}, 0, with(func(c *call) { c.header = map[string][]string{"x-debug": {"0", "12"}} }), "keep at the start, rule-1"},
		"without the header":                  {[]sampling.Rule{{Header: map[string]string{"X-Debug": "*"}, Keep: true}}, 0, get, "drop at the start"},
		"an attribute at the start":           {[]sampling.Rule{{Attributes: map[string]string{"tier": "gold*"}, Keep: true}}, 0, with(func(c *call) { c.start = pairs("tier", "gold-2") }), "keep at the start, rule-1"},
		"another value":                       {[]sampling.Rule{{Attributes: map[string]string{"tier": "gold*"}, Keep: true}}, 0, with(func(c *call) { c.start = pairs("tier", "free") }), "drop at the start"},
		"an attribute at the end":             {[]sampling.Rule{{Attributes: map[string]string{"tier": "gold*"}, Keep: true}}, 0, with(func(c *call) { c.end = pairs("tier", "gold") }), "keep at the end, rule-1"},
		"a route at the start":                {[]sampling.Rule{{Route: []string{"/orders/{id}"}, Keep: true}}, 0, with(func(c *call) { c.start = pairs("http.route", "/orders/{id}") }), "keep at the start, rule-1"},
		"a route at the end":                  {[]sampling.Rule{{Route: []string{"/orders/{id}"}, Keep: true}}, 0, with(func(c *call) { c.end = pairs("http.route", "/orders/{id}") }), "keep at the end, rule-1"},
		"another route at the end":            {[]sampling.Rule{{Route: []string{"/orders/{id}"}, Keep: true}}, 0, with(func(c *call) { c.end = pairs("http.route", "/x") }), "drop at the end by rate"},
		"a route that is dropped":             {[]sampling.Rule{{Route: []string{"/orders/{id}"}, Drop: true}}, 1, with(func(c *call) { c.end = pairs("http.route", "/orders/{id}") }), "drop at the end"},
		"not dropped at the end":              {[]sampling.Rule{{Route: []string{"/x"}, Drop: true}}, 1, with(func(c *call) { c.end = pairs("http.route", "/orders/{id}") }), "keep at the end by rate"},
		"sampled, and no rule drops":          {[]sampling.Rule{{Route: []string{"/x"}, Keep: true}}, 1, get, "keep at the start"},
		"a status":                            {[]sampling.Rule{{Status: "error", Path: []string{"/orders/*"}, Keep: true}}, 0, with(func(c *call) { c.status = codes.Error }), "keep at the end, rule-1"},
		"another status":                      {[]sampling.Rule{{Status: "error", Keep: true}}, 0, with(func(c *call) { c.status = codes.Ok }), "drop at the end by rate"},
		"slow":                                {[]sampling.Rule{{SlowerThan: time.Second, Keep: true}}, 0, with(func(c *call) { c.took = 2 * time.Second }), "keep at the end, rule-1"},
		"not slow":                            {[]sampling.Rule{{SlowerThan: time.Second, Keep: true}}, 0, with(func(c *call) { c.took = time.Second }), "drop at the end by rate"},
		"the name of a span":                  {[]sampling.Rule{{Span: []string{"GET"}, Keep: true}}, 0, get, "keep at the end, rule-1"},
		"a later rule, after an open one":     {[]sampling.Rule{{Status: "error", Keep: true}, {Name: "all", Method: []string{"GET"}, Keep: true}, {Kind: []string{"server"}, Drop: true}}, 0, get, "keep at the end, all"},
		"dropped after an open one":           {[]sampling.Rule{{Status: "error", Keep: true}, {Method: []string{"GET"}, Drop: true}}, 1, get, "drop at the end"},
		"the open one, in time":               {[]sampling.Rule{{Name: "errors", Status: "error", Keep: true}, {Method: []string{"GET"}, Drop: true}}, 1, with(func(c *call) { c.status = codes.Error }), "keep at the end, errors"},
		"a header of a rule that waits":       {[]sampling.Rule{{Header: map[string]string{"x": "1"}, Status: "unset", Keep: true}}, 0, with(func(c *call) { c.header = map[string][]string{"x": {"1"}} }), "keep at the end, rule-1"},
		"no header of a rule that would wait": {[]sampling.Rule{{Header: map[string]string{"x": "1"}, Status: "unset", Keep: true}}, 0, get, "drop at the start"},
	} {
		d := dynamic(t, sampling.Config{Rules: tt.rules, SampleRate: tt.rate})
		for range 2 { // the second time, the undecided trace is known
			if got := decide(d, tt.call); got != tt.want {
				t.Errorf("%s: %s, want %s", name, got, tt.want)
			}
		}
	}
}

// A span below the root is compared with the rules that name spans only.
func TestRulesOfSpans(t *testing.T) {
	d := dynamic(t, sampling.Config{Rules: []sampling.Rule{
		{Name: "root", Status: "error", Keep: true}, {Name: "db", Span: []string{"SELECT *"}, SlowerThan: time.Second, Keep: true},
	}})
	_, local := d.Decide(trace.SpanContext{}, sdktrace.SamplingParameters{ParentContext: t.Context()})
	for _, tt := range []struct {
		name string
		took time.Duration
		code codes.Code
		want string
	}{{"SELECT orders", 2 * time.Second, codes.Unset, "db"}, {"SELECT orders", 0, codes.Error, ""}, {"INSERT", 2 * time.Second, codes.Error, ""}} {
		span := tracetest.SpanStub{Name: tt.name, EndTime: time.Unix(10, 0).Add(tt.took), StartTime: time.Unix(10, 0), Status: sdktrace.Status{Code: tt.code}}
		if _, reason := local.EndSpan(span.Snapshot(), false); reason.Value.AsString() != tt.want {
			t.Errorf("%+v: kept by %q", tt, reason.Value.AsString())
		}
	}
	if !local.ReadsContent() {
		t.Error("the name is not needed")
	}
}

func TestRulesKeepErrorsOfWhatTheyDoNotSelect(t *testing.T) {
	keep := sampling.Keep{Errors: true}
	failed := call{start: pairs("url.path", "/a"), status: codes.Error}
	for name, tt := range map[string]struct {
		rule sampling.Rule
		want string
	}{
		"a rate":           {sampling.Rule{Path: []string{"/a"}, Rate: rate(0)}, "keep at the end, error"},
		"a drop":           {sampling.Rule{Path: []string{"/a"}, Drop: true}, "drop at the start"},
		"an open rule":     {sampling.Rule{Path: []string{"/a"}, Status: "ok", Keep: true}, "keep at the end, error"},
		"an open drop too": {sampling.Rule{Path: []string{"/a"}, Status: "error", Drop: true}, "keep at the end, error"},
	} {
		if got := decide(dynamic(t, sampling.Config{Keep: keep, Rules: []sampling.Rule{tt.rule}}), failed); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

func TestRulesDoNotOverrideParents(t *testing.T) {
	rules := []sampling.Rule{{Path: []string{"*"}, Drop: true}}
	p := sdktrace.SamplingParameters{ParentContext: t.Context(), TraceID: id, Attributes: pairs("url.path", "/")}
	parent := func(remote bool) trace.SpanContext {
		return trace.NewSpanContext(trace.SpanContextConfig{TraceID: id, SpanID: trace.SpanID{1}, TraceFlags: 1, Remote: remote})
	}
	for name, tt := range map[string]struct {
		c      sampling.Config
		parent trace.SpanContext
		want   sdktrace.SamplingDecision
	}{
		"a sampled caller":                     {sampling.Config{Rules: rules}, parent(true), sdktrace.RecordAndSample},
		"a sampled caller that is ignored":     {sampling.Config{Rules: rules, RemoteParent: sampling.Ignore, SampleRate: 1}, parent(true), sdktrace.Drop},
		"a sampled parent in this process":     {sampling.Config{Rules: rules}, parent(false), sdktrace.RecordAndSample},
		"the same, if the ratio decides":       {sampling.Config{Rules: rules, Sampler: sampling.TraceIDRatio, SampleRate: 1}, parent(false), sdktrace.RecordAndSample},
		"a caller, if the ratio decides":       {sampling.Config{Rules: rules, Sampler: sampling.TraceIDRatio, SampleRate: 1}, parent(true), sdktrace.Drop},
		"a new trace":                          {sampling.Config{Rules: rules, SampleRate: 1}, trace.SpanContext{}, sdktrace.Drop},
		"a new trace, with always_on":          {sampling.Config{Rules: rules, Sampler: sampling.AlwaysOn}, trace.SpanContext{}, sdktrace.Drop},
		"dropped spans are recorded, if asked": {sampling.Config{Rules: rules, Dropped: sampling.Record}, trace.SpanContext{}, sdktrace.RecordOnly},
	} {
		if got, _ := dynamic(t, tt.c).Decide(tt.parent, p); got.Decision != tt.want {
			t.Errorf("%s: %v, want %v", name, got.Decision, tt.want)
		}
	}
}

// With remote_parent ignore, the id of a caller, which it can choose, does not decide a rule, neither at the start nor at the end.
func TestRulesDoNotTrustIDs(t *testing.T) {
	caller := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: 1, Remote: true})
	for _, rule := range []sampling.Rule{{Path: []string{"*"}, Rate: rate(0.5)}, {SlowerThan: 1, Rate: rate(0.5)}} {
		d := dynamic(t, sampling.Config{RemoteParent: sampling.Ignore, Rules: []sampling.Rule{rule}})
		kept := 0
		for range 1000 {
			result, local := d.Decide(caller, sdktrace.SamplingParameters{ParentContext: t.Context(), TraceID: caller.TraceID(), Attributes: pairs("url.path", "/")})
			if result.Decision == sdktrace.RecordAndSample {
				kept++
			} else if local != nil {
				span := tracetest.SpanStub{Parent: caller, SpanContext: caller, StartTime: time.Unix(0, 0), EndTime: time.Unix(1, 0)}
				if verdict, _ := local.EndSpan(span.Snapshot(), true); verdict == undecided.Keep {
					kept++
				}
			}
		}
		if kept < 400 || kept > 600 {
			t.Errorf("%+v keeps %d of 1000, want about 500", rule, kept)
		}
	}
}

func TestLimitOfARule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := dynamic(t, sampling.Config{Rules: []sampling.Rule{{Name: "few", Path: []string{"/*"}, Limit: 5}, {Name: "slow", SlowerThan: time.Second, Keep: true}}})
		kept := 0
		for range 1000 {
			time.Sleep(10 * time.Millisecond)
			if decide(d, call{start: pairs("url.path", "/")}) == "keep at the start, few" {
				kept++
			}
		}
		if kept < 50 || kept > 55 {
			t.Errorf("%d are kept in 10 s, want 50", kept)
		}
		want := []sampling.RuleStats{{Name: "few", Kept: uint64(kept), Limited: uint64(1000 - kept)}, {Name: "slow"}}
		if diff := cmp.Diff(want, d.Stats().Rules); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

// What rules keep, at the start or at the end, counts against the limit of all new traces. A trace counts once.
func TestLimitOfAllTraces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit, seconds = 10, 20
		for name, tt := range map[string]struct {
			config sampling.Config
			call   call
			want   string
		}{
			"a rule at the start":        {sampling.Config{Rules: []sampling.Rule{{Path: []string{"/*"}, Keep: true}}}, call{start: pairs("url.path", "/")}, "keep at the start, rule-1"},
			"a rule at the end":          {sampling.Config{Rules: []sampling.Rule{{Status: "error", Keep: true}}}, call{status: codes.Error}, "keep at the end, rule-1"},
			"the rate, then a rule":      {sampling.Config{SampleRate: 1, Rules: []sampling.Rule{{Status: "error", Rate: rate(1), Limit: 1000}}}, call{status: codes.Error}, "keep at the end, rule-1"},
			"the rate with an open rule": {sampling.Config{SampleRate: 1, Rules: []sampling.Rule{{Status: "error", Keep: true}}}, call{}, "keep at the start"},
		} {
			tt.config.MaxTracesPerSecond = limit
			d := dynamic(t, tt.config)
			kept := 0
			for range 100 * seconds {
				time.Sleep(10 * time.Millisecond)
				if decide(d, tt.call) == tt.want {
					kept++
				}
			}
			if kept < limit*seconds || kept > limit*(seconds+1) {
				t.Errorf("%s: %d are kept in %d s, want %d", name, kept, seconds, limit*seconds)
			}
		}
	})
}

// Callers choose headers, and so which rules are open. The combinations that they send need no lasting memory.
func TestRulesKeepNoMemoryOfRequests(t *testing.T) {
	const rules, combinations = 16, 1 << 16
	var list []sampling.Rule
	for i := range rules {
		list = append(list, sampling.Rule{Header: map[string]string{fmt.Sprintf("x-%d", i): "*"}, Status: "error", Keep: true})
	}
	d := dynamic(t, sampling.Config{Rules: list})
	send := func(combination int) string {
		header := map[string][]string{}
		for i := range rules {
			if combination>>i&1 == 1 {
				header[fmt.Sprintf("x-%d", i)] = []string{"a"}
			}
		}
		return decide(d, call{header: header, status: codes.Error})
	}
	before := heap()
	for combination := range combinations {
		if got, want := send(combination), "keep at the end, rule-"+fmt.Sprint(bits.TrailingZeros(uint(combination))+1); combination > 0 && got != want {
			t.Fatalf("combination %b: %s, want %s", combination, got, want)
		}
	}
	if grown := heap() - before; grown > 1<<20 {
		t.Errorf("%d bytes are left of %d combinations, want less than 1 MiB", grown, combinations)
	}
	runtime.KeepAlive(d)
}

// heap returns the bytes in use after a collection.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestCovers(t *testing.T) {
	for _, tt := range []struct {
		first, second sampling.Rule
		want          bool
	}{
		{sampling.Rule{Path: []string{"/a/*"}}, sampling.Rule{Path: []string{"/a/b*", "/a/c"}}, true},
		{sampling.Rule{Path: []string{"/a/*"}}, sampling.Rule{Path: []string{"/a/b", "/b"}}, false},
		{sampling.Rule{Path: []string{"/a"}}, sampling.Rule{Method: []string{"GET"}}, false},
		{sampling.Rule{Path: []string{"/a"}, Status: "error"}, sampling.Rule{Path: []string{"/a"}}, false},
		{sampling.Rule{Path: []string{"/a"}}, sampling.Rule{Path: []string{"/a"}, Status: "error"}, true},
		{sampling.Rule{SlowerThan: 2}, sampling.Rule{SlowerThan: 1}, false},
		{sampling.Rule{SlowerThan: 1}, sampling.Rule{SlowerThan: 2}, true},
		{sampling.Rule{Kind: []string{"server"}}, sampling.Rule{Kind: []string{"server"}, Span: []string{"x"}}, false},
		{sampling.Rule{Header: map[string]string{"a": "*"}}, sampling.Rule{Header: map[string]string{"a": "1", "b": "2"}}, true},
		{sampling.Rule{Attributes: map[string]string{"a": "1"}}, sampling.Rule{Attributes: map[string]string{"a": "2"}}, false},
	} {
		if got := tt.first.Covers(&tt.second); got != tt.want {
			t.Errorf("%+v covers %+v: %v, want %v", tt.first, tt.second, got, tt.want)
		}
	}
}

func TestForce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := func(addr, value string) call {
			return call{start: pairs("network.peer.address", addr), header: map[string][]string{"x-debug": {value}}}
		}
		both := sampling.Force{Header: "X-Debug", Secret: "hush", Networks: []string{"10.0.0.0/8", "::1"}}
		secret, networks := both, both
		secret.Networks, networks.Secret = nil, ""
		for name, tt := range map[string]struct {
			force sampling.Force
			call  call
			want  string
		}{
			"the secret":                  {secret, from("8.8.8.8", "hush"), "keep at the start, forced"},
			"another secret":              {secret, from("8.8.8.8", "hushh"), "drop at the start"},
			"no header":                   {secret, call{}, "drop at the start"},
			"the network":                 {networks, from("10.1.2.3", "x"), "keep at the start, forced"},
			"the network, mapped to IPv6": {networks, from("::ffff:10.1.2.3", "x"), "keep at the start, forced"},
			"an address":                  {networks, from("::1", "x"), "keep at the start, forced"},
			"another network":             {networks, from("11.1.2.3", "x"), "drop at the start"},
			"no peer":                     {networks, from("", "x"), "drop at the start"},
			"both":                        {both, from("10.1.2.3", "hush"), "keep at the start, forced"},
			"one of both":                 {both, from("11.1.2.3", "hush"), "drop at the start"},
		} {
			d := dynamic(t, sampling.Config{Force: tt.force})
			if got := decide(d, tt.call); got != tt.want {
				t.Errorf("%s: %s, want %s", name, got, tt.want)
			}
		}
		d := dynamic(t, sampling.Config{Force: secret})
		for range 20 {
			decide(d, from("", "hush"))
		}
		if got := d.Stats().Forced; got != 10 {
			t.Errorf("%d are kept at once, want 10", got)
		}
		ctx := requestheader.With(t.Context(), func(string) []string { return []string{"hush"} })
		time.Sleep(time.Second)
		caller := trace.NewSpanContext(trace.SpanContextConfig{TraceID: id, SpanID: trace.SpanID{1}, Remote: true})
		if got, _ := d.Decide(caller, sdktrace.SamplingParameters{ParentContext: ctx, TraceID: id}); got.Decision != sdktrace.RecordAndSample {
			t.Error("an unsampled caller prevents it")
		}
		for _, f := range []sampling.Force{{Header: "x"}, {Secret: "x"}, {Header: "x", Networks: []string{"intranet"}}} {
			if _, err := sampling.New(sampling.Config{Force: f}); err == nil {
				t.Errorf("%+v is accepted", f)
			}
		}
	})
}

func TestInvalidRules(t *testing.T) {
	many := make([]sampling.Rule, 65)
	for i := range many {
		many[i] = sampling.Rule{Path: []string{"/"}, Keep: true}
	}
	for name, rules := range map[string][]sampling.Rule{
		"no match": {{Keep: true}}, "no action": {{Path: []string{"/"}}}, "two actions": {{Path: []string{"/"}, Keep: true, Drop: true}},
		"a rate out of range": {{Path: []string{"/"}, Rate: rate(2)}}, "too many": many,
	} {
		if _, err := sampling.New(sampling.Config{Rules: rules}); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}
