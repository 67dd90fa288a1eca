package stored_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/spanroute/spanroute/e2e/stored"
)

// TestFromJaeger reads an answer whose second reference is the parent, as the query API gives it for a link into the
// own trace.
func TestFromJaeger(t *testing.T) {
	got, err := stored.FromJaeger([]byte(`{"data": [{"traceID": "0a", "spans": [{
		"traceID": "0a", "spanID": "02", "operationName": "op", "processID": "p1", "startTime": 1700000000123456, "duration": 1,
		"references": [{"refType": "FOLLOWS_FROM", "traceID": "0a", "spanID": "07"}, {"refType": "CHILD_OF", "traceID": "0a", "spanID": "01"}],
		"tags": [
			{"key": "max", "type": "int64", "value": "9223372036854775807"}, {"key": "b", "type": "bool", "value": true},
			{"key": "d", "type": "float64", "value": 0.1}, {"key": "raw", "type": "binary", "value": "AP8="},
			{"key": "twice", "type": "string", "value": "1"}, {"key": "twice", "type": "string", "value": "1"},
			{"key": "internal.span.format", "type": "string", "value": "jaeger"}],
		"logs": [{"timestamp": 1700000000123456, "fields": [{"key": "event", "type": "string", "value": "ev"}]}]
	}], "processes": {"p1": {"serviceName": "svc", "tags": [{"key": "host", "type": "string", "value": "h"}]}}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := []stored.Span{{
		TraceID: "0a", SpanID: "02", Parent: "01", Name: "op", Start: 1700000000123456000, Duration: 1000,
		Attributes: []string{"b=bool:true", "d=double:0.1", "max=int:9223372036854775807", "raw=bytes:AP8=", "twice=string:1", "twice=string:1"},
		Events:     []stored.Event{{Time: 1700000000123456000, Attributes: []string{"event=string:ev"}}},
		Links:      []stored.Link{{TraceID: "0a", SpanID: "07", Attributes: []string{"ref=string:FOLLOWS_FROM"}}},
		Service:    "svc", Resource: []string{"host=string:h"},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFromCollector(t *testing.T) {
	got, err := stored.FromCollector([]byte(`{"resourceSpans": [{
		"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "svc"}}, {"key": "host", "value": {"stringValue": "h"}}]},
		"scopeSpans": [{"scope": {"name": "lib", "version": "1"}, "spans": [{
			"traceId": "0a", "spanId": "02", "parentSpanId": "01", "name": "op", "kind": 3, "traceState": "v=1",
			"startTimeUnixNano": "1700000000123456789", "endTimeUnixNano": "1700000000123458289",
			"attributes": [
				{"key": "n", "value": {"intValue": "-1"}}, {"key": "nan", "value": {"doubleValue": "NaN"}}, {"key": "none", "value": {}},
				{"key": "list", "value": {"arrayValue": {"values": [{"stringValue": "a"}, {"boolValue": true}]}}},
				{"key": "map", "value": {"kvlistValue": {"values": [{"key": "k", "value": {"bytesValue": "AP8="}}]}}}],
			"events": [{"name": "ev", "timeUnixNano": "1700000000123456790", "droppedAttributesCount": 2}],
			"links": [{"traceId": "0b", "spanId": "07"}],
			"status": {"code": 2, "message": "boom"}, "droppedLinksCount": 5
		}]}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := []stored.Span{{
		TraceID: "0a", SpanID: "02", Parent: "01", Name: "op", Kind: "client", TraceState: "v=1",
		Start: 1700000000123456789, Duration: 1500, Status: "error", StatusText: "boom",
		Attributes: []string{"list=array:[string:a, bool:true]", "map=map:{k=bytes:AP8=}", "n=int:-1", "nan=double:NaN", "none=empty:"},
		Events:     []stored.Event{{Name: "ev", Time: 1700000000123456790, Dropped: 2}},
		Links:      []stored.Link{{TraceID: "0b", SpanID: "07"}},
		Service:    "svc", Resource: []string{"host=string:h"},
		Scope: stored.Scope{Name: "lib", Version: "1"}, Dropped: stored.Dropped{Links: 5},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
