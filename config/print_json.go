package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"time"

	"github.com/spanroute/spanroute/internal/schema"
	"github.com/spanroute/spanroute/registry/settings"
)

// String returns the configuration as JSON on one line, with secrets masked.
func (c Config) String() string {
	data, err := json.Marshal(c)
	if err != nil {
		return err.Error()
	}
	return string(data)
}

// Format writes String for every verb, so that %#v and a mistaken %d mask secrets too.
func (c Config) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// WriteJSON writes the configuration of [Config.WriteYAML] as JSON, which is YAML too. It leaves out the comments.
func (c *Config) WriteJSON(w io.Writer, showSecrets bool) error {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(c.section(showSecrets)); err != nil {
		return err
	}
	_, err := io.WriteString(w, escapeControls(b.String()))
	return err
}

// controls are characters that JSON takes unescaped and YAML does not: DEL and U+0080 to U+009F.
var controls = regexp.MustCompile(`[\x{7f}-\x{9f}]`)

func escapeControls(text string) string {
	return controls.ReplaceAllStringFunc(text, func(c string) string { return fmt.Sprintf(`\u%04x`, []rune(c)[0]) })
}

// MarshalJSON returns the configuration of [Config.WriteJSON] with secrets masked.
func (c Config) MarshalJSON() ([]byte, error) { return json.Marshal(c.section(false)) }

// section returns the printed rows as a nested map. Rows with a remark have no value that a file could set.
func (c *Config) section(showSecrets bool) map[string]any {
	values := map[string]any{}
	for _, r := range c.rows(showSecrets) {
		if r.remark == "" {
			values[r.path] = jsonValue(r)
		}
	}
	return map[string]any{"tracing": schema.Nest(values)}
}

// jsonValue returns the value of a row as encoding/json takes it. A negative duration is shown as its remark.
func jsonValue(r row) any {
	switch v := r.value.(type) {
	case time.Duration:
		if v < 0 {
			return r.remark
		}
		return v.String()
	case settings.Pairs:
		return v.Map()
	case objects:
		return v.values()
	}
	return r.value
}

// String returns the exporter's section as JSON, with secrets masked.
func (x Exporter) String() string {
	values := map[string]any{}
	for _, r := range x.rows("settings", 0, false) {
		values[r.path] = jsonValue(r)
	}
	data, err := json.Marshal(schema.Nest(values))
	if err != nil {
		return err.Error()
	}
	return string(data)
}

// Format writes String for every verb, so that %#v and a mistaken %d mask secrets too.
func (x Exporter) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, x.String()) }

// MarshalJSON returns the text of String.
func (x Exporter) MarshalJSON() ([]byte, error) { return []byte(x.String()), nil }
