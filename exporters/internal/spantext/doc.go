// Package spantext writes names, keys and attribute values as text and as JSON, by the rules that all exporters share:
//
//   - every string is valid UTF-8, a run of bad bytes being one U+FFFD;
//   - NaN and the infinities are the strings NaN, Infinity and -Infinity;
//   - arrays and maps are JSON text without HTML escaping, bytes are base64
//     (spec page "AnyValue representation for non-OTLP protocols");
//   - a limit counts code points, and a cut keeps the kind: a string keeps whole runes, a JSON array or
//     map stays valid JSON, bytes stay valid base64, numbers are not cut;
//   - the service name is never empty.
//
// The append functions do not allocate for strings, numbers and booleans if dst has room. For arrays, maps and bytes
// the attribute package makes a copy. All functions are safe for concurrent use.
package spantext
