package recording

import (
	"reflect"

	"go.opentelemetry.io/otel/attribute"
)

var (
	sizeOfBody     = int(reflect.TypeFor[Body]().Size())
	sizeOfKeyValue = int(reflect.TypeFor[attribute.KeyValue]().Size())
)

// size estimates the memory of a body in bytes: its lists and its texts.
func (b *Body) size() int {
	n := sizeOfBody + len(b.name) + len(b.status.Description) + cap(b.attributes.list)*sizeOfKeyValue + textsOf(b.attributes.list)
	for _, e := range b.events.list {
		n += sizeOfKeyValue*(2+cap(e.Attributes)) + len(e.Name) + textsOf(e.Attributes)
	}
	for _, l := range b.links.list {
		n += sizeOfKeyValue*(2+cap(l.Attributes)) + textsOf(l.Attributes)
	}
	return n
}

// textsOf returns the length of the values of attributes. Keys are usually constants.
func textsOf(list []attribute.KeyValue) (n int) {
	for i := range list {
		switch v := &list[i].Value; v.Type() {
		case attribute.BOOL, attribute.INT64, attribute.FLOAT64:
		case attribute.STRING:
			n += len(v.AsString())
		default:
			n += len(v.String())
		}
	}
	return n
}
