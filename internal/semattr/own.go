package semattr

import (
	"strings"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
)

// A substring keeps the whole string alive that it is cut from. A span outlives its request, so a short path that is
// kept as a substring keeps the request line alive, which may have a query of 1 MiB. Therefore the texts of a span are
// copies if the difference is large, and only then: a copy is an allocation.

// slack is the number of bytes by which a source may exceed the kept texts without a copy. It is small compared with
// the 1 KiB and more that a span needs without its texts.
const slack = 256

// An Owner decides whether texts become copies when a span keeps them. The zero value copies what is cut or cleaned
// and nothing else, which is right for texts that are not part of a longer one.
type Owner struct{ copies bool }

// OwnerOf returns the Owner of texts that are substrings of a source of size bytes. kept is the number of those bytes
// that the span records anyway, so that the source is kept alive at no further cost.
func OwnerOf(size, kept int) Owner { return Owner{copies: size-kept > slack} }

// And returns an Owner that copies if o or other does, for texts that may be part of either source.
func (o Owner) And(other Owner) Owner { return Owner{o.copies || other.copies} }

// Copies reports whether o copies every text.
func (o Owner) Copies() bool { return o.copies }

// Kept returns the number of bytes of s that [Text] keeps alive as a substring: all of them, or 0 if it returns a
// copy.
func Kept(s string) int {
	if len(s) <= MaxText && utf8.ValidString(s) {
		return len(s)
	}
	return 0
}

// Text returns s as valid UTF-8 of at most [MaxText] bytes, cut on a rune boundary, as the span may keep it.
func (o Owner) Text(s string) string { return o.textN(s, MaxText) }

func (o Owner) textN(s string, limit int) string {
	if len(s) <= limit && utf8.ValidString(s) {
		if o.copies {
			return strings.Clone(s)
		}
		return s
	}
	// Cut before cleaning, so that the cost is bounded too. A replacement character can be longer than what it
	// replaces, so cut again afterwards.
	return strings.Clone(cut(strings.ToValidUTF8(cut(s, limit), "\uFFFD"), limit))
}

// String returns the attribute key=value with the value cleaned by [Owner.Text].
func (o Owner) String(key attribute.Key, value string) attribute.KeyValue {
	return key.String(o.Text(value))
}

// Attribute returns an attribute of the program with texts that are valid, bounded and owned, also in nested values.
func (o Owner) Attribute(kv attribute.KeyValue) attribute.KeyValue {
	return attribute.KeyValue{Key: attribute.Key(o.Text(string(kv.Key))), Value: o.value(kv.Value)}
}

func (o Owner) value(v attribute.Value) attribute.Value {
	switch v.Type() {
	case attribute.STRING:
		return attribute.StringValue(o.Text(v.AsString()))
	case attribute.STRINGSLICE:
		return List("", v.AsStringSlice()).Value
	case attribute.SLICE:
		list := v.AsSlice() // a copy
		for i := range list {
			list[i] = o.value(list[i])
		}
		return attribute.SliceValue(list...)
	case attribute.MAP:
		list := v.AsMap() // a copy
		for i := range list {
			list[i] = o.Attribute(list[i])
		}
		return attribute.MapValue(list...)
	default:
		return v
	}
}

// Unknown returns the Owner of texts whose source is unknown: it copies all of them.
func Unknown() Owner { return Owner{copies: true} }

// Own returns [Text] of s as a copy. It is for texts of unknown origin, such as error messages.
func Own(s string) string { return Unknown().Text(s) }

// Part returns a part of whole as the span may keep it.
func Part(whole, part string) string { return OwnerOf(len(whole), len(part)).Text(part) }

// Inside returns part as a substring of kept, a text that the span keeps anyway, if it occurs there. Otherwise it
// returns the [Owner.Text] of part.
func (o Owner) Inside(kept, part string) string {
	if o.copies {
		if i := strings.Index(kept, part); i >= 0 {
			return kept[i : i+len(part)]
		}
	}
	return o.Text(part)
}
