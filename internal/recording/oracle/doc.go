// Package oracle runs the tests of the OpenTelemetry SDK for its tracer provider on package recording.
//
// The tests are those of the SDK's version in go.mod. They are taken from the module cache when the test runs. Package
// trace of this module gives the types and functions of package recording the names that those of the SDK have. A test
// that touches unexported parts of the SDK does not compile then, and is left out.
package oracle

import (
	// What the tests of the SDK import.
	_ "github.com/go-logr/logr/funcr"
	_ "github.com/google/go-cmp/cmp"
	_ "github.com/stretchr/testify/assert"
	_ "github.com/stretchr/testify/require"
	_ "go.opentelemetry.io/otel/metric"
	_ "go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"
	_ "go.uber.org/goleak"
)
