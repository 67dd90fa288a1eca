// Package schema makes the key table of a struct from its tags, and converts values from files, the environment, flags
// and code to the fields of that struct.
//
//	type Settings struct {
//		Endpoint string         `koanf:"endpoint" alias:"url" otel:"OTEL_EXPORTER_ZIPKIN_ENDPOINT" doc:"where spans are posted"`
//		Port     int            `koanf:"local_node_port" range:"1..65535" doc:"port of this service"`
//		Delay    time.Duration  `koanf:"delay" range:"0.." doc:"0 means at once"`
//		Insecure *bool          `koanf:"insecure" doc:"plain text; unset means the scheme decides"`
//		Protocol string         `koanf:"protocol" enum:"grpc,http=http/protobuf,http/json" doc:"how spans travel"`
//		Headers  settings.Pairs `koanf:"headers" secret:"true" doc:"sent with each request"`
//		TLS      struct{ ... }  `koanf:"tls"`
//		Retry                   // an embedded struct: its keys belong to the section around it
//	}
//
// The tags:
//
//	koanf   the key's name, [a-z][a-z0-9_]*; for a nested struct, the name of a section. "-" excludes the field. A
//	        name after / is a key at the root, wherever its struct is nested
//	alias   other paths of the key from the root of the struct, separated by commas
//	otel    environment variables, in order of precedence; the prefix OTEL_ is optional
//	enum    the values of a text or list key, case-insensitive. "http=http/protobuf" accepts the second spelling for
//	        the first; "!deflate" is a known value that is not supported
//	range   "1..65535", "0..", "..1" of an int, float or duration. A duration without a range must be positive
//	secret  "true": the value is never printed
//	hot     "true": a reload applies the key
//	format  "pem": a file of PEM blocks; "ipv4", "ipv6": an address, which may be written as a whole number;
//	        "headers", "metadata": a map of HTTP headers, of gRPC metadata; "url": an HTTP URL or host:port; "host": a
//	        host name or address; "endpoint": a URL, or a gRPC target if the key protocol beside it is grpc. The common
//	        keys have further formats, which select the normalizers in package config
//	with    the key of the same section that must be set too
//	overrides  a more general key, by its path from the root of the struct: within a layer this key takes precedence,
//	        and a higher layer that sets the general key replaces both
//	doc     one line of documentation
//
// # How it works
//
// [Of] walks the struct once and collects a [settings.Key] for each field, with the index path of the field, and reports
// all invalid tags together. [Schema.Keys], [Schema.Lookup] and [Schema.UnknownKey] answer questions about keys from
// that table: variables, flags, suggestions, masking and printed documentation all use it. Defaults are not tags but
// the values of the struct that the defaults function returns.
//
// A value becomes a field in three steps. The parse functions read a scalar from text. [FromText] (variables and
// flags), [FromYAML] (files) and [FromValue] (maps of code) accept the spellings of their source and check the range
// and the enumeration of the key. [Schema.Decode] converts a whole section with FromValue and writes the fields. A
// range is checked on the way in, because afterwards an explicit 0 looks like a field that is not set. URLs, files and
// rules between keys are for Validate. [Schema.Values] and [Schema.Section] go the other way.
//
// The package reads no file, no environment variable and no clock.
package schema
