package jaeger_test

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/thrift/lib/go/thrift"
	model "github.com/jaegertracing/jaeger-idl/model/v1"
	"github.com/jaegertracing/jaeger-idl/proto-gen/api_v2"
	"github.com/jaegertracing/jaeger-idl/thrift-gen/agent"
	jaegerthrift "github.com/jaegertracing/jaeger-idl/thrift-gen/jaeger"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/exporters/internal/spantext"
)

// The types below are what a receiver has read, whatever the encoding.
type (
	batch struct {
		Service string
		Tags    []tag
		Spans   []span
		SeqNo   int64
		Stats   *jaegerthrift.ClientStats
	}
	span struct {
		Trace              string
		ID, Parent         string
		Name               string
		References         []reference
		Flags              int
		Start, Nanoseconds int64
		Tags               []tag
		Logs               []logRecord
	}
	reference struct{ Kind, Trace, Span string }
	tag       struct {
		Key   string
		Value any // string, bool, int64, float64 or []byte
	}
	logRecord struct {
		Time   int64
		Fields []tag
	}
)

const noSpan = "0000000000000000"

// decodePacket reads one datagram with the code the agent has.
func decodePacket(t testing.TB, packet []byte, binary bool) batch {
	t.Helper()
	b, err := readPacket(packet, binary)
	if err != nil {
		t.Fatalf("datagram of %d bytes: %v", len(packet), err)
	}
	return b
}

func readPacket(packet []byte, binary bool) (batch, error) {
	ctx := context.Background()
	buf := thrift.NewTMemoryBufferLen(len(packet))
	buf.Write(packet)
	var p thrift.TProtocol = thrift.NewTCompactProtocolConf(buf, nil)
	if binary {
		p = thrift.NewTBinaryProtocolConf(buf, nil)
	}
	name, kind, seq, err := p.ReadMessageBegin(ctx)
	if err != nil {
		return batch{}, err
	}
	if name != "emitBatch" || kind != thrift.ONEWAY || seq != 1 {
		return batch{}, &headError{name, kind, seq}
	}
	args := agent.NewAgentEmitBatchArgs()
	if err := args.Read(ctx, p); err != nil {
		return batch{}, err
	}
	if buf.Len() != 0 {
		return batch{}, &headError{"bytes behind the message", kind, int32(buf.Len())}
	}
	return fromThrift(args.Batch), nil
}

type headError struct {
	name string
	kind thrift.TMessageType
	seq  int32
}

func (e *headError) Error() string { return "not a oneway emitBatch with seqid 1: " + e.name }

func decodeBatch(t testing.TB, body []byte) batch {
	t.Helper()
	buf := thrift.NewTMemoryBufferLen(len(body))
	buf.Write(body)
	b := jaegerthrift.NewBatch()
	if err := b.Read(context.Background(), thrift.NewTBinaryProtocolConf(buf, nil)); err != nil {
		t.Fatalf("body of %d bytes: %v", len(body), err)
	}
	if buf.Len() != 0 {
		t.Fatalf("%d bytes behind the batch", buf.Len())
	}
	return fromThrift(b)
}

func decodePost(t testing.TB, body []byte) batch {
	t.Helper()
	var r api_v2.PostSpansRequest
	if err := r.Unmarshal(body); err != nil {
		t.Fatalf("request of %d bytes: %v", len(body), err)
	}
	return fromModel(&r.Batch)
}

func fromThrift(b *jaegerthrift.Batch) batch {
	out := batch{Service: b.Process.ServiceName, Tags: thriftTags(b.Process.Tags), SeqNo: b.GetSeqNo(), Stats: b.Stats}
	for _, s := range b.Spans {
		x := span{
			Trace: hex64(s.TraceIdHigh) + hex64(s.TraceIdLow), ID: hex64(s.SpanId), Parent: hex64(s.ParentSpanId),
			Name: s.OperationName, Flags: int(s.Flags), Start: s.StartTime * 1000, Nanoseconds: s.Duration * 1000,
			Tags: thriftTags(s.Tags),
		}
		for _, r := range s.References {
			x.References = append(x.References, reference{r.RefType.String(), hex64(r.TraceIdHigh) + hex64(r.TraceIdLow), hex64(r.SpanId)})
		}
		for _, l := range s.Logs {
			x.Logs = append(x.Logs, logRecord{l.Timestamp * 1000, thriftTags(l.Fields)})
		}
		out.Spans = append(out.Spans, x)
	}
	return out
}

