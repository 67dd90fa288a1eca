package adapter

import (
	"context"
	"strings"

	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
)

// Baggage describes a format of baggage with one header for each member: a prefix and the key of the member.
type Baggage struct {
	Prefix   string              // in lower case
	Escape   func(string) string // of a value; nil: values are sent unchanged
	Unescape func(string) string // of a value; nil: values are received unchanged
}

// maxMembers is the number of members that W3C Baggage allows. The limit of its size is that of baggage.New.
const maxMembers = 64

// extract returns ctx with the members in c added to those of its baggage, which take precedence. Keys of headers have no
// letter case, so those of the members are in lower case. Above the limits of W3C Baggage, ctx is unchanged.
func (f Baggage) extract(ctx context.Context, c propagation.TextMapCarrier) context.Context {
	if f.Prefix == "" {
		return ctx
	}
	known := baggage.FromContext(ctx).Members()
	members := known
	for _, header := range c.Keys() {
		key, ok := f.key(header)
		if !ok || contains(known, key) {
			continue
		}
		member, err := baggage.NewMemberRaw(key, apply(f.Unescape, c.Get(header)))
		if err != nil {
			continue
		}
		if members = append(members, member); len(members) > maxMembers {
			return ctx
		}
	}
	bag, err := baggage.New(members...)
	if err != nil || len(members) == len(known) {
		return ctx
	}
	return baggage.ContextWithBaggage(ctx, bag)
}

// key returns the key of the member in a header, and whether the header has one.
func (f Baggage) key(header string) (key string, ok bool) {
	if len(header) <= len(f.Prefix) || !strings.EqualFold(header[:len(f.Prefix)], f.Prefix) {
		return "", false
	}
	return strings.ToLower(header[len(f.Prefix):]), true
}

// contains reports whether members has one with key, in any letter case.
func contains(members []baggage.Member, key string) bool {
	for _, m := range members {
		if strings.EqualFold(m.Key(), key) {
			return true
		}
	}
	return false
}

// inject writes the members of the baggage in ctx to c, except those that cannot be sent as header and as metadata.
func (f Baggage) inject(ctx context.Context, c propagation.TextMapCarrier) {
	if f.Prefix == "" {
		return
	}
	for _, m := range baggage.FromContext(ctx).Members() {
		if value := apply(f.Escape, m.Value()); isKey(m.Key()) && isValue(value) {
			c.Set(f.Prefix+m.Key(), value)
		}
	}
}

// isKey reports whether text may be part of a key of gRPC metadata, apart from letter case. HTTP allows more characters.
func isKey(text string) bool {
	for i := range len(text) {
		switch c := text[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return true
}

// isValue reports whether text consists of printable ASCII characters.
func isValue(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

func apply(f func(string) string, text string) string {
	if f == nil {
		return text
	}
	return f(text)
}
