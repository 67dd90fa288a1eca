package semattr

import (
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"
)

// redacted stands for each value of a header that is not to be told.
const redacted = "REDACTED"

// secretNames are the headers whose values are redacted unless they are asked for by name twice.
var secretNames = []string{"authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "x-auth-token"}

// A Capture knows which headers or metadata of a message become attributes. The zero value captures nothing.
type Capture struct{ fields []field }

type field struct {
	name   string // lower case
	key    attribute.Key
	secret bool
}

// NewCapture returns the Capture of names, in any case and without wildcards, as attributes prefix + lower-case
// name. Values of well-known secrets are redacted unless unredacted names them.
func NewCapture(prefix string, names, unredacted []string) Capture {
	var c Capture
	for _, name := range names {
		name = strings.ToLower(strings.TrimSpace(name))
		if name == "" || slices.ContainsFunc(c.fields, func(f field) bool { return f.name == name }) {
			continue
		}
		open := slices.ContainsFunc(unredacted, func(u string) bool { return strings.EqualFold(strings.TrimSpace(u), name) })
		c.fields = append(c.fields, field{
			name:   name,
			key:    attribute.Key(Text(prefix + name)),
			secret: slices.Contains(secretNames, name) && !open,
		})
	}
	return c
}

// Empty reports whether c captures nothing.
func (c Capture) Empty() bool { return len(c.fields) == 0 }

// Append appends one attribute for each captured name that values, called with the lower-case name, has a value
// for. At most [MaxList] values of a name are taken.
func (c Capture) Append(attrs []attribute.KeyValue, values func(name string) []string) []attribute.KeyValue {
	for i := range c.fields {
		f := &c.fields[i]
		got := values(f.name)
		switch {
		case len(got) == 0:
		case f.secret:
			attrs = append(attrs, f.key.StringSlice(slices.Repeat([]string{redacted}, min(len(got), MaxList))))
		default:
			attrs = append(attrs, List(f.key, got))
		}
	}
	return attrs
}
