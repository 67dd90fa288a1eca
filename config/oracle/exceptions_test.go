package oracle_test

import (
	"regexp"
	"slices"
	"strings"

	"github.com/spanroute/spanroute/config"
)

// notJSON is the name of files that an editor refuses before it looks at the schema.
const notJSON = "what is not YAML with JSON values"

// An exception is a kind of fault that the schema cannot express. docs/config.md lists the names and kinds.
type exception struct {
	name     string
	kinds    []config.Kind // nil for any
	of       func(text string, d config.Diagnostic) bool
	examples []string // files that the schema accepts and config.Load refuses
	environ  []string
}

var exceptions = []exception{
	{
		name: "variables in values, and other layers",
		of: func(text string, d config.Diagnostic) bool {
			return d.Origin.Layer != config.LayerFile || substitution.MatchString(text)
		},
		examples: []string{"tracing: {sample_rate: '${X:-2}'}", "tracing: {otlp: {headers: {a: '${X:-é}'}}}", "tracing: {timeout: 1}"},
		environ:  []string{"SPANROUTE_SAMPLE_RATE=2"},
	},
	{
		name: "what a file holds", kinds: []config.Kind{config.ErrFile}, of: always,
		examples: []string{"tracing: {exporter_type: zipkin, sample_rate: 1, zipkin: {endpoint: 'https://h', certificate_file: /nowhere.pem}}"},
	},
	{
		name: "syntax and size of a regular expression", kinds: []config.Kind{config.ErrPattern, config.ErrTooLarge},
		of:       func(_ string, d config.Diagnostic) bool { return strings.HasSuffix(d.Key, "excluded_urls") },
		examples: []string{"tracing: {excluded_urls: ['(']}", "tracing: {excluded_urls: ['((a{1,30}){1,30}){1,30}', '(a{1000}){990}']}"},
	},
	{
		name: "names of headers that differ in letter case alone", kinds: []config.Kind{config.ErrHeader}, of: message("duplicate header"),
		examples: []string{"tracing: {zipkin: {headers: {a: 1, A: 2}}}", "tracing: {zipkin: {headers: [[a, 1], [a, 2]]}}", "tracing: {zipkin: {headers: 'a=1,a=2'}}"},
	},
	{
		name: "two rules of one name", kinds: []config.Kind{config.ErrConflict}, of: message(" is called "),
		examples: []string{"tracing: {sampling: {rules: [{name: a, path: /a, keep: true}, {name: a, path: /b, keep: true}]}}"},
	},
	{
		name: "the spelling of a number", kinds: []config.Kind{config.ErrWrongType, config.ErrOutOfRange},
		of: func(_ string, d config.Diagnostic) bool { return unusual.MatchString(d.Message) },
		examples: []string{
			"tracing: {jaeger: {port: 06831}}", "tracing: {sample_rate: 0x1}", "tracing: {timeout: 0o17}", "tracing: {sampling: {rules: [{path: /a, rate: 00}]}}",
			"tracing: {zipkin: {local_node_ipv4: 1e3}}",
		},
	},
	{
		name:     "what an exporter checks beyond its tags",
		of:       message("has user information, which gRPC does not use"),
		examples: []string{"tracing: {jaeger: {collector_endpoint: 'http://u:p@h:14250'}}"}, // by its port, over gRPC
	},
}

func always(string, config.Diagnostic) bool { return true }

func message(part string) func(string, config.Diagnostic) bool {
	return func(_ string, d config.Diagnostic) bool { return strings.Contains(d.Message, part) }
}

var (
	substitution = regexp.MustCompile(`\$\{(env:)?[A-Za-z_]`)
	unusual      = regexp.MustCompile(`\b0[xo][0-9a-fA-F]|has leading zeros|^[0-9eE.+-]+ is not text`)
)

// inexpressible returns the name of the exception that an error in a file is, "" if it is not one.
func inexpressible(text string, d config.Diagnostic) string {
	for _, e := range exceptions {
		if (e.kinds == nil || slices.Contains(e.kinds, d.Kind)) && e.of(text, d) {
			return e.name
		}
	}
	return ""
}

// A strictness is something that the schema refuses and config.Load accepts, most often with a warning.
type strictness struct {
	name     string
	kind     config.Kind    // of the warning; "" for none
	of       *regexp.Regexp // in the text, without a warning
	examples []string
}

var strictnesses = []strictness{
	{
		"a key by two names, or a section in two places", config.WarnAlias, nil,
		[]string{"tracing: {type: zipkin, exporter_type: zipkin, sample_rate: 1}", "tracing: {timeout: 1}\napi_server: {tracing: {timeout: 1}}", "tracing: {stdout: {pretty: true}, console: {pretty: true}}"},
	},
	{
		"an unusual spelling of another type", config.WarnCoerced, nil,
		[]string{"tracing: {enabled: 'tRUE'}", "tracing: {sample_rate: '1e-3'}", "tracing: {max_tag_value_length: '1e3'}"},
	},
	{
		"a value without effect", config.WarnIgnored, nil,
		[]string{
			"tracing: {exporter_type: jaeger, sample_rate: 1, jaeger: {protocol: udp/thrift.compact, collector_endpoint: 'ftp://h'}}",
			"tracing: {sampling: {remote: {client_key_file: a.pem}}}",
		},
	},
	{
		"an unquoted text that YAML 1.2 reads as a number", "", regexp.MustCompile(`\b0[xo][0-9a-fA-F]`),
		[]string{"tracing: {service_name: 0x10}", "tracing: {excluded_urls: 0o17}"},
	},
	{
		"a spelling that is not in use", "", regexp.MustCompile(`[0-9][smh]|[^\x00-\x7f]`),
		[]string{"tracing: {timeout: 5s5s}", "tracing: {timeout: +5s}", "tracing: {zipkin: {endpoint: 'http://h/é'}}"},
	},
}

// stricter returns the name of what the schema refuses in a file that has warnings at most, "" if it is not known.
func stricter(text string, warnings config.Diagnostics) string {
	for _, s := range strictnesses {
		if s.of != nil && s.of.MatchString(text) || slices.ContainsFunc(warnings, func(d config.Diagnostic) bool { return d.Kind == s.kind }) {
			return s.name
		}
	}
	return ""
}
