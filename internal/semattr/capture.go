package semattr

import (
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"

	"github.com/spanroute/spanroute/internal/secret"
)

// urlNames are the headers whose values are URLs, or contain one, with secrets that the header's name does not show.
var urlNames = []string{
	"referer", "location", "content-location", "link", "refresh", "x-original-url", "x-original-uri", "x-rewrite-url", "x-forwarded-uri",
}

// holdsURL reports whether value contains a URL or is the path of one. Proxies and frameworks use many more headers for
// the address that a client requested.
func holdsURL(value string) bool {
	return strings.HasPrefix(value, "/") || strings.HasPrefix(value, "?") || strings.Contains(value, "://")
}

// A Capture selects the headers or metadata of a message that become attributes. The zero value captures nothing.
type Capture struct{ fields []field }

type field struct {
	name   string // lower case
	key    attribute.Key
	secret bool // every value is redacted
	open   bool // no value is redacted
	url    bool // every value is a URL
}

// NewCapture returns the Capture of names, in any case and without wildcards, as attributes prefix + lower-case name.
// Values of names that are like those of secrets (see [secret.Name]) are redacted, and so are secrets in values that
// contain URLs, unless unredacted contains the name.
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
			secret: secret.Name(name) && !open,
			open:   open,
			url:    slices.Contains(urlNames, name),
		})
	}
	return c
}

// Empty reports whether c captures nothing.
func (c Capture) Empty() bool { return len(c.fields) == 0 }

// Append appends one attribute for each captured name that values, called with the lower-case name, has a value
// for. At most [MaxList] values of a name are taken.
func (c Capture) Append(attrs []attribute.KeyValue, values func(name string) []string) []attribute.KeyValue {
	return c.AppendRedacted(attrs, values, nil)
}

// AppendRedacted appends as [Capture.Append] does, and applies redactURL to values that contain URLs. whole is true for
// the value of a header whose values are URLs. A nil redactURL leaves the values unchanged.
func (c Capture) AppendRedacted(
	attrs []attribute.KeyValue, values func(name string) []string, redactURL func(text string, whole bool) string,
) []attribute.KeyValue {
	for i := range c.fields {
		f := &c.fields[i]
		got := values(f.name)
		got = got[:min(len(got), MaxList)]
		switch {
		case len(got) == 0:
		case f.secret:
			attrs = append(attrs, f.key.StringSlice(slices.Repeat([]string{secret.Redacted}, len(got))))
		case !f.open && redactURL != nil && (f.url || slices.ContainsFunc(got, holdsURL)):
			attrs = append(attrs, List(f.key, f.redacted(got, redactURL)))
		default:
			attrs = append(attrs, List(f.key, got))
		}
	}
	return attrs
}

func (f *field) redacted(values []string, redactURL func(text string, whole bool) string) []string {
	out := make([]string, len(values))
	for i, value := range values {
		if out[i] = value; f.url || holdsURL(value) {
			out[i] = redactURL(value, f.url)
		}
	}
	return out
}
