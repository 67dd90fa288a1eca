package spantext

import (
	"encoding/hex"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
)

// An Object writes JSON member by member. The zero value is ready for use.
//
// How it works. Text holds what is written so far, and its last byte shows whether a comma is due: each member begins
// with one unless it follows an opening bracket. The object keeps no other state, so that an exporter can append to
// Text itself. A method with a key writes the key too.
type Object struct {
	Text   []byte
	Repair Repair // what the texts and values needed
}

// Open appends an opening bracket.
func (o *Object) Open(bracket byte) { o.Text = append(o.Text, bracket) }

// Close appends a closing bracket.
func (o *Object) Close(bracket byte) { o.Text = append(o.Text, bracket) }

// Element begins a member of an object or array, with a comma where one is due.
func (o *Object) Element() {
	if n := len(o.Text); n > 0 && o.Text[n-1] != '{' && o.Text[n-1] != '[' {
		o.Text = append(o.Text, ',')
	}
}

// Key begins a member of an object. The key is written without escapes.
func (o *Object) Key(key string) {
	o.Element()
	o.Text = append(append(append(o.Text, '"'), key...), `":`...)
}

// Quote appends text from a span as a JSON string.
func (o *Object) Quote(text string) {
	var repair Repair
	o.Text, repair = AppendQuoted(o.Text, text, 0)
	o.Repair |= repair
}

// String writes text from a span, unless it is empty.
func (o *Object) String(key, text string) {
	if text != "" {
		o.Key(key)
		o.Quote(text)
	}
}

// Word writes text that needs no escapes, unless it is empty.
func (o *Object) Word(key, text string) {
	if text != "" {
		o.Key(key)
		o.Text = append(append(append(o.Text, '"'), text...), '"')
	}
}

// Number writes a count, unless it is 0.
func (o *Object) Number(key string, n int) {
	if n != 0 {
		o.Key(key)
		o.Text = strconv.AppendInt(o.Text, int64(n), 10)
	}
}

// ID writes the id of a trace or span in hexadecimal digits.
func (o *Object) ID(key string, id []byte) {
	o.Key(key)
	o.Text = append(hex.AppendEncode(append(o.Text, '"'), id), '"')
}

// Instant writes a time as RFC 3339 text in UTC.
func (o *Object) Instant(key string, t time.Time) {
	o.Key(key)
	o.Text = append(t.UTC().AppendFormat(append(o.Text, '"'), time.RFC3339Nano), '"')
}

// Attributes writes an object with a member for each attribute, unless the list is empty. The limit is that of
// AppendJSON.
func (o *Object) Attributes(key string, list []attribute.KeyValue, limit int) {
	if len(list) == 0 {
		return
	}
	o.Key(key)
	o.Open('{')
	for _, kv := range list {
		o.Element()
		o.Quote(string(kv.Key))
		o.Text = append(o.Text, ':')
		var repair Repair
		o.Text, repair = AppendJSON(o.Text, kv.Value, limit)
		o.Repair |= repair
	}
	o.Close('}')
}
