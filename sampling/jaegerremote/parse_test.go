package jaegerremote_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/gogo/protobuf/jsonpb"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jaegertracing/jaeger-idl/proto-gen/api_v2"
	thrift "github.com/jaegertracing/jaeger-idl/thrift-gen/sampling"

	"github.com/spanroute/spanroute/sampling/jaegerremote"
)

var ignoreRaw = cmpopts.IgnoreUnexported(jaegerremote.Response{})

// fromProto returns the fields of a message of Jaeger.
func fromProto(m *api_v2.SamplingStrategyResponse) (r jaegerremote.Response) {
	if p := m.ProbabilisticSampling; p != nil {
		r.Probabilistic = &p.SamplingRate
	}
	if l := m.RateLimitingSampling; l != nil {
		perSecond := float64(l.MaxTracesPerSecond)
		r.RateLimiting = &perSecond
	}
	if o := m.OperationSampling; o != nil {
		r.PerOperation = &jaegerremote.PerOperation{
			Default: o.DefaultSamplingProbability, Lower: o.DefaultLowerBoundTracesPerSecond, Upper: o.DefaultUpperBoundTracesPerSecond,
		}
		for _, each := range o.PerOperationStrategies {
			parsed := jaegerremote.Operation{Name: each.GetOperation()}
			if p := each.GetProbabilisticSampling(); p != nil {
				parsed.Rate = &p.SamplingRate
			}
			r.PerOperation.Operations = append(r.PerOperation.Operations, parsed)
		}
	}
	return r
}

func probability(rate float64) *api_v2.ProbabilisticSamplingStrategy {
	return &api_v2.ProbabilisticSamplingStrategy{SamplingRate: rate}
}

func operation(name string, rate float64) *api_v2.OperationSamplingStrategy {
	return &api_v2.OperationSamplingStrategy{Operation: name, ProbabilisticSampling: probability(rate)}
}

// messages are responses of Jaeger servers, with the strategy that they contain.
var messages = map[string]struct {
	message *api_v2.SamplingStrategyResponse
	want    string
}{
	"probabilistic":            {&api_v2.SamplingStrategyResponse{ProbabilisticSampling: probability(0.25)}, "probabilistic 0.25"},
	"probabilistic, nothing":   {&api_v2.SamplingStrategyResponse{ProbabilisticSampling: probability(0)}, "probabilistic 0"},
	"rate limiting":            {&api_v2.SamplingStrategyResponse{StrategyType: 1, RateLimitingSampling: &api_v2.RateLimitingSamplingStrategy{MaxTracesPerSecond: 7}}, "rate limiting 7/s"},
	"rate limiting, unlimited": {&api_v2.SamplingStrategyResponse{RateLimitingSampling: &api_v2.RateLimitingSamplingStrategy{MaxTracesPerSecond: 1<<31 - 1}}, "rate limiting 2.147483647e+09/s"},
	"adaptive, without operations": {
		&api_v2.SamplingStrategyResponse{OperationSampling: &api_v2.PerOperationSamplingStrategies{
			DefaultSamplingProbability: 0.001, DefaultLowerBoundTracesPerSecond: 1.0 / 60,
		}}, "per operation (0), default 0.001, lower bound 0.016666666666666666/s",
	},
	"adaptive": {
		&api_v2.SamplingStrategyResponse{OperationSampling: &api_v2.PerOperationSamplingStrategies{
			DefaultSamplingProbability: 0.001, DefaultLowerBoundTracesPerSecond: 0.5, DefaultUpperBoundTracesPerSecond: 2,
			PerOperationStrategies: []*api_v2.OperationSamplingStrategy{operation("GET /b", 0.5), operation("GET /a", 0), operation("", 1)},
		}}, "per operation (3), default 0.001, lower bound 0.5/s, upper bound 2/s",
	},
	"file strategy: the fields of two strategies": {
		&api_v2.SamplingStrategyResponse{
			StrategyType: 1, RateLimitingSampling: &api_v2.RateLimitingSamplingStrategy{MaxTracesPerSecond: 7}, ProbabilisticSampling: probability(0.9),
			OperationSampling: &api_v2.PerOperationSamplingStrategies{DefaultSamplingProbability: 0.2},
		}, "per operation (0), default 0.2",
	},
}

