// Package registry gives you a trace backend of your own by name: write a settings struct and a build
// function, and your users write `exporter_type: lines` with strict keys, variables, flags, did-you-mean
// and documentation for nothing.
//
//	type Settings struct {
//		Path string `koanf:"path" doc:"file to append to"`
//	}
//
//	var Factory = registry.NewFactory("lines", func() Settings { return Settings{Path: "spans.jsonl"} }, build)
//
//	func init() { registry.Register(Factory) }
//
// The build function returns delivery.New(encoder, sender, common.Delivery) and has queueing, splitting,
// retry and accounting; or any other SpanExporter, which gets a bounded queue around it.
//
// # Settings
//
// Settings are a struct. Its tags are the only place where a key exists:
//
//	koanf:"endpoint"      the key, [a-z][a-z0-9_]*; nested structs nest keys ("tls.server_name")
//	alias:"url"           other paths of the key, from the exporter's section
//	otel:"OTEL_EXPORTER_ZIPKIN_ENDPOINT"   variables that set it too, the stronger first
//	enum:"grpc,http"      the values of a text or list; letter case is free
//	range:"1..65535"      of a number or duration; "0.." has no upper end
//	secret:"true"         never printed
//	format:"pem"          a file of PEM blocks, checked when the exporter is selected and its completion keeps it
//	format:"headers"      a map of HTTP headers, each checked; "metadata" for gRPC
//	with:"password"       a key of the same section: both are set or neither
//	overrides:"headers"   a more general key: this one takes precedence within a layer, a higher layer that sets
//	                      the general key replaces both
//	doc:"..."             one line for people; registrytest insists on it
//
// Fields are of type string, bool, int, int64, float64, [time.Duration], []string, map[string]string,
// [settings.Pairs], a pointer to one of the first six (nil: not set), or a struct of such fields. The key timeout
// is every exporter's already, and arrives as BuildContext.Timeout. A duration without a range is above zero.
//
// # Completion
//
// Settings that depend on one another, such as the port of a protocol, are completed by a pure hook, see
// [WithCompletion]. It also reports what deserves a look: a value that has no effect, an endpoint without a
// scheme. config.Load adds the place of the key, as for spanroute's own exporters.
//
// # Three steps
//
// Describe says which keys there are, Prepare checks a section without any effect, and the [Opener] it
// returns builds the exporter. So a program checks all its exporters, then opens all or none. Decoding is
// strict because a misspelt key that is passed over in silence is found weeks later, by missing spans.
//
// A name belongs to one factory; there is no replacing, because two packages that fight over a name are a
// bug of the program, seen best at its start. The plugin's code never runs under the registry's lock, and
// a panic in it becomes an error.
package registry
