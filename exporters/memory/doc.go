// Package memory keeps finished spans in the process, for tests, demonstrations and pages that
// show what a program is doing.
//
// With `exporter_type: memory` spans go to [Default], the store of the process:
//
//	import "github.com/spanroute/spanroute/exporters/memory"
//
//	for _, trace := range memory.Default().Traces(20) { // newest first
//		fmt.Println(trace.ID, len(trace.Spans))
//	}
//
// A program that wants a store of its own, such as each of a package's tests, makes one and
// registers it in a registry of its own, which config.Sources takes:
//
//	store := memory.NewStore(memory.Limits{})
//	var known registry.Registry
//	err := known.Register(memory.NewFactory(store))
//
// or leaves the configuration out: memory.New(store) is a span exporter for any provider.
//
// Spans are in the store when End returns: nothing is queued, and ForceFlush has nothing to do.
// A store is bounded in spans, bytes and traces; the oldest spans go first. It outlives the
// exporters that fill it, so that spans can be read after Shutdown. There is one process-wide
// store because a configuration names exporters by type and can hand nothing back; a function
// that finds the exporter last opened was tried on paper, and breaks as soon as two are open.
package memory