func TestParsersReadMessagesOfJaeger(t *testing.T) {
	for name, tt := range messages {
		t.Run(name, func(t *testing.T) {
			data, err := tt.message.Marshal()
			if err != nil {
				t.Fatal(err)
			}
			read, err := jaegerremote.ParseProto(data)
			checkResponse(t, "protobuf", read, err, tt.message, tt.want)
			for format, marshaler := range map[string]jsonpb.Marshaler{
				"JSON": {}, "JSON with defaults": {EmitDefaults: true}, "JSON with numeric enums": {EnumsAsInts: true, EmitDefaults: true, Indent: "  "},
			} {
				text, err := marshaler.MarshalToString(tt.message)
				if err != nil {
					t.Fatal(err)
				}
				read, err := jaegerremote.ParseJSON([]byte(text))
				checkResponse(t, format, read, err, tt.message, tt.want)
			}
		})
	}
}

// toThrift converts a message as the HTTP handler of Jaeger did before version 2.16.
func toThrift(m *api_v2.SamplingStrategyResponse) *thrift.SamplingStrategyResponse {
	probability := func(p *api_v2.ProbabilisticSamplingStrategy) *thrift.ProbabilisticSamplingStrategy {
		if p == nil {
			return nil
		}
		return &thrift.ProbabilisticSamplingStrategy{SamplingRate: p.SamplingRate}
	}
	r := &thrift.SamplingStrategyResponse{
		StrategyType:          thrift.SamplingStrategyType(m.StrategyType),
		ProbabilisticSampling: probability(m.ProbabilisticSampling),
	}
	if l := m.RateLimitingSampling; l != nil {
		r.RateLimitingSampling = &thrift.RateLimitingSamplingStrategy{MaxTracesPerSecond: int16(l.MaxTracesPerSecond)}
	}
	if o := m.OperationSampling; o != nil {
		r.OperationSampling = &thrift.PerOperationSamplingStrategies{
			DefaultSamplingProbability: o.DefaultSamplingProbability, DefaultLowerBoundTracesPerSecond: o.DefaultLowerBoundTracesPerSecond,
			DefaultUpperBoundTracesPerSecond: &o.DefaultUpperBoundTracesPerSecond,
			PerOperationStrategies:           []*thrift.OperationSamplingStrategy{},
		}
		for _, each := range o.PerOperationStrategies {
			r.OperationSampling.PerOperationStrategies = append(r.OperationSampling.PerOperationStrategies,
				&thrift.OperationSamplingStrategy{Operation: each.Operation, ProbabilisticSampling: probability(each.ProbabilisticSampling)})
		}
	}
	return r
}

// Versions of Jaeger before 2.16 and its agents respond in the JSON form of the Thrift types, with a number or a text as
// the type of the strategy.
func TestParseJSONReadsTheThriftForm(t *testing.T) {
	for name, tt := range messages {
		if tt.message.RateLimitingSampling.GetMaxTracesPerSecond() > math.MaxInt16 {
			continue // Jaeger responds with an error instead
		}
		t.Run(name, func(t *testing.T) {
			text, err := json.Marshal(toThrift(tt.message))
			if err != nil {
				t.Fatal(err)
			}
			numeric := strings.NewReplacer(`"PROBABILISTIC"`, "0", `"RATE_LIMITING"`, "1").Replace(string(text))
			for _, form := range []string{string(text), numeric} {
				read, err := jaegerremote.ParseJSON([]byte(form))
				checkResponse(t, form, read, err, tt.message, tt.want)
			}
		})
	}
}

func checkResponse(t *testing.T, format string, got jaegerremote.Response, err error, message *api_v2.SamplingStrategyResponse, want string) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v", format, err)
		return
	}
	if diff := cmp.Diff(fromProto(message), got, ignoreRaw); diff != "" {
		t.Errorf("%s (-jaeger +parsed):\n%s", format, diff)
	}
	if strategy, err := got.Strategy(); strategy != want {
		t.Errorf("%s: strategy %q, %v; want %q", format, strategy, err, want)
	}
}

