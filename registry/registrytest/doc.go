// Package registrytest tells the author of an exporter whether it keeps the rules that spanroute's users
// rely on. One line in the plugin's own test:
//
//	func TestExporter(t *testing.T) {
//		registrytest.Run(t, Factory, map[string]any{"path": filepath.Join(t.TempDir(), "spans.jsonl")})
//	}
//
// Each rule is a subtest, and one that fails says why the rule exists. No backend needs to listen: an
// exporter must behave with its receiver down, too. Run it with -race; one of the subtests exports from
// eight goroutines.
//
// The kit counts goroutines and open files, so the test that calls Run must not be parallel, nor run
// beside parallel tests of its package. It takes a few seconds at most.
package registrytest
