package config

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spanroute/spanroute/internal/endpoint"
	"github.com/spanroute/spanroute/internal/keytable"
	"github.com/spanroute/spanroute/internal/secret"
	"github.com/spanroute/spanroute/registry/settings"
	"github.com/spanroute/spanroute/sampling"
)

// A row is one key of a printed configuration.
//
// YAML and JSON have the same rows. A row that only an OTEL_* variable can set has a remark: the value has no
// notation in a file, and loading the printed text must not fail.
type row struct {
	path   string
	value  any // of a settings type, secrets masked
	remark string
}

// rows returns the printed rows, in order. Secrets are masked here, before any writer sees them, so that no format can
// forget it.
func (c *Config) rows(showSecrets bool) []row {
	var rows []row
	values := commonSchema.Values(c)
	defaults := commonSchema.Values(Default())
	for _, k := range commonSchema.Keys() {
		value := values[k.Path]
		if strings.HasPrefix(k.Path, remoteSection) && !sampling.IsRemote(c.Sampling.Sampler) && same(value, defaults[k.Path]) {
			continue
		}
		if !showSecrets {
			value = maskedValue(k, value)
			if c.origins != nil {
				value = withoutSecrets(value, c.origins.secrets)
			}
		}
		if r, ok := c.commonRow(k, literal(value)); ok {
			rows = append(rows, r)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Exporters)) {
		rows = append(rows, c.Exporters[name].rows(name, c.Timeout, showSecrets)...)
	}
	return rows
}

// maskedValue returns the value of a common key with its secrets masked.
func maskedValue(k settings.Key, value any) any {
	text, isText := value.(string)
	switch {
	case k.Secret && isText && text != "":
		return secret.Mask
	case k.Secret:
		return mapTexts(value, func(string, string) string { return secret.Mask })
	case isText && k.Format == "sampling_endpoint":
		return endpoint.Redact(text)
	case k.Type == settings.TypeObjects:
		return mapTexts(value, func(_, text string) string { return maskedObject(text) })
	}
	return mapTexts(value, maskedText)
}

// commonRow returns the row of a common key, false if the value is a default that is not worth a row. A default that
// documents the values in force is printed, an empty text or list is not.
func (c *Config) commonRow(k settings.Key, value any) (row, bool) {
	r := row{path: k.Path, value: value}
	switch v := value.(type) {
	case string:
		return r, v != ""
	case []string:
		if k.Type == settings.TypeObjects {
			r.value = objects(v)
		}
		if k.Format == "propagators" && len(v) == 0 {
			r.value = []string{"none"}
			return r, true
		}
		return r, len(v) > 0
	case settings.Pairs:
		return r, len(v) > 0
	case time.Duration:
		if v < 0 {
			r.remark = "no limit"
		}
	case float64:
		ratio := k.Format != "rate" || c.Sampling.Sampler == "" || strings.HasSuffix(c.Sampling.Sampler, sampling.TraceIDRatio)
		return r, ratio || v != 0
	case int:
		if k.Format == "length" && v == 0 {
			r.remark = "0, cut to nothing"
		}
		return r, k.Format != "length" || v >= 0
	}
	return r, true
}

// rows returns the printed rows of one exporter. Its timeout is a row only if it differs from the common one.
func (x Exporter) rows(name string, timeout time.Duration, showSecrets bool) []row {
	var rows []row
	if x.Timeout != timeout {
		r := row{path: name + ".timeout", value: x.Timeout}
		if x.Timeout < 0 {
			r.remark = "no limit"
		}
		rows = append(rows, r)
	}
	flat := flatten(x.Settings)
	for _, path := range slices.Sorted(maps.Keys(flat)) {
		value := flat[path]
		if !showSecrets {
			value = withoutSecrets(x.mask(path, value), x.values)
		}
		rows = append(rows, row{path: name + "." + path, value: literal(value)})
	}
	return rows
}

// mask masks the secrets of a value. For a section that does not come from Load it goes by
// the names of keys, because the key table is not available.
func (x Exporter) mask(path string, value any) any {
	_, name := keytable.Split(path)
	pairs, isMap := value.(settings.Pairs)
	text, isText := value.(string)
	switch hide := x.secrets[path] || x.secrets == nil && secret.Name(name); {
	case isMap && hide:
		return mapTexts(pairs, func(string, string) string { return secret.Mask })
	case isMap:
		return mapTexts(pairs, maskedText)
	case hide && (!isText || text != ""):
		return secret.Mask
	case isText:
		return endpoint.Redact(text)
	}
	return value
}

// literal keeps ${ in a value from being read as a variable.
func literal(value any) any {
	return mapTexts(value, func(_, text string) string { return strings.ReplaceAll(text, "${", "$${") })
}

// flatten returns the values of a nested map by path. It is the inverse of schema.Nest.
func flatten(section map[string]any) map[string]any {
	flat := map[string]any{}
	for name, value := range section {
		inner, ok := value.(map[string]any)
		if !ok {
			flat[name] = value
			continue
		}
		for path, v := range flatten(inner) {
			flat[name+"."+path] = v
		}
	}
	return flat
}