func TestParseJSONVariants(t *testing.T) {
	for text, want := range map[string]string{
		// The format of Jaeger's agents, from Thrift.
		`{"strategyType":0,"probabilisticSampling":{"samplingRate":0.5},"rateLimitingSampling":null,"operationSampling":null}`: "probabilistic 0.5",
		`{"strategyType":"RATE_LIMITING","rateLimitingSampling":{"maxTracesPerSecond":5}}`:                                     "rate limiting 5/s",
		`{"operationSampling":{"defaultSamplingProbability":0.1,"perOperationStrategies":null}}`:                               "per operation (0), default 0.1",
		`{"probabilisticSampling":{"samplingRate":"0.5"}}`:                                                                     "probabilistic 0.5",
		`{"rateLimitingSampling":{"maxTracesPerSecond":"3"}}`:                                                                  "rate limiting 3/s",
		`{"rateLimitingSampling":{"maxTracesPerSecond":0.5}}`:                                                                  "rate limiting 0.5/s",
		`{"probabilisticSampling":{},"Unknown":[{}]}`:                                                                          "probabilistic 0",
		`{"strategyType":"SOMETHING_NEW","probabilisticSampling":{"samplingRate":1}}`:                                          "probabilistic 1",
		`{"OPERATIONSAMPLING":{},"probabilisticSampling":{"samplingRate":1}}`:                                                  "probabilistic 1",
		` {"operationSampling":{}} `:                                                                                           "per operation (0), default 0",
	} {
		r, err := jaegerremote.ParseJSON([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, err := r.Strategy(); got != want {
			t.Errorf("%s: strategy %q, %v; want %q", text, got, err, want)
		}
	}
}

// invalid are JSON responses that must not have an effect, with the start of the error.
var invalid = map[string]struct{ text, want string }{
	"empty":                  {``, "the response is not a JSON object"},
	"null":                   {`null`, "the response contains no strategy"},
	"empty object":           {`{}`, "the response contains no strategy"},
	"strategy type alone":    {`{"strategyType":"PROBABILISTIC"}`, "the response contains no strategy"},
	"HTML":                   {`<html>`, "the response is not a JSON object"},
	"array":                  {`[{}]`, "the response is not a JSON object"},
	"trailing data":          {`{"probabilisticSampling":{}} x`, "the response is not a JSON object"},
	"deep nesting":           {strings.Repeat(`{"operationSampling":`, 20_000), "the response is not a JSON object"},
	"text for an object":     {`{"probabilisticSampling":"all"}`, "probabilisticSampling: "},
	"text for a list":        {`{"operationSampling":{"perOperationStrategies":"x"}}`, "perOperationStrategies: "},
	"number for a name":      {`{"operationSampling":{"perOperationStrategies":[{"operation":1}]}}`, "operation: "},
	"NaN":                    {`{"probabilisticSampling":{"samplingRate":"NaN"}}`, "samplingRate: NaN is out of range"},
	"infinity":               {`{"rateLimitingSampling":{"maxTracesPerSecond":"Infinity"}}`, "maxTracesPerSecond: +Inf is out of range"},
	"overflow":               {`{"probabilisticSampling":{"samplingRate":1e999}}`, "samplingRate: "},
	"negative probability":   {`{"probabilisticSampling":{"samplingRate":-0.1}}`, "samplingRate: -0.1 is out of range, want 0 to 1"},
	"probability above 1":    {`{"probabilisticSampling":{"samplingRate":1.1}}`, "samplingRate: 1.1 is out of range, want 0 to 1"},
	"negative rate":          {`{"rateLimitingSampling":{"maxTracesPerSecond":-1}}`, "maxTracesPerSecond: -1 is out of range, want 0 to 2147483647"},
	"2^31 per second":        {`{"rateLimitingSampling":{"maxTracesPerSecond":2147483648}}`, "maxTracesPerSecond: 2.147483648e+09 is out of range"},
	"default above 1":        {`{"operationSampling":{"defaultSamplingProbability":2}}`, "defaultSamplingProbability: 2 is out of range"},
	"negative lower bound":   {`{"operationSampling":{"defaultLowerBoundTracesPerSecond":-2}}`, "defaultLowerBoundTracesPerSecond: -2 is out of range"},
	"huge upper bound":       {`{"operationSampling":{"defaultUpperBoundTracesPerSecond":1e300}}`, "defaultUpperBoundTracesPerSecond: 1e+300 is out of range"},
	"upper below lower":      {`{"operationSampling":{"defaultLowerBoundTracesPerSecond":2,"defaultUpperBoundTracesPerSecond":1}}`, "defaultUpperBoundTracesPerSecond: 1 is less than the lower bound 2"},
	"operation without rate": {`{"operationSampling":{"perOperationStrategies":[{"operation":"a"}]}}`, `operation "a" has no probabilisticSampling`},
	"null operation":         {`{"operationSampling":{"perOperationStrategies":[null]}}`, `operation "" has no probabilisticSampling`},
	"operation above 1":      {`{"operationSampling":{"perOperationStrategies":[{"operation":"a","probabilisticSampling":{"samplingRate":3}}]}}`, `samplingRate of operation "a": 3 is out of range`},
	"duplicate operations": {
		`{"operationSampling":{"perOperationStrategies":[{"operation":"a","probabilisticSampling":{}},{"operation":"b","probabilisticSampling":{}},{"operation":"a","probabilisticSampling":{}}]}}`,
		`duplicate operation "a"`,
	},
	"100,000 operations":             {`{"operationSampling":{"perOperationStrategies":[` + strings.Repeat(`{},`, 99_999) + `{}]}}`, "perOperationStrategies has too many operations, want at most 10000"},
	"the other strategies are valid": {`{"operationSampling":{"defaultSamplingProbability":-1},"probabilisticSampling":{"samplingRate":1}}`, "defaultSamplingProbability: -1"},
}

func TestInvalidJSONIsRejected(t *testing.T) {
	for name, tt := range invalid {
		r, err := jaegerremote.ParseJSON([]byte(tt.text))
		if err == nil {
			_, err = r.Strategy()
		}
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %s", name, err, tt.want)
		}
	}
}

func TestInvalidProtoIsRejected(t *testing.T) {
	marshal := func(m *api_v2.SamplingStrategyResponse) []byte {
		data, err := m.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	var many []*api_v2.OperationSamplingStrategy
	for range jaegerremote.MaxListed + 1 {
		many = append(many, new(api_v2.OperationSamplingStrategy))
	}
	valid := marshal(messages["adaptive"].message)
	for name, tt := range map[string]struct {
		data []byte
		want string
	}{
		"empty":            {nil, "the response contains no strategy"},
		"truncated":        {valid[:len(valid)-1], "the response is not a protobuf message"},
		"text":             {[]byte("<html>"), "the response is not a protobuf message"},
		"wrong wire type":  {[]byte{2 << 3, 1}, "the response is not a SamplingStrategyResponse: field 2 has wire type 0, want 2"},
		"2^31 per second":  {[]byte{3<<3 | 2, 6, 1 << 3, 0x80, 0x80, 0x80, 0x80, 8}, "maxTracesPerSecond: -2.147483648e+09 is out of range"},
		"many operations":  {marshal(&api_v2.SamplingStrategyResponse{OperationSampling: &api_v2.PerOperationSamplingStrategies{PerOperationStrategies: many}}), "perOperationStrategies has too many"},
		"NaN":              {marshal(&api_v2.SamplingStrategyResponse{ProbabilisticSampling: probability(nan)}), "samplingRate: NaN is out of range"},
		"NaN for a bound":  {marshal(&api_v2.SamplingStrategyResponse{OperationSampling: &api_v2.PerOperationSamplingStrategies{DefaultLowerBoundTracesPerSecond: nan}}), "defaultLowerBoundTracesPerSecond: NaN"},
		"duplicate":        {marshal(&api_v2.SamplingStrategyResponse{OperationSampling: &api_v2.PerOperationSamplingStrategies{PerOperationStrategies: []*api_v2.OperationSamplingStrategy{operation("a\x1b", 1), operation("a\x1b", 0)}}}), `duplicate operation "a\x1b"`},
		"negative default": {marshal(&api_v2.SamplingStrategyResponse{OperationSampling: &api_v2.PerOperationSamplingStrategies{DefaultSamplingProbability: -1}}), "defaultSamplingProbability: -1"},
	} {
		r, err := jaegerremote.ParseProto(tt.data)
		if err == nil {
			_, err = r.Strategy()
		}
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %s", name, err, tt.want)
		}
	}
}
