// Package registry registers trace exporters and propagators by name. An exporter of your own needs a settings struct and a build
// function. Its users select it with `exporter_type: lines` and get strict keys, environment variables, flags,
// suggestions for misspelt names and generated documentation, as with the exporters of spanroute.
//
//	type Settings struct {
//		Path string `koanf:"path" doc:"file to append to"`
//	}
//
//	var Factory = registry.NewFactory("lines", func() Settings { return Settings{Path: "spans.jsonl"} }, build)
//
//	func init() { registry.Register(Factory) }
//
//	func build(ctx context.Context, c registry.BuildContext, s Settings) (sdktrace.SpanExporter, error) {
//		// open s.Path, then
//		return delivery.New(encoder, sender, c.Delivery), nil
//	}
//
// The result of delivery.New queues, splits and retries, and accounts for every span. build may also return any other
// SpanExporter, which gets a bounded queue.
//
// # Settings
//
// The fields of the settings struct define the keys, and their tags describe them:
//
//	koanf:"endpoint"      the key, [a-z][a-z0-9_]*; a nested struct is a section ("tls.server_name")
//	alias:"url"           other paths of the key, from the exporter's section
//	otel:"OTEL_EXPORTER_ZIPKIN_ENDPOINT"   variables that also set the key, in order of precedence
//	enum:"grpc,http"      the values of a text or list, case-insensitive
//	range:"1..65535"      the range of a number or duration; "0.." has no upper end
//	secret:"true"         the value is never printed
//	format:"pem"          a file of PEM blocks, checked if the exporter is selected and the completion keeps the key
//	format:"headers"      a map of HTTP headers, each checked; "metadata" for gRPC
//	format:"url"          an HTTP URL or host:port, checked; "host" is a host name or an address
//	format:"endpoint"     a URL, or a gRPC target if the key protocol of the section is grpc; the exporter checks it
//	with:"password"       a key of the same section: set both or neither
//	overrides:"headers"   a more general key: this one takes precedence within a layer, and a higher layer that sets
//	                      the general key replaces both
//	doc:"..."             one line of documentation; registrytest requires it
//
// A field is a string, bool, int, int64, float64, [time.Duration], []string, map[string]string or [settings.Pairs], a
// pointer to one of the first six (nil if the key is not set), or a struct of such fields. The keys of an embedded
// struct without a koanf tag belong to the section around it, so that sections can share a group of keys. The key
// timeout is reserved: its value is in BuildContext.Timeout. A duration without a range must be positive.
//
// # Completion
//
// Settings that depend on one another, such as the default port of a protocol, are completed by a pure hook; see
// [WithCompletion]. The hook also reports what an operator should look at, such as a value without effect. Package
// config adds the place where the key was set.
//
// # Propagators
//
// A propagator reads the trace context of a caller from headers, and writes that of a span into them. A program registers
// one of its own by name, and its operators list the name in the key propagators:
//
//	func init() {
//		registry.RegisterPropagator("company", func() propagation.TextMapPropagator { return headers{} })
//	}
//
// tracecontext and baggage are in every registry. The packages below registry/propagators link b3, b3multi, jaeger, xray
// and ottrace.
//
// # How it works
//
// [Registry.Describe] returns the keys of an exporter. [Registry.Prepare] decodes and checks a section without any
// effect: it decodes the section over the defaults, runs the completion hook, then Validate. The [Opener] that it
// returns builds the exporter. So a program can check all its exporters first, and then open all or none. Decoding is
// strict, because an ignored misspelt key shows only weeks later, by missing spans.
//
// A name belongs to one factory and cannot be replaced: two packages with one name are a bug of the program, which
// should show at its start. The registry runs a plugin's code without holding its lock, and turns a panic in it into
// an error.
package registry
