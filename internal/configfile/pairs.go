package configfile

import (
	"go.yaml.in/yaml/v3"

	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/registry/settings"
)

// A pairReader collects the pairs of a free-form map. Like a list, it reads all pairs, and a single wrong one makes the
// whole value unusable: a service with half of its headers would fail in a way that is harder to find.
type pairReader struct {
	report   *report
	expander *expander
	entry    *Entry
	pairs    settings.Pairs
	ok       bool // no pair was refused
}

func newPairReader(r *report, x *expander, e *Entry) *pairReader {
	return &pairReader{report: r, expander: x, entry: e, pairs: settings.Pairs{}, ok: true}
}

func (r *pairReader) refuse(at Place, fault error) {
	r.ok = false
	r.report.refuse(r.entry, at, fault)
}

// read adds one pair. Its value is any scalar.
func (r *pairReader) read(name string, value *yaml.Node, at Place) {
	fault := tagFault(value)
	switch {
	case fault != nil:
	case value.Kind != yaml.ScalarNode:
		fault = settings.Errorf(settings.ErrWrongType, "the value of %s is %s, want text", phrase.Quote(name), nodeKind(value))
	case isNull(value) && r.entry.Key.Secret: // the name alone can be a value: {token}
		fault = settings.Errorf(settings.ErrWrongType, "a name has no value").WithHint(`write "" for an empty one`)
	case isNull(value):
		fault = settings.Errorf(settings.ErrWrongType, "%s has no value", phrase.Quote(name)).WithHint(`write "" for an empty one`)
	}
	if fault != nil {
		r.refuse(at, fault)
		return
	}
	place := r.report.at(value)
	text, _, ok := r.expander.expand(r.entry, value, &place)
	if !ok {
		r.ok = false
		return
	}
	r.pairs = append(r.pairs, settings.Pair{Name: name, Value: text})
	r.entry.Items = append(r.entry.Items, at)
}

// done sets the value of the entry. It returns false if a pair was refused.
func (r *pairReader) done() bool {
	r.entry.Value = r.pairs
	return r.ok
}
