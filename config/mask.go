package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spanroute/spanroute/internal/endpoint"
	"github.com/spanroute/spanroute/internal/keytable"
	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/internal/secret"
	"github.com/spanroute/spanroute/registry/settings"
)

// shownValue returns the text of a value as explain shows it. Secrets are ***; the names of headers stay.
func shownValue(k *keytable.Key, value any, via string) string {
	hide := k.Secret || secret.Name(via)
	switch v := value.(type) {
	case settings.Pairs:
		var items []string
		for _, p := range v {
			if p.Value = maskedText(p.Name, p.Value); hide {
				p.Value = secret.Mask
			}
			items = append(items, p.Name+"="+p.Value)
		}
		return strings.Join(items, ",")
	case []string:
		if k.Type == settings.TypeObjects {
			v = mapTexts(v, func(_, text string) string { return maskedObject(text) }).([]string)
		}
		if hide {
			return secret.Mask
		}
		return endpoint.RedactText(strings.Join(v, ","))
	case time.Duration:
		if v < 0 {
			return "no limit"
		}
	}
	if hide {
		return secret.Mask
	}
	text := fmt.Sprint(value)
	if strings.Contains(text, "://") || strings.HasSuffix(k.Path, "endpoint") || strings.HasSuffix(k.Path, "url") {
		return endpoint.Redact(text)
	}
	return text
}

// maskedText returns a text with its secrets masked: all of it if name is that of a secret. It is for free-form maps,
// where an operator chooses the names.
func maskedText(name, text string) string {
	if secret.Name(name) {
		return secret.Mask
	}
	return endpoint.RedactText(text)
}

// mapTexts returns value with f applied to each text in it. f gets the name of the text in a free-form map, else "".
// value itself does not change, because a Config may be read by several goroutines.
func mapTexts(value any, f func(name, text string) string) any {
	switch v := value.(type) {
	case string:
		return f("", v)
	case []string:
		texts := slices.Clone(v)
		for i, text := range texts {
			texts[i] = f("", text)
		}
		return texts
	case settings.Pairs:
		pairs := slices.Clone(v)
		for i, p := range pairs {
			pairs[i].Value = f(p.Name, p.Value)
		}
		return pairs
	}
	return value
}

// withoutSecrets returns value without the texts that are secrets. secrets are the values of secret-looking variables
// that a file put into other keys, such as a password within an endpoint.
func withoutSecrets(value any, secrets []string) any {
	return mapTexts(value, func(_, text string) string { return secret.Redact(text, secrets...) })
}

// quotedValue returns shownValue as messages quote it.
func quotedValue(k *keytable.Key, value any, via string) string {
	text := shownValue(k, value, via)
	switch value.(type) {
	case string, []string, settings.Pairs:
		return phrase.Quote(text)
	}
	return text
}
