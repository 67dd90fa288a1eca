// Package schema turns a struct with tags into the one table of an exporter's (or the process's)
// keys, and values from files, environment, flags and code into that struct.
//
//	type Settings struct {
//		Endpoint string        `koanf:"endpoint" alias:"url" otel:"OTEL_EXPORTER_ZIPKIN_ENDPOINT" doc:"where spans are posted"`
//		Port     int           `koanf:"local_node_port" range:"1..65535" doc:"port of this service"`
//		Delay    time.Duration `koanf:"delay" range:"0.." doc:"0 means at once"`
//		Insecure *bool         `koanf:"insecure" doc:"plain text; unset means the scheme decides"`
//		Protocol string        `koanf:"protocol" enum:"grpc,http=http/protobuf,http/json" doc:"how spans travel"`
//		Headers  Pairs         `koanf:"headers" secret:"true" doc:"sent with each request"`
//		TLS      struct{ ... } `koanf:"tls"`
//	}
//
// The tags:
//
//	koanf   the key's name, [a-z][a-z0-9_]*; of a nested struct, the section's. "-" is not a key. A name after /
//	        is a key at the root, wherever its struct is nested.
//	alias   other paths of the key from the root of the struct, separated by commas
//	otel    environment variables, the stronger first; OTEL_ in front may be left out
//	enum    the values of a text or list key, letter case free. "http=http/protobuf" takes the second
//	        spelling for the first; "!deflate" is a value that is known and not supported
//	range   "1..65535", "0..", "..1" of an int, float or duration. A duration without one is above zero.
//	secret  "true": the value is never printed
//	hot     "true": applied by a reload
//	format  "pem": a file of PEM blocks; "ipv4", "ipv6": an address, for which a whole number is fine too;
//	        "headers", "metadata": a map of HTTP headers, of gRPC metadata. Further formats are those of the common
//	        keys: they name the normalizers in package config.
//	with    the key of the same section that must be set too
//	overrides  a more general key, by its path from the root of the struct: within a layer this key takes
//	        precedence, and a higher layer that sets the general key replaces both
//	doc     one line for people
//
// Everything else that wants to know a key (decoding, variables, flags, did-you-mean, masking, printed
// documentation) asks the Schema made here. Defaults are the values of the struct that the defaults
// function returns. A range is checked where the value enters, because afterwards an explicit 0 looks
// like a field nobody set; URLs, files and rules between keys are for Validate.
//
// Nothing here reads a file, the environment or the clock.
package schema
