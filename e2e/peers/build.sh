#!/usr/bin/env bash
# Builds the receivers of the end-to-end tests into peers/bin, with plain Go, unless they are there.
#
#   peers/build.sh            builds what is missing: about 9 min on two cores the first time
#   peers/build.sh --force    builds all again
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
if [ "${1:-}" = --force ]; then
	rm -rf bin
fi
mkdir -p bin
unset GOOS GOARCH # the receivers run here
if [ ! -x bin/all-in-one ]; then
	echo "building Jaeger all-in-one v1.42.0" >&2
	GOBIN=$PWD/bin GOFLAGS=-trimpath go install -ldflags '-s -w' github.com/jaegertracing/jaeger/cmd/all-in-one@v1.42.0
fi
# Module version v1.76.0 is Jaeger 2.13.0, the last one that has a module version. go install refuses it, because its
# go.mod has replace directives, so it is built as the main module.
if [ ! -x bin/jaeger ]; then
	echo "building Jaeger v2.13.0" >&2
	bin=$PWD/bin
	source=$(go mod download -json github.com/jaegertracing/jaeger@v1.76.0 | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
	(cd "$source" && GOWORK=off GOFLAGS='-mod=readonly -buildvcs=false' go build -p 2 -trimpath -ldflags '-s -w' -o "$bin/jaeger" ./cmd/jaeger)
fi
# Its module is never tidied: modules that only the tests of its dependencies use are not available everywhere.
if [ ! -x bin/otelcol ]; then
	echo "building the OpenTelemetry Collector v0.160.0" >&2
	(cd otelcol && GOWORK=off GOFLAGS=-mod=readonly go build -p 2 -trimpath -ldflags '-s -w' -o ../bin/otelcol .)
fi
