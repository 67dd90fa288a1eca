// Package registrytest checks whether an exporter keeps the rules that users of spanroute rely on. Its author adds one
// test:
//
//	func TestExporter(t *testing.T) {
//		registrytest.Run(t, Factory, map[string]any{"path": filepath.Join(t.TempDir(), "spans.jsonl")})
//	}
//
// Each rule is a subtest, and a failing one prints the reason of the rule. The receiver may be up or down, since an
// exporter must work with both. Use the race detector, because one of the subtests exports from eight goroutines.
//
// # How it works
//
// Run prepares and opens the factory several times in a registry of its own. It exports ordinary and odd spans, and
// cancels calls. Exporters built by delivery.New get a short timeout and few retries, so that Run takes less than a
// second with a receiver that is down.
//
// Run counts goroutines and open files. The test that calls it must not be parallel, and the parallel tests of its
// package must not run at the same time.
package registrytest
