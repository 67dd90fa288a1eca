// Package receivers starts the real receivers of the end-to-end tests on loopback, and reads what they stored:
// [Jaeger] through its query API, the OpenTelemetry [Collector] through the file it writes. [Jaeger2] serves sampling
// strategies, and a [Chain] of Collectors has the configurations of examples/kubernetes.
//
// They come from peers/bin, see peers/build.sh. Nothing is skipped: a receiver that cannot start is an error.
package receivers
