package sampling_test

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/sampling"
)

// dice chooses by the bytes of a fuzzer.
type dice []byte

func (d *dice) below(n int) int {
	if len(*d) == 0 {
		return 0
	}
	b := int((*d)[0])
	*d = (*d)[1:]
	return b % n
}

// globs returns no glob or one; b* and *b overlap with the texts.
func (d *dice) globs() []string {
	return [][]string{nil, nil, nil, {"a"}, {"b*"}, {"*b"}, {"*"}, {"a", "b"}}[d.below(8)]
}

func (d *dice) text() string { return []string{"a", "b", "ab", "ba"}[d.below(4)] }

func (d *dice) rule() sampling.Rule {
	r := sampling.Rule{
		Path: d.globs(), Route: d.globs(), Method: d.globs(), Span: d.globs(),
		Kind:       [][]string{nil, nil, {"server"}, {"client", "server"}}[d.below(4)],
		Status:     []string{"", "", "error", "unset"}[d.below(4)],
		SlowerThan: []time.Duration{0, 0, time.Second}[d.below(3)],
	}
	if g := d.globs(); g != nil {
		r.Header = map[string]string{"X-Test": g[0]}
	}
	if g := d.globs(); g != nil {
		r.Attributes = map[string]string{"late": g[0]}
	}
	switch d.below(3) {
	case 0:
		r.Keep = true
	case 1:
		r.Drop = true
	default:
		r.Rate = rate(1)
	}
	return r
}

func (d *dice) call() call {
	c := call{name: d.text(), start: pairs("url.path", d.text(), "http.request.method", d.text())}
	c.kind = []trace.SpanKind{trace.SpanKindServer, trace.SpanKindClient, trace.SpanKindInternal}[d.below(3)]
	c.status = []codes.Code{codes.Unset, codes.Error, codes.Ok}[d.below(3)]
	c.took = time.Duration(d.below(3)) * time.Second
	if route := d.below(3); route > 0 {
		attr := pairs("http.route", d.text())
		if route == 1 {
			c.start = append(c.start, attr...)
		} else {
			c.end = append(c.end, attr...)
		}
	}
	if d.below(2) == 1 {
		c.end = append(c.end, pairs("late", d.text())...)
	}
	if d.below(2) == 1 {
		c.header = map[string][]string{"x-test": {d.text()}}
	}
	return c
}

// matches compares a rule with all that is known of a call in the end.
func matches(r sampling.Rule, c call) bool {
	value := func(key string) (string, bool) {
		for _, kv := range slices.Concat(c.start, c.end) {
			if string(kv.Key) == key {
				return kv.Value.AsString(), true
			}
		}
		return "", false
	}
	any := func(globs []string, text string, known bool) bool {
		return len(globs) == 0 || known && slices.ContainsFunc(globs, func(g string) bool {
			ok, err := path.Match(g, text)
			return ok && err == nil
		})
	}
	of := func(globs []string, key string) bool {
		text, known := value(key)
		return any(globs, text, known)
	}
	late, header := []string(nil), []string(nil)
	if g, ok := r.Attributes["late"]; ok {
		late = []string{g}
	}
	if g, ok := r.Header["X-Test"]; ok {
		header = []string{g}
	}
	return of(r.Path, "url.path") && of(r.Route, "http.route") && of(r.Method, "http.request.method") && of(late, "late") &&
		any(r.Span, c.name, true) && any(header, strings.Join(c.header["x-test"], ""), c.header != nil) &&
		any(r.Kind, c.kind.String(), true) && (r.Status == "" || r.Status == strings.ToLower(c.status.String())) &&
		(r.SlowerThan == 0 || c.took > r.SlowerThan)
}

// The first rule that matches in the end decides, wherever its fields become known.
func FuzzRules(f *testing.F) {
	for _, seed := range []string{"", "\x03\x00\x00\x00\x02\x02\x01\x04", strings.Repeat("\x05\x01\x07", 30), strings.Repeat("\x06\x02", 60)} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, choices []byte) {
		d := dice(choices)
		var rules []sampling.Rule
		for range 1 + d.below(4) {
			if r := d.rule(); r.Validate() == nil {
				rules = append(rules, r)
			}
		}
		s := dynamic(t, sampling.Config{Rules: rules})
		for range 4 {
			c, want, decider := d.call(), "drop", ""
			if i := slices.IndexFunc(rules, func(r sampling.Rule) bool { return matches(r, c) }); i >= 0 && !rules[i].Drop {
				want, decider = "keep", "rule-"+strconv.Itoa(i+1)
			}
			if got := decide(s, c); !strings.HasPrefix(got, want) || !strings.HasSuffix(got, decider) {
				t.Errorf("%+v with %+v: %s, want %s %s", c, rules, got, want, decider)
			}
		}
	})
}
