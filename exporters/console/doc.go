// Package console writes finished spans to standard output, one JSON object per line:
//
//	{"time":"2026-01-02T03:04:05.000006Z","duration":"1.5ms","trace_id":"0af7…","span_id":"b7ad…","name":"GET /users/{id}","kind":"server","service":"shop","attributes":{"http.route":"/users/{id}"}}
//
// It is chosen by `exporter_type: console`. What is empty is left out. Numbers, booleans,
// arrays and maps stay what they are; NaN and the infinities become text, as JSON has no word
// for them. The line is for people and for tools such as jq; it is no format that a receiver
// takes, and fields may be added to it.
//
// Spans appear within 100 ms even where the batch delay is longer, since somebody may be
// looking at them. Where nobody reads, such as a pipe that is full, the writing goroutine waits
// and spans queue up to the usual bound; the application never waits.
package console
