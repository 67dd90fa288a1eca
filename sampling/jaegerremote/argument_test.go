package jaegerremote_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/spanroute/spanroute/registry/settings"
	"github.com/spanroute/spanroute/sampling/jaegerremote"
)

func TestParseArg(t *testing.T) {
	rate := func(r float64) *float64 { return &r }
	for text, want := range map[string]jaegerremote.Arg{
		"": {},
		"endpoint=http://localhost:14250,pollingIntervalMs=5000,initialSamplingRate=0.25": {Endpoint: "http://localhost:14250", Interval: 5 * time.Second, InitialRate: rate(0.25)},
		" initialSamplingRate = 0 , ":               {InitialRate: rate(0)},
		"pollingIntervalMs=100":                     {Interval: 100 * time.Millisecond},
		"endpoint=https://jaeger:5778/sampling?a=b": {Endpoint: "https://jaeger:5778/sampling?a=b"},
		"endpoint=grpcs://jaeger":                   {Endpoint: "grpcs://jaeger"},
	} {
		got, err := jaegerremote.ParseArg(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

func TestParseArgFaults(t *testing.T) {
	const example = "write endpoint=http://localhost:5778/sampling,pollingIntervalMs=60000,initialSamplingRate=0.001"
	for text, want := range map[string][]string{
		"0.25":                                {`syntax : "0.25" is not of the form name=value; write initialSamplingRate=0.25`},
		"always":                              {`syntax : "always" is not of the form name=value; ` + example},
		"=1":                                  {`unknown_key : unknown parameter ""; want endpoint, pollingIntervalMs, initialSamplingRate`},
		"pollingInterval=5":                   {`unknown_key : unknown parameter "pollingInterval"; did you mean "pollingIntervalMs"?`},
		"poolingIntervalMs=5000":              {`unknown_key : unknown parameter "poolingIntervalMs"; did you mean "pollingIntervalMs"?`},
		"rate=0.1":                            {`unknown_key : unknown parameter "rate"; want endpoint, pollingIntervalMs, initialSamplingRate`},
		"pollingIntervalMs=":                  {`wrong_type pollingIntervalMs: "" is not a whole number of milliseconds; write 60000 for a minute`},
		"pollingIntervalMs=5s":                {`wrong_type pollingIntervalMs: "5s" is not a whole number of milliseconds; write 60000 for a minute`},
		"pollingIntervalMs=0":                 {`out_of_range pollingIntervalMs: "0" is out of range, want 100 to 86400000`},
		"pollingIntervalMs=-1":                {`out_of_range pollingIntervalMs: "-1" is out of range, want 100 to 86400000`},
		"pollingIntervalMs=1e3":               {`wrong_type pollingIntervalMs: "1e3" is not a whole number of milliseconds; write 60000 for a minute`},
		"initialSamplingRate=NaN":             {`out_of_range initialSamplingRate: "NaN" is out of range, want 0 to 1`},
		"initialSamplingRate=1e999":           {`out_of_range initialSamplingRate: "1e999" is out of range, want 0 to 1`},
		"initialSamplingRate=half":            {`wrong_type initialSamplingRate: "half" is not a number; write a number from 0 to 1`},
		"endpoint=":                           {`url endpoint: "" has no host`},
		"endpoint=ftp://jaeger":               {`url endpoint: "ftp://jaeger" has the scheme "ftp", want http or https`},
		"endpoint=grpc://jaeger/a":            {`url endpoint: "grpc://jaeger/a" has a path, which gRPC does not use; remove the path, or use the scheme http`},
		"endpoint=http://a,endpoint=http://b": {`duplicate_key endpoint: duplicate parameter; remove one`},
		"99999999999999999999,pollingIntervalMs=99999999999999999999,initialSamplingRate=2": {
			`syntax : "99999999999999999999" is not of the form name=value; ` + example,
			`out_of_range pollingIntervalMs: "99999999999999999999" is out of range, want 100 to 86400000`,
			`out_of_range initialSamplingRate: "2" is out of range, want 0 to 1`,
		},
	} {
		_, err := jaegerremote.ParseArg(text)
		var got []string
		for _, fault := range settings.KeyErrors(err) {
			if !errors.As(fault.Err, new(*settings.Fault)) {
				t.Errorf("%s: %T", text, fault.Err)
			}
			got = append(got, string(settings.KindOf(fault))+" "+fault.Error())
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: faults\n%q, want\n%q", text, got, want)
		}
	}
}

func TestParseArgKeepsValidParameters(t *testing.T) {
	arg, err := jaegerremote.ParseArg("endpoint=http://jaeger:5778,pollingIntervalMs=1,initialSamplingRate=x")
	if len(settings.KeyErrors(err)) != 2 || arg.Endpoint != "http://jaeger:5778" || arg.Interval != 0 || arg.InitialRate != nil {
		t.Errorf("ParseArg = %+v, %v; want the endpoint and two faults", arg, err)
	}
}

func TestParseEndpoint(t *testing.T) {
	for text, want := range map[string]string{
		"http://localhost:5778/sampling": "http http://localhost:5778/sampling",
		"http://localhost:5778":          "http http://localhost:5778/sampling",
		"http://localhost:5778/":         "http http://localhost:5778/sampling",
		"localhost:5778":                 "http http://localhost:5778/sampling",
		"jaeger":                         "http http://jaeger/sampling",
		"grpc":                           "http http://grpc/sampling",
		"http://jaeger:14268":            "http http://jaeger:14268/api/sampling",
		"https://jaeger/custom?a=b":      "http https://jaeger/custom?a=b TLS",
		"http://jaeger:14250/sampling":   "http http://jaeger:14250/sampling",
		"http://localhost:14250":         "grpc localhost:14250",
		"localhost:5779":                 "grpc localhost:5779",
		"https://[::1]:5779":             "grpc [::1]:5779 TLS",
		"grpc://jaeger":                  "grpc jaeger:5779",
		"grpcs://jaeger:443/":            "grpc jaeger:443 TLS",
		"grpc://jaeger:80":               "grpc jaeger:80",
		"GRPC://[::80]":                  "grpc [::80]:5779",
		"dns:///jaeger:5779":             "grpc dns:///jaeger:5779",
		"unix:///run/jaeger.sock":        "grpc unix:///run/jaeger.sock",
	} {
		e, err := jaegerremote.ParseEndpoint(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got := "grpc " + e.Target
		if e.URL != nil {
			got = "http " + e.URL.String()
		}
		if e.TLS {
			got += " TLS"
		}
		if got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestParseEndpointRejectsADNSServer(t *testing.T) {
	if e, err := jaegerremote.ParseEndpoint("dns://192.0.2.1/jaeger:5779"); err == nil {
		t.Errorf("%+v, want an error", e)
	}
}

func FuzzParseArg(f *testing.F) {
	f.Add("endpoint=http://localhost:14250,pollingIntervalMs=5000,initialSamplingRate=0.25")
	f.Add("endpoint=grpc://[::1],x=,=,,0.5")
	f.Fuzz(func(t *testing.T, text string) {
		arg, err := jaegerremote.ParseArg(text)
		if r := arg.InitialRate; r != nil && !(*r >= 0 && *r <= 1) {
			t.Errorf("initial rate %v", *r)
		}
		if arg.Interval != 0 && (arg.Interval < jaegerremote.MinInterval || arg.Interval > jaegerremote.MaxInterval) {
			t.Errorf("interval %v", arg.Interval)
		}
		if arg.Endpoint != "" {
			if e, err := jaegerremote.ParseEndpoint(arg.Endpoint); err != nil || (e.URL == nil) == (e.Target == "") {
				t.Errorf("endpoint %q: %+v, %v", arg.Endpoint, e, err)
			}
		}
		for _, fault := range settings.KeyErrors(err) {
			if !errors.As(fault.Err, new(*settings.Fault)) {
				t.Errorf("%T without a fault", fault.Err)
			}
		}
	})
}
