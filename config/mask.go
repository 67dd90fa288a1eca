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

// maskedText is the text of a value as print and explain show it: secrets are ***, of headers the names stay.
func maskedText(k *keytable.Key, value any, via string) string {
	hide := k.Secret || secret.Name(via)
	switch v := value.(type) {
	case settings.Pairs:
		var items []string
		for _, p := range v {
			items = append(items, p.Name+"="+maskedPair(p, hide).Value)
		}
		return strings.Join(items, ",")
	case []string:
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

// maskedPair is p with its value masked, if hide is true or its name is that of a secret.
func maskedPair(p settings.Pair, hide bool) settings.Pair {
	if hide || secret.Name(p.Name) {
		return settings.Pair{Name: p.Name, Value: secret.Mask}
	}
	return settings.Pair{Name: p.Name, Value: endpoint.RedactText(p.Value)}
}

// withoutSecrets is value without the texts that are secrets.
func withoutSecrets(value any, secrets []string) any {
	switch v := value.(type) {
	case string:
		return secret.Redact(v, secrets...)
	case []string:
		shown := slices.Clone(v)
		for i := range shown {
			shown[i] = secret.Redact(shown[i], secrets...)
		}
		return shown
	case settings.Pairs:
		shown := slices.Clone(v)
		for i := range shown {
			shown[i].Value = secret.Redact(shown[i].Value, secrets...)
		}
		return shown
	}
	return value
}

// maskedValue is maskedText as messages quote it.
func maskedValue(k *keytable.Key, value any, via string) string {
	text := maskedText(k, value, via)
	switch value.(type) {
	case string, []string, settings.Pairs:
		return phrase.Quote(text)
	}
	return text
}
