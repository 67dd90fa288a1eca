// Package e2e_test sends spans from spanroute to real receivers and compares what they stored, field by field, with
// what was sent. Run it with e2e/run.sh.
//
// Tests share one Jaeger on the default ports and one OpenTelemetry Collector, and separate their spans by trace IDs. A test
// that restarts a receiver, fills its queue or may kill it has a Jaeger of its own, on offset ports.
package e2e_test
