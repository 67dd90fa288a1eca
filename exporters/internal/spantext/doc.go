// Package spantext turns names, keys and attribute values into the text that the exporters without
// an own value model (Jaeger, Zipkin) write, by the rules every exporter shares:
//
//   - every string is valid UTF-8, a run of bad bytes being one U+FFFD;
//   - NaN and the infinities are the strings NaN, Infinity and -Infinity;
//   - arrays and maps are JSON text without HTML escaping, bytes are base64
//     (spec page "AnyValue representation for non-OTLP protocols");
//   - a limit counts code points, and what is cut stays what it was: a string stays whole runes,
//     a JSON array or map stays valid JSON, bytes stay valid base64, numbers stay whole;
//   - the service name is never empty.
//
// The append functions write behind what dst already holds and allocate nothing for strings, numbers
// and booleans once dst has room. Arrays, maps and bytes cost the copy the attribute package makes
// when it is asked for their elements. All functions are safe for concurrent use.
package spantext
