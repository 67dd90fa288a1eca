package instrumentation

import (
	"cmp"
	"slices"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/semattr"
)

// UserAttributes are the attributes that functions of the program give to a span. They take precedence over those of
// the instrumentation with the same key. The zero value has none.
type UserAttributes struct {
	list      []attribute.KeyValue
	errorType string // of an attribute error.type, which counts only if the span is an error
}

// Add adds attrs as a span may keep them: bounded, valid UTF-8, and copied if o is the Owner of parts of a longer text.
func (u *UserAttributes) Add(attrs []attribute.KeyValue, o semattr.Owner) {
	u.list = slices.Grow(u.list, len(attrs))
	for _, kv := range attrs {
		if kv.Key == semattr.ErrorTypeKey {
			u.errorType = o.Text(kv.Value.String())
			continue
		}
		u.list = append(u.list, o.Attribute(kv))
	}
}

// List returns the attributes except error.type. It must not be changed.
func (u *UserAttributes) List() []attribute.KeyValue { return u.list }

// ErrorType returns the attribute error.type of a span that is an error: the program's value, or else errorType.
func (u *UserAttributes) ErrorType(errorType string) attribute.KeyValue {
	return semattr.ErrorTypeKey.String(cmp.Or(u.errorType, errorType))
}

// Override appends the attributes of the program to attrs and removes those with the same keys.
func (u *UserAttributes) Override(attrs []attribute.KeyValue) []attribute.KeyValue {
	if len(u.list) == 0 {
		return attrs
	}
	return append(u.RemoveFrom(attrs), u.list...)
}

// RemoveFrom removes the attributes with keys of the program from attrs.
func (u *UserAttributes) RemoveFrom(attrs []attribute.KeyValue) []attribute.KeyValue {
	return without(attrs, u.list)
}

// without removes the attributes with keys of others from attrs.
func without(attrs, others []attribute.KeyValue) []attribute.KeyValue {
	if len(others) == 0 {
		return attrs
	}
	return slices.DeleteFunc(attrs, func(kv attribute.KeyValue) bool { return Has(others, kv.Key) })
}

// Has reports whether attrs has an attribute with key.
func Has(attrs []attribute.KeyValue, key attribute.Key) bool {
	return slices.ContainsFunc(attrs, func(kv attribute.KeyValue) bool { return kv.Key == key })
}

// AppendUnset appends deferred attributes: those of the start of span, except those that were set on it in the
// meantime. start appends to its argument and must not keep it.
func AppendUnset(
	attrs []attribute.KeyValue, span trace.Span, start func([]attribute.KeyValue) []attribute.KeyValue,
) []attribute.KeyValue {
	n := len(attrs)
	added := start(attrs[n:])
	if span, ok := span.(interface{ Attributes() []attribute.KeyValue }); ok {
		added = without(added, span.Attributes())
	}
	return append(attrs, added...)
}
