package otlp

import (
	"encoding/base64"
	"math"
	"slices"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/spanroute/spanroute/exporters/internal/spantext"
)

// appendRequest appends a request in wire format as OTLP JSON (specification v1.5.0, "JSON Protobuf Encoding"): ProtoJSON,
// but with ids in hex and enumerations as numbers. The package protojson does neither. It reads the bytes field by field
// without messages: whatever the encoder leaves out of the bytes, as it has the zero value, is not in the JSON either.
func appendRequest(b []byte, request []byte) []byte {
	j := object{spantext.Object{Text: slices.Grow(b, jsonRatio*len(request))}}
	j.message(request, appendRequestField)
	return j.Text
}

// jsonRatio is the usual size of JSON relative to the wire format.
const jsonRatio = 3

// An object writes the fields of messages as members of JSON objects.
type object struct{ spantext.Object }

// message writes the object of a message; write writes one field.
func (j *object) message(message []byte, write func(*object, wireField)) {
	j.Open('{')
	for f := range fields(message) {
		write(j, f)
	}
	j.Close('}')
}

// nested writes a field that is a message.
func (j *object) nested(key string, f wireField, write func(*object, wireField)) {
	j.Key(key)
	j.message(f.bytes, write)
}

// element writes one message of a repeated field. Those of one field follow one another.
func (j *object) element(key string, f wireField, write func(*object, wireField)) {
	if f.first {
		j.Key(key)
		j.Open('[')
	} else {
		j.Element()
	}
	j.message(f.bytes, write)
	if f.last {
		j.Close(']')
	}
}

// text writes a string, which the encoder has made valid UTF-8.
func (j *object) text(key string, f wireField) {
	j.Key(key)
	j.Text = append(spantext.AppendEscaped(append(j.Text, '"'), f.bytes), '"')
}

// number writes an integer of at most 32 bits or an enumeration.
func (j *object) number(key string, f wireField) {
	j.Key(key)
	j.Text = strconv.AppendUint(j.Text, f.value, 10)
}

// nanos writes a 64-bit number, which JSON cannot hold, as a string.
func (j *object) nanos(key string, f wireField) {
	j.Key(key)
	j.Text = append(strconv.AppendUint(append(j.Text, '"'), f.value, 10), '"')
}

// id writes the id of a trace or span in hexadecimal digits, where ProtoJSON has base64.
func (j *object) id(key string, f wireField) { j.ID(key, f.bytes) }

func appendRequestField(j *object, f wireField) { j.element("resourceSpans", f, appendResourceSpans) }

func appendResourceSpans(j *object, f wireField) {
	switch f.number {
	case headField:
		j.nested("resource", f, appendResource)
	case contentField:
		j.element("scopeSpans", f, appendScopeSpans)
	case schemaField:
		j.text("schemaUrl", f)
	}
}

func appendResource(j *object, f wireField) { j.element("attributes", f, appendKeyValue) }

func appendScopeSpans(j *object, f wireField) {
	switch f.number {
	case headField:
		j.nested("scope", f, appendScope)
	case contentField:
		j.element("spans", f, appendSpan)
	case schemaField:
		j.text("schemaUrl", f)
	}
}

func appendScope(j *object, f wireField) {
	switch f.number {
	case scopeName:
		j.text("name", f)
	case scopeVersion:
		j.text("version", f)
	case scopeAttributes:
		j.element("attributes", f, appendKeyValue)
	}
}

// appendSpan writes the fields of a span that are not lists.
func appendSpan(j *object, f wireField) {
	switch f.number {
	case spanTraceID:
		j.id("traceId", f)
	case spanID:
		j.id("spanId", f)
	case spanState:
		j.text("traceState", f)
	case spanParent:
		j.id("parentSpanId", f)
	case spanFlags:
		j.number("flags", f)
	case spanName:
		j.text("name", f)
	case spanKind:
		j.number("kind", f)
	case spanStart:
		j.nanos("startTimeUnixNano", f)
	case spanEnd:
		j.nanos("endTimeUnixNano", f)
	case spanStatus:
		j.nested("status", f, appendStatus)
	default:
		appendSpanList(j, f)
	}
}

// appendSpanList writes the lists of a span and how many elements were dropped from them.
func appendSpanList(j *object, f wireField) {
	switch f.number {
	case spanAttributes:
		j.element("attributes", f, appendKeyValue)
	case spanDroppedAttributes:
		j.number("droppedAttributesCount", f)
	case spanEvents:
		j.element("events", f, appendEvent)
	case spanDroppedEvents:
		j.number("droppedEventsCount", f)
	case spanLinks:
		j.element("links", f, appendLink)
	case spanDroppedLinks:
		j.number("droppedLinksCount", f)
	}
}

// appendStatus writes one field of a Status message. Like its siblings it uses the names of the ProtoJSON mapping, which are
// in lower camel case, and ignores unknown fields: the bytes come from this package.
func appendStatus(j *object, f wireField) {
	switch f.number {
	case statusMessage:
		j.text("message", f)
	case statusCode:
		j.number("code", f)
	}
}

func appendEvent(j *object, f wireField) {
	switch f.number {
	case eventTime:
		j.nanos("timeUnixNano", f)
	case eventName:
		j.text("name", f)
	case eventAttributes:
		j.element("attributes", f, appendKeyValue)
	case eventDropped:
		j.number("droppedAttributesCount", f)
	}
}

func appendLink(j *object, f wireField) {
	switch f.number {
	case linkTraceID:
		j.id("traceId", f)
	case linkSpanID:
		j.id("spanId", f)
	case linkState:
		j.text("traceState", f)
	case linkAttributes:
		j.element("attributes", f, appendKeyValue)
	case linkDropped:
		j.number("droppedAttributesCount", f)
	case linkFlags:
		j.number("flags", f)
	}
}

func appendKeyValue(j *object, f wireField) {
	switch f.number {
	case keyField:
		j.text("key", f)
	case valueField:
		j.nested("value", f, appendAny)
	}
}

// appendAny writes a value. An empty one has no field. JSON numbers have 53 bits, so integers are written as strings.
func appendAny(j *object, f wireField) {
	switch f.number {
	case stringField:
		j.text("stringValue", f)
	case boolField:
		j.Key("boolValue")
		j.Text = strconv.AppendBool(j.Text, protowire.DecodeBool(f.value))
	case intField:
		j.Key("intValue")
		j.Text = append(strconv.AppendInt(append(j.Text, '"'), int64(f.value), 10), '"')
	case doubleField:
		j.Key("doubleValue")
		appendDouble(j, math.Float64frombits(f.value))
	case bytesField:
		j.Key("bytesValue")
		j.Text = append(base64.StdEncoding.AppendEncode(append(j.Text, '"'), f.bytes), '"')
	case arrayField:
		j.nested("arrayValue", f, func(j *object, f wireField) { j.element("values", f, appendAny) })
	case mapField:
		j.nested("kvlistValue", f, func(j *object, f wireField) { j.element("values", f, appendKeyValue) })
	}
}

// appendDouble writes NaN and the infinities as ProtoJSON has them: words in quotes.
func appendDouble(j *object, f float64) {
	if word := spantext.Special(f); word != "" {
		j.Quote(word)
		return
	}
	j.Text = strconv.AppendFloat(j.Text, f, 'g', -1, 64)
}
