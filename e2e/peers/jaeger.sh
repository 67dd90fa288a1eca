#!/bin/sh
# Runs Jaeger all-in-one v1.42.0 in the foreground, memory storage, on loopback only.
#
#   jaeger.sh          default ports: udp 6831 compact, 6832 binary; 14268 thrift http,
#                      14250 grpc, 9411 zipkin, 4317/4318 otlp, 16686 query, 14269 admin
#   jaeger.sh 5000     every port plus 5000, so a second one can run beside the first
#   jaeger.sh 5000 --collector.queue-size=2000    further flags override those below
#
# The binary is $JAEGER_BIN, else all-in-one on PATH:
#   go install github.com/jaegertracing/jaeger/cmd/all-in-one@v1.42.0
set -eu

off=${1:-0}
[ $# -eq 0 ] || shift
bin=${JAEGER_BIN:-$(command -v all-in-one || true)}
if [ -z "$bin" ]; then
	echo "jaeger.sh: no all-in-one on PATH and JAEGER_BIN is not set" >&2
	exit 127
fi
at() { echo "127.0.0.1:$(($1 + off))"; }

# The collector's own queue holds 2000 spans by default and drops the rest of a
# request after it has answered 202, which would fail tests that are right.
SPAN_STORAGE_TYPE=memory exec "$bin" \
	--log-level="${JAEGER_LOG_LEVEL:-warn}" \
	--collector.queue-size=100000 \
	--processor.jaeger-compact.server-host-port="$(at 6831)" \
	--processor.jaeger-binary.server-host-port="$(at 6832)" \
	--processor.zipkin-compact.server-host-port="$(at 5775)" \
	--http-server.host-port="$(at 5778)" \
	--collector.http-server.host-port="$(at 14268)" \
	--collector.grpc-server.host-port="$(at 14250)" \
	--reporter.grpc.host-port="$(at 14250)" \
	--collector.zipkin.host-port="$(at 9411)" \
	--collector.otlp.enabled=true \
	--collector.otlp.grpc.host-port="$(at 4317)" \
	--collector.otlp.http.host-port="$(at 4318)" \
	--query.http-server.host-port="$(at 16686)" \
	--query.grpc-server.host-port="$(at 16685)" \
	--admin.http.host-port="$(at 14269)" \
	"$@"
