package jaegerremote

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/spanroute/spanroute/internal/phrase"
)

// maxListed is the maximum count of operations in a response.
const maxListed = 10_000

// errTooMany is returned by the parsers before they read all operations.
var errTooMany = fmt.Errorf("perOperationStrategies has too many operations, want at most %d", maxListed)

// maxPerSecond is the maximum of a rate in traces per second, which is an int32 in Jaeger's messages.
const maxPerSecond = math.MaxInt32

// response holds the fields of a SamplingStrategyResponse; a nil field is absent. Both parsers return it unchecked.
type response struct {
	probabilistic *float64
	rateLimiting  *float64
	perOperation  *perOperation
}

// perOperation holds the fields of PerOperationSamplingStrategies.
type perOperation struct {
	defaultRate, lower, upper float64
	operations                []operation
}

// operation holds the fields of OperationSamplingStrategy.
type operation struct {
	name string
	rate *float64 // nil if probabilisticSampling is absent
}

// kind is the kind of a strategy. Its values are those of the attribute sampler.type.
type kind string

const (
	probabilistic kind = "probabilistic"
	rateLimiting  kind = "ratelimiting"
	lowerBound    kind = "lowerbound" // of a decision, not of a strategy
	byOperation   kind = "per operation"
)

// strategy is a valid response.
type strategy struct {
	kind         kind
	rate         float64         // probabilistic; the default of byOperation
	perSecond    float64         // rateLimiting
	lower, upper float64         // byOperation, in traces per second; 0 if not set
	operations   []OperationRate // byOperation, sorted by name
}

// An OperationRate is the probability of one operation.
type OperationRate struct {
	Operation string
	Rate      float64
}

// strategy returns the strategy that r contains, or an error that describes the first invalid field.
func (r response) strategy() (strategy, error) {
	switch {
	case r.perOperation != nil:
		return r.perOperation.strategy()
	case r.probabilistic != nil:
		return strategy{kind: probabilistic, rate: *r.probabilistic}, checkRange("samplingRate", *r.probabilistic, 1)
	case r.rateLimiting != nil:
		return strategy{kind: rateLimiting, perSecond: *r.rateLimiting}, checkRange("maxTracesPerSecond", *r.rateLimiting, maxPerSecond)
	}
	return strategy{}, errors.New("the response contains no strategy, want operationSampling, probabilisticSampling or rateLimitingSampling")
}

func (p *perOperation) strategy() (strategy, error) {
	if err := p.checkDefaults(); err != nil {
		return strategy{}, err
	}
	s := strategy{kind: byOperation, rate: p.defaultRate, lower: p.lower, upper: p.upper}
	for _, o := range p.operations {
		if o.rate == nil {
			return strategy{}, fmt.Errorf("operation %s has no probabilisticSampling", phrase.Quote(o.name))
		}
		if err := checkRange("samplingRate of operation "+phrase.Quote(o.name), *o.rate, 1); err != nil {
			return strategy{}, err
		}
		s.operations = append(s.operations, OperationRate{o.name, *o.rate})
	}
	slices.SortFunc(s.operations, func(a, b OperationRate) int { return cmp.Compare(a.Operation, b.Operation) })
	for i := 1; i < len(s.operations); i++ {
		if name := s.operations[i].Operation; name == s.operations[i-1].Operation {
			return strategy{}, fmt.Errorf("duplicate operation %s", phrase.Quote(name))
		}
	}
	return s, nil
}

func (p *perOperation) checkDefaults() error {
	err := cmp.Or(
		checkRange("defaultSamplingProbability", p.defaultRate, 1),
		checkRange("defaultLowerBoundTracesPerSecond", p.lower, maxPerSecond),
		checkRange("defaultUpperBoundTracesPerSecond", p.upper, maxPerSecond),
	)
	if err == nil && p.upper > 0 && p.upper < p.lower {
		err = fmt.Errorf("defaultUpperBoundTracesPerSecond: %v is less than the lower bound %v", p.upper, p.lower)
	}
	return err
}

// checkRange returns an error if value is not from 0 to limit. NaN is not.
func checkRange(field string, value, limit float64) error {
	if value >= 0 && value <= limit {
		return nil
	}
	return fmt.Errorf("%s: %v is out of range, want 0 to %.0f", field, value, limit)
}

// String describes s in a few words, without the operations.
func (s strategy) String() string {
	switch s.kind {
	case probabilistic:
		return fmt.Sprintf("probabilistic %v", s.rate)
	case rateLimiting:
		return fmt.Sprintf("rate limiting %v/s", s.perSecond)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "per operation (%d), default %v", len(s.operations), s.rate)
	if s.lower > 0 {
		fmt.Fprintf(&b, ", lower bound %v/s", s.lower)
	}
	if s.upper > 0 {
		fmt.Fprintf(&b, ", upper bound %v/s", s.upper)
	}
	return b.String()
}