func hex64(v int64) string {
	var id trace.SpanID
	for i := range id {
		id[i] = byte(uint64(v) >> (56 - 8*i))
	}
	return id.String()
}

func thriftTags(in []*jaegerthrift.Tag) []tag {
	var out []tag
	for _, x := range in {
		y := tag{Key: x.Key}
		switch x.VType {
		case jaegerthrift.TagType_STRING:
			y.Value = *x.VStr
		case jaegerthrift.TagType_BOOL:
			y.Value = *x.VBool
		case jaegerthrift.TagType_LONG:
			y.Value = *x.VLong
		case jaegerthrift.TagType_DOUBLE:
			y.Value = *x.VDouble
		case jaegerthrift.TagType_BINARY:
			y.Value = append([]byte{}, x.VBinary...)
		}
		out = append(out, y)
	}
	return out
}

func fromModel(b *model.Batch) batch {
	out := batch{Service: b.Process.ServiceName, Tags: modelTags(b.Process.Tags)}
	for _, s := range b.Spans {
		x := span{
			Trace: modelTrace(s.TraceID), ID: hex64(int64(s.SpanID)), Parent: noSpan,
			Name: s.OperationName, Flags: int(s.Flags), Start: s.StartTime.UnixNano(), Nanoseconds: int64(s.Duration),
			Tags: modelTags(s.Tags),
		}
		for i, r := range s.References {
			if i == 0 && r.SpanID != 0 && r.RefType == model.ChildOf && r.TraceID == s.TraceID {
				x.Parent = hex64(int64(r.SpanID))
				continue
			}
			x.References = append(x.References, reference{r.RefType.String(), modelTrace(r.TraceID), hex64(int64(r.SpanID))})
		}
		for _, l := range s.Logs {
			x.Logs = append(x.Logs, logRecord{l.Timestamp.UnixNano(), modelTags(l.Fields)})
		}
		out.Spans = append(out.Spans, x)
	}
	return out
}

func modelTrace(id model.TraceID) string { return hex64(int64(id.High)) + hex64(int64(id.Low)) }

func modelTags(in []model.KeyValue) []tag {
	var out []tag
	for _, x := range in {
		y := tag{Key: x.Key}
		switch x.VType {
		case model.StringType:
			y.Value = x.VStr
		case model.BoolType:
			y.Value = x.VBool
		case model.Int64Type:
			y.Value = x.VInt64
		case model.Float64Type:
			y.Value = x.VFloat64
		case model.BinaryType:
			y.Value = append([]byte{}, x.VBinary...)
		}
		out = append(out, y)
	}
	return out
}

