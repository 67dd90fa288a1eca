package jaegerremote

import (
	"context"
	"io"
)

// Exports for tests.
const (
	MaxResponse   = maxResponse
	MaxListed     = maxListed
	MaxNameLength = maxNameLength
	LogInterval   = logInterval
)

// FuncSource is a source whose responses are JSON texts of a function.
type FuncSource func(context.Context) (string, error)

// String returns a fixed endpoint.
func (f FuncSource) String() string { return "func" }

func (f FuncSource) fetch(ctx context.Context) (response, error) {
	text, err := f(ctx)
	if err != nil {
		return response{}, err
	}
	return parseJSON([]byte(text))
}

// Poll requests the strategy of s once.
func (s *Sampler) Poll(ctx context.Context) { s.poll(ctx) }

// Fetch returns the fields of one response of source.
func Fetch(ctx context.Context, source Source) (Response, error) {
	r, err := source.fetch(ctx)
	return export(r), err
}

// ParseJSON and ParseProto return the fields of a response.
func ParseJSON(data []byte) (Response, error)  { r, err := parseJSON(data); return export(r), err }
func ParseProto(data []byte) (Response, error) { r, err := parseProto(data); return export(r), err }

// ReadMessage reads the body of an answer over gRPC.
func ReadMessage(body io.Reader) ([]byte, error) { return readMessage(body) }

// Response is a response with exported fields.
type Response struct {
	Probabilistic, RateLimiting *float64
	PerOperation                *PerOperation
	r                           response
}

// PerOperation is the part of a response about operations.
type PerOperation struct {
	Default, Lower, Upper float64
	Operations            []Operation
}

// Operation is an operation of a response.
type Operation struct {
	Name string
	Rate *float64
}

// Strategy returns the description of the strategy of r, or the first fault in it.
func (r Response) Strategy() (string, error) {
	s, err := r.r.strategy()
	if err != nil {
		return "", err
	}
	return s.String(), nil
}

func export(r response) Response {
	out := Response{Probabilistic: r.probabilistic, RateLimiting: r.rateLimiting, r: r}
	if p := r.perOperation; p != nil {
		out.PerOperation = &PerOperation{Default: p.defaultRate, Lower: p.lower, Upper: p.upper}
		for _, o := range p.operations {
			out.PerOperation.Operations = append(out.PerOperation.Operations, Operation{o.name, o.rate})
		}
	}
	return out
}
