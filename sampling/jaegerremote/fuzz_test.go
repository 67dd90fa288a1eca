package jaegerremote_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/gogo/protobuf/jsonpb"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jaegertracing/jaeger-idl/proto-gen/api_v2"

	"github.com/spanroute/spanroute/sampling/jaegerremote"
)

// FuzzParseProto compares the parser with Jaeger's generated code: both read the same fields, or both reject the data.
// A fault that only one of them sees is in the encoding of a field that the other skips.
func FuzzParseProto(f *testing.F) {
	for _, m := range messages {
		data, err := m.message.Marshal()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte{2<<3 | 2, 0, 2<<3 | 2, 9, 1<<3 | 1, 0, 0, 0, 0, 0, 0, 0xe0, 0x3f})
	f.Add([]byte{0x23, 0x24}) // a group
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := jaegerremote.ParseProto(data)
		var message api_v2.SamplingStrategyResponse
		if wantErr := message.Unmarshal(data); err != nil || wantErr != nil {
			return
		}
		if diff := cmp.Diff(fromProto(&message), got, ignoreRaw, cmpopts.EquateNaNs()); diff != "" {
			t.Errorf("-jaeger +parsed:\n%s", diff)
		}
		again, err := message.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := jaegerremote.ParseProto(again); err != nil {
			t.Errorf("Jaeger's own encoding is rejected: %v", err)
		}
		checkInvariants(t, got)
	})
}

// FuzzParseJSON compares the parser with the JSON decoder of Jaeger's messages.
func FuzzParseJSON(f *testing.F) {
	for _, m := range messages {
		text, err := (&jsonpb.Marshaler{EmitDefaults: true}).MarshalToString(m.message)
		if err != nil {
			f.Fatal(err)
		}
		f.Add([]byte(text))
	}
	for _, tt := range invalid {
		if len(tt.text) < 1000 {
			f.Add([]byte(tt.text))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := jaegerremote.ParseJSON(data)
		if err == nil {
			checkInvariants(t, got)
		}
		var message api_v2.SamplingStrategyResponse
		decoder := jsonpb.Unmarshaler{AllowUnknownFields: true}
		if wantErr := decoder.Unmarshal(bytes.NewReader(data), &message); wantErr != nil {
			return
		}
		if err == nil {
			if diff := cmp.Diff(fromProto(&message), got, ignoreRaw, cmpopts.EquateEmpty(), cmpopts.EquateNaNs()); diff != "" {
				t.Errorf("-jaeger +parsed:\n%s", diff)
			}
		}
		text, err := (&jsonpb.Marshaler{EmitDefaults: true}).MarshalToString(&message)
		if err != nil {
			return // jsonpb reads null in a list and cannot write it
		}
		if got, err = jaegerremote.ParseJSON([]byte(text)); err != nil {
			t.Fatalf("Jaeger's own encoding is rejected: %v\n%s", err, text)
		}
		if diff := cmp.Diff(fromProto(&message), got, ignoreRaw, cmpopts.EquateEmpty(), cmpopts.EquateNaNs()); diff != "" {
			t.Errorf("-jaeger +parsed:\n%s", diff)
		}
	})
}

// checkInvariants checks that a strategy has values in range only.
func checkInvariants(t *testing.T, r jaegerremote.Response) {
	if _, err := r.Strategy(); err != nil {
		return
	}
	inRange := func(values ...float64) {
		for _, v := range values {
			if !(v >= 0 && v <= 1<<31) {
				t.Errorf("%v in a valid strategy", v)
			}
		}
	}
	switch p := r.PerOperation; {
	case p != nil:
		inRange(p.Default, p.Lower, p.Upper)
		for _, o := range p.Operations {
			inRange(*o.Rate)
		}
	case r.Probabilistic != nil:
		inRange(*r.Probabilistic)
	default:
		inRange(*r.RateLimiting)
	}
}

// FuzzReadMessage compares the reader of frames with the definition: an uncompressed frame, whole and alone.
func FuzzReadMessage(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 2, 1, 2})
	f.Add([]byte{0, 0, 0, 0, 0})
	f.Add([]byte{1, 0, 0, 0, 1, 1})
	f.Add([]byte{0, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, body []byte) {
		message, err := jaegerremote.ReadMessage(bytes.NewReader(body))
		whole := len(body) >= 5 && body[0] == 0 && binary.BigEndian.Uint32(body[1:]) == uint32(len(body)-5) && len(body)-5 <= jaegerremote.MaxResponse
		if whole != (err == nil) || err == nil && !bytes.Equal(message, body[5:]) {
			t.Errorf("body %x: message %x, error %v", body, message, err)
		}
	})
}
