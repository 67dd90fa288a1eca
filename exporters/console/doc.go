// Package console writes finished spans to standard output, one JSON object per line:
//
//	{"time":"2026-01-02T03:04:05.000006Z","duration":"1.5ms","trace_id":"0af7…","span_id":"b7ad…","name":"GET /users/{id}","kind":"server","service":"shop","attributes":{"http.route":"/users/{id}"}}
//
// `exporter_type: console` selects it. Empty fields are omitted. Numbers, booleans, arrays and maps keep their JSON
// type; NaN and the infinities become text, because JSON has no literal for them. Characters that are not printable
// (control, format and bidirectional characters among them) are written as \u escapes, so that the text of a client
// cannot change what a terminal shows. The line is for readers and for tools such as jq; receivers do not accept it, and
// later versions may add fields.
//
// Spans appear within 100 ms even if the batch delay is longer. If the reader stops, for example on a full pipe, the
// writing goroutine waits and spans queue up to the usual bound; the application does not wait.
package console
