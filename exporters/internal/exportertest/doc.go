// Package exportertest is the harness that the tests of the exporters share: spans, an exporter opened with short
// delays, servers on loopback that keep what they receive, and certificate files. Only tests import it.
package exportertest