// mapped is what a receiver has to read for s: section 4.1 once more, slow and plain. micro truncates
// times as Thrift does.
func mapped(s sdktrace.ReadOnlySpan, limit int, linkLogs, micro bool) span {
	valid := func(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
	sc := s.SpanContext()
	start, duration := floorTime(s.StartTime(), micro), max(0, s.EndTime().Sub(s.StartTime()))
	if micro {
		duration = duration.Truncate(time.Microsecond)
	}
	out := span{
		Trace: sc.TraceID().String(), ID: sc.SpanID().String(), Parent: s.Parent().SpanID().String(),
		Name: valid(s.Name()), Flags: 1, Start: start, Nanoseconds: int64(duration),
	}
	var own []tag // those of the mapping
	add := func(key string, value any) { own = append(own, tag{key, value}) }
	if k := s.SpanKind(); k >= trace.SpanKindServer && k <= trace.SpanKindConsumer {
		add("span.kind", k.String())
	}
	switch s.Status().Code {
	case codes.Ok:
		add("otel.status_code", "OK")
	case codes.Error:
		add("otel.status_code", "ERROR")
		add("error", true)
		if d := s.Status().Description; d != "" {
			add("otel.status_description", valid(d))
		}
	}
	scope := s.InstrumentationScope()
	if scope.Name != "" {
		add("otel.scope.name", valid(scope.Name))
		add("otel.library.name", valid(scope.Name))
	}
	if scope.Version != "" {
		add("otel.scope.version", valid(scope.Version))
		add("otel.library.version", valid(scope.Version))
	}
	scopeAt := len(own) // where the scope's attributes go
	if ts := sc.TraceState().String(); ts != "" {
		add("w3c.tracestate", valid(ts))
	}
	if n := s.DroppedAttributes(); n != 0 {
		add("otel.dropped_attributes_count", int64(n))
	}
	if n := s.DroppedEvents(); n != 0 {
		add("otel.dropped_events_count", int64(n))
	}
	if n := s.DroppedLinks(); n != 0 {
		add("otel.dropped_links_count", int64(n))
	}
	out.Tags = mappedTags(without(s.Attributes(), own), limit, 0)
	out.Tags = append(out.Tags, own[:scopeAt]...)
	ofScope := without(without(scope.Attributes.ToSlice(), own), tagsOf(s.Attributes()))
	out.Tags = append(out.Tags, mappedTags(ofScope, limit, 0)...)
	out.Tags = append(out.Tags, own[scopeAt:]...)
	for _, e := range s.Events() {
		l := logRecord{Time: floorTime(e.Time, micro)}
		named := false
		for _, kv := range e.Attributes {
			named = named || kv.Key == "event"
		}
		if !named {
			l.Fields = append(l.Fields, tag{"event", valid(e.Name)})
		}
		l.Fields = append(l.Fields, mappedTags(e.Attributes, limit, e.DroppedAttributeCount)...)
		out.Logs = append(out.Logs, l)
	}
	for _, x := range s.Links() {
		if x.SpanContext.IsValid() {
			out.References = append(out.References, reference{"FOLLOWS_FROM", x.SpanContext.TraceID().String(), x.SpanContext.SpanID().String()})
		}
		if linkLogs && len(x.Attributes) > 0 {
			l := logRecord{Time: start, Fields: []tag{
				{"event", "link"}, {"trace_id", x.SpanContext.TraceID().String()}, {"span_id", x.SpanContext.SpanID().String()},
			}}
			l.Fields = append(l.Fields, mappedTags(without(x.Attributes, l.Fields), limit, x.DroppedAttributeCount)...)
			out.Logs = append(out.Logs, l)
		}
	}
	return out
}

func floorTime(t time.Time, micro bool) int64 {
	if t.Before(time.Unix(0, 0)) {
		return 0
	}
	if micro {
		return t.UnixMicro() * 1000
	}
	return t.UnixNano()
}

// without returns the attributes whose keys are not among tags.
func without(kvs []attribute.KeyValue, tags []tag) []attribute.KeyValue {
	return slices.DeleteFunc(slices.Clone(kvs), func(kv attribute.KeyValue) bool {
		return slices.ContainsFunc(tags, func(t tag) bool { return t.Key == string(kv.Key) })
	})
}

func tagsOf(kvs []attribute.KeyValue) (tags []tag) {
	for _, kv := range kvs {
		tags = append(tags, tag{Key: string(kv.Key)})
	}
	return tags
}

func mappedTags(kvs []attribute.KeyValue, limit, dropped int) []tag {
	var out []tag
	for _, kv := range kvs {
		if kv.Key != "otel.dropped_attributes_count" || dropped == 0 {
			out = append(out, mappedTag(kv, limit))
		}
	}
	if dropped != 0 {
		out = append(out, tag{"otel.dropped_attributes_count", int64(dropped)})
	}
	return out
}

func mappedTag(kv attribute.KeyValue, limit int) tag {
	out := tag{Key: strings.ToValidUTF8(string(kv.Key), "\uFFFD")}
	switch v := kv.Value; v.Type() {
	case attribute.BOOL:
		out.Value = v.AsBool()
	case attribute.INT64:
		out.Value = v.AsInt64()
	case attribute.BYTESLICE:
		data := v.AsByteSlice()
		if limit > 0 {
			data = data[:min(limit, len(data))]
		}
		out.Value = append([]byte{}, data...)
	case attribute.FLOAT64:
		if f := v.AsFloat64(); !math.IsNaN(f) && !math.IsInf(f, 0) {
			out.Value = f
			break
		}
		fallthrough
	default:
		text, _ := spantext.AppendValue(nil, v, limit)
		out.Value = string(text)
	}
	return out
}

func mappedResource(res *resource.Resource, limit int) (service string, tags []tag) {
	service, _ = spantext.ServiceName(res)
	for _, kv := range res.Attributes() {
		if kv.Key != "service.name" {
			tags = append(tags, mappedTag(kv, limit))
		}
	}
	return service, tags
}
