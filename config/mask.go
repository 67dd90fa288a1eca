package config

import (
	"fmt"
	"strings"
	"time"

	"github.com/spanroute/spanroute/internal/endpoint"
	"github.com/spanroute/spanroute/internal/secret"
	"github.com/spanroute/spanroute/internal/settings"
)

// maskedText is the text of a value as print and explain show it: secrets are ***, of headers the names stay.
func maskedText(k *key, value any, via string) string {
	hide := k.Secret || secret.Name(via)
	switch v := value.(type) {
	case settings.Pairs:
		var items []string
		for _, p := range v {
			p.Value = redactMessage(p.Value)
			if hide {
				p.Value = secret.Mask
			}
			items = append(items, p.Name+"="+p.Value)
		}
		return strings.Join(items, ",")
	case []string:
		if hide {
			return secret.Mask
		}
		return strings.Join(v, ",")
	case time.Duration:
		if v < 0 {
			return "no limit"
		}
	}
	if hide {
		return secret.Mask
	}
	text := fmt.Sprint(value)
	if strings.Contains(text, "://") || strings.HasSuffix(k.path, "endpoint") || strings.HasSuffix(k.path, "url") {
		return endpoint.Redact(text)
	}
	return text
}

// maskedValue is maskedText as messages quote it.
func maskedValue(k *key, value any, via string) string {
	text := maskedText(k, value, via)
	switch value.(type) {
	case string, []string, settings.Pairs:
		return settings.Quote(text)
	}
	return text
}
