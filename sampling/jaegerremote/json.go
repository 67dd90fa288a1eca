package jaegerremote

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
)

// object holds the members of a JSON object. Unlike structs of encoding/json, it distinguishes letter case, as the JSON
// format of protobuf does.
type object map[string]json.RawMessage

// parseJSON parses a SamplingStrategyResponse in the JSON format of protobuf, which Jaeger writes since version 2.16, or
// in the JSON form of its Thrift types, which earlier versions and agents write. They differ in strategyType, which is
// ignored, and in null members. It ignores unknown members and accepts numbers in quotes.
func parseJSON(data []byte) (response, error) {
	var fields object
	if err := json.Unmarshal(data, &fields); err != nil {
		return response{}, fmt.Errorf("the response is not a JSON object: %w", err)
	}
	var r response
	err := fields.object("operationSampling", func(o object) error {
		r.perOperation = new(perOperation)
		return parsePerOperation(o, r.perOperation)
	})
	if err == nil {
		r.probabilistic, err = fields.nestedNumber("probabilisticSampling", "samplingRate")
	}
	if err == nil {
		r.rateLimiting, err = fields.nestedNumber("rateLimitingSampling", "maxTracesPerSecond")
	}
	return r, err
}

func parsePerOperation(o object, p *perOperation) error {
	var list []json.RawMessage
	if err := cmp.Or(
		o.number("defaultSamplingProbability", &p.defaultRate),
		o.number("defaultLowerBoundTracesPerSecond", &p.lower),
		o.number("defaultUpperBoundTracesPerSecond", &p.upper),
		o.decode("perOperationStrategies", &list),
	); err != nil {
		return err
	}
	if len(list) > maxListed {
		return errTooMany
	}
	p.operations = make([]operation, len(list))
	for i, raw := range list {
		if err := parseOperation(raw, &p.operations[i]); err != nil {
			return err
		}
	}
	return nil
}

func parseOperation(raw json.RawMessage, parsed *operation) error {
	var o object
	if err := json.Unmarshal(raw, &o); err != nil {
		return fmt.Errorf("perOperationStrategies: %w", err)
	}
	if err := o.decode("operation", &parsed.name); err != nil {
		return err
	}
	var err error
	parsed.rate, err = o.nestedNumber("probabilisticSampling", "samplingRate")
	return err
}

// has reports whether o has the member name with a value other than null.
func (o object) has(name string) bool {
	raw, ok := o[name]
	return ok && string(raw) != "null"
}

// decode decodes the member name into value. It leaves value unchanged if the member is absent or null.
func (o object) decode(name string, value any) error {
	if !o.has(name) {
		return nil
	}
	if err := json.Unmarshal(o[name], value); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// object calls parse with the object that is the member name, if o has it.
func (o object) object(name string, parse func(object) error) error {
	if !o.has(name) {
		return nil
	}
	var inner object
	if err := o.decode(name, &inner); err != nil {
		return err
	}
	return parse(inner)
}

// notFinite holds the numbers that the JSON format of protobuf writes as text.
var notFinite = map[string]float64{"NaN": math.NaN(), "Infinity": math.Inf(1), "-Infinity": math.Inf(-1)}

// number sets value to the member name, a number or a number in quotes.
func (o object) number(name string, value *float64) error {
	if raw := o[name]; len(raw) > 0 && raw[0] == '"' {
		var text string
		if err := o.decode(name, &text); err != nil {
			return err
		}
		if v, ok := notFinite[text]; ok {
			*value = v
			return nil
		}
		return object{name: json.RawMessage(text)}.decode(name, value)
	}
	return o.decode(name, value)
}

// nestedNumber returns the member inner of the object that is the member outer: nil if outer is absent, 0 if only inner
// is, because protobuf may omit a 0.
func (o object) nestedNumber(outer, inner string) (value *float64, err error) {
	err = o.object(outer, func(nested object) error {
		value = new(float64)
		return nested.number(inner, value)
	})
	return value, err
}
