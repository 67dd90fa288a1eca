package jaegerremote

import (
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// Field numbers of the messages in package jaeger.api_v2.
const (
	parametersServiceName = 1 // SamplingStrategyParameters

	responseProbabilistic = 2 // SamplingStrategyResponse
	responseRateLimiting  = 3
	responsePerOperation  = 4

	nestedValue = 1 // samplingRate of ProbabilisticSamplingStrategy, maxTracesPerSecond of RateLimitingSamplingStrategy

	perOperationDefault = 1 // PerOperationSamplingStrategies
	perOperationLower   = 2
	perOperationList    = 3
	perOperationUpper   = 4

	operationName          = 1 // OperationSamplingStrategy
	operationProbabilistic = 2
)

// appendParameters appends a SamplingStrategyParameters message to b.
func appendParameters(b []byte, service string) []byte {
	b = protowire.AppendTag(b, parametersServiceName, protowire.BytesType)
	return protowire.AppendString(b, service)
}

// parseProto parses a SamplingStrategyResponse in the binary format of protobuf. It ignores unknown fields and merges
// messages that occur more than once, as the format requires.
func parseProto(data []byte) (response, error) {
	var r response
	return r, eachField(data, r.setField)
}

func (r *response) setField(f field) error {
	switch f.number {
	case responseProbabilistic:
		return f.nestedNumber(&r.probabilistic, field.double)
	case responseRateLimiting:
		return f.nestedNumber(&r.rateLimiting, field.int32)
	case responsePerOperation:
		if r.perOperation == nil {
			r.perOperation = new(perOperation)
		}
		return f.message(r.perOperation.setField)
	}
	return nil
}

func (p *perOperation) setField(f field) error {
	switch f.number {
	case perOperationDefault:
		return f.double(&p.defaultRate)
	case perOperationLower:
		return f.double(&p.lower)
	case perOperationUpper:
		return f.double(&p.upper)
	case perOperationList:
		if len(p.operations) == maxListed {
			return errTooMany
		}
		p.operations = append(p.operations, operation{})
		return f.message(p.operations[len(p.operations)-1].setField)
	}
	return nil
}

func (o *operation) setField(f field) error {
	switch f.number {
	case operationName:
		return f.text(&o.name)
	case operationProbabilistic:
		return f.nestedNumber(&o.rate, field.double)
	}
	return nil
}

// A field is a field of a protobuf message. The encoding of value depends on wireType.
type field struct {
	number   protowire.Number
	wireType protowire.Type
	value    []byte
}

// eachField calls visit for each field of message until it returns an error.
func eachField(message []byte, visit func(field) error) error {
	for len(message) > 0 {
		number, wireType, tag := protowire.ConsumeTag(message)
		if tag < 0 {
			return fmt.Errorf("the response is not a protobuf message: %w", protowire.ParseError(tag))
		}
		n := protowire.ConsumeFieldValue(number, wireType, message[tag:])
		if n < 0 {
			return fmt.Errorf("the response is not a protobuf message: %w", protowire.ParseError(n))
		}
		if err := visit(field{number, wireType, message[tag : tag+n]}); err != nil {
			return err
		}
		message = message[tag+n:]
	}
	return nil
}

// message calls visit for each field of the message that f contains.
func (f field) message(visit func(field) error) error {
	if err := f.want(protowire.BytesType); err != nil {
		return err
	}
	inner, _ := protowire.ConsumeBytes(f.value)
	return eachField(inner, visit)
}

// nestedNumber sets target to field 1 of the message that f contains, which decode decodes, and to 0 without that field.
func (f field) nestedNumber(target **float64, decode func(field, *float64) error) error {
	if *target == nil {
		*target = new(float64)
	}
	return f.message(func(inner field) error {
		if inner.number != nestedValue {
			return nil
		}
		return decode(inner, *target)
	})
}

func (f field) double(value *float64) error {
	bits, _ := protowire.ConsumeFixed64(f.value)
	*value = math.Float64frombits(bits)
	return f.want(protowire.Fixed64Type)
}

func (f field) int32(value *float64) error {
	n, _ := protowire.ConsumeVarint(f.value)
	*value = float64(int32(n))
	return f.want(protowire.VarintType)
}

func (f field) text(value *string) error {
	b, _ := protowire.ConsumeBytes(f.value)
	*value = string(b)
	return f.want(protowire.BytesType)
}

func (f field) want(wireType protowire.Type) error {
	if f.wireType != wireType {
		return fmt.Errorf("the response is not a SamplingStrategyResponse: field %d has wire type %d, want %d", f.number, f.wireType, wireType)
	}
	return nil
}
