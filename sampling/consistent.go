package sampling

import (
	"encoding/binary"
	"strconv"
	"strings"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Consistent probability sampling, by "TraceState: Probability Sampling" of the OpenTelemetry specification: a trace is kept
// if its randomness, 56 bits of the trace id or of the tracestate, is not below a threshold. The list member ot of the
// tracestate carries the threshold as th, and explicit randomness as rv.

const (
	vendor         = "ot"
	maxRandomness  = 1<<56 - 1
	randomnessBits = 14 // hexadecimal digits
)

// number returns the number that is compared with a bound: it is kept if it is below.
func (s *sampler) number(id trace.TraceID, parent trace.SpanContext) uint64 {
	if !s.consistent {
		return lastBits(id)
	}
	randomness, ok := explicitRandomness(parent.TraceState())
	if !ok {
		randomness = binary.BigEndian.Uint64(id[8:]) & maxRandomness
	}
	return (maxRandomness - randomness) << 7 // 63 bits, as the bounds; what is below the bound is not below the threshold
}

// explicitRandomness returns the value rv of a tracestate.
func explicitRandomness(state trace.TraceState) (uint64, bool) {
	for member := range strings.SplitSeq(state.Get(vendor), ";") {
		if text, ok := strings.CutPrefix(member, "rv:"); ok && len(text) == randomnessBits {
			value, err := strconv.ParseUint(text, 16, 64)
			return value, err == nil
		}
	}
	return 0, false
}

// weigh adds the threshold of a new trace that is kept to its tracestate.
func (s *sampler) weigh(result *sdktrace.SamplingResult, parent trace.SpanContext, keepBelow uint64) {
	if !s.consistent || parent.IsValid() {
		return
	}
	if state, err := result.Tracestate.Insert(vendor, "th:"+threshold(keepBelow)); err == nil {
		result.Tracestate = state
	}
}

// threshold returns the threshold of a bound: the number of 56-bit values that are not kept, without zeros at the end.
func threshold(keepBelow uint64) string {
	rejected := uint64(0)
	if kept := keepBelow >> 7; kept <= maxRandomness {
		rejected = maxRandomness + 1 - kept
	}
	text := strconv.FormatUint(rejected, 16)
	text = strings.Repeat("0", max(0, randomnessBits-len(text))) + text
	if text = strings.TrimRight(text, "0"); text == "" {
		return "0"
	}
	return text
}
