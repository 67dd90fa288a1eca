package config

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/internal/policy"
	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/settings"
)

// refine checks and normalises a typed value where its position is known; false if the entry is not to be used.
func (l *loader) refine(e *entry) bool {
	switch e.key.path {
	case "exporter_type":
		return l.refineExporters(e)
	case "propagators":
		return l.refinePropagators(e)
	case "excluded_urls":
		return l.refinePatterns(e, new(policy.Checker).URL)
	case "excluded_paths":
		return l.refinePatterns(e, new(policy.Checker).Path)
	case "excluded_rpcs":
		return l.refinePatterns(e, new(policy.Checker).RPC)
	case "redact.query_keys":
		if n := len(e.value.([]string)); n > policy.MaxQueryKeys {
			l.refuse(e, e.source, settings.Errorf(ErrOutOfRange, "%d keys are out of range, want at most %d", n, policy.MaxQueryKeys))
			return false
		}
	case "sample_rate":
		if rate := e.value.(float64); rate > 0 && rate < math.Ldexp(1, -56) {
			l.warn(WarnSuspicious, e, e.source, fmt.Sprintf("%v keeps nothing in practice", rate), "")
		}
	case "max_tag_value_length":
		l.refineLength(e)
	case "resource_attributes":
		e.value = mergePairs(nil, e.value)
	}
	switch {
	case isHeaders(e.key):
		return l.refineHeaders(e)
	case e.key.Format == "ipv4" || e.key.Format == "ipv6":
		return l.refineAddress(e)
	case isTimeout(e.key):
		if d, _ := e.value.(time.Duration); d > time.Hour {
			l.warn(WarnSuspicious, e, e.source, fmt.Sprintf("%v is above an hour", d), "a plain number is seconds")
		}
	}
	return true
}

// isTimeout reports whether k is the bound of one attempt, common or of one exporter.
func isTimeout(k *key) bool {
	return k.path == "timeout" || k.exporter != "" && k.path == k.exporter+".timeout"
}

// refineLength reads 0 and less as no limit, except in variables of OpenTelemetry, where 0 means 0.
func (l *loader) refineLength(e *entry) {
	if n := e.value.(int); n <= 0 && e.source.Layer != LayerOTel {
		l.warn(WarnSuspicious, e, e.source, fmt.Sprintf("%d is no limit", n), "leave the key out")
		e.value = -1
	}
}

// refineExporters replaces names by the registered ones. In variables of OpenTelemetry unknown names are left out.
func (l *loader) refineExporters(e *entry) bool {
	names, ok := []string{}, true
	none := false
	for i, written := range e.value.([]string) {
		name, err := l.exporterName(e, written, e.item(i))
		switch {
		case err != nil:
			ok = ok && e.source.Layer == LayerOTel
			l.refuse(e, e.item(i), err)
		case name == "none":
			none = true
		case !slices.Contains(names, name):
			names = append(names, name)
		}
	}
	if none && len(names) > 0 {
		l.refuse(e, e.source, settings.Errorf(ErrConflict, "none beside %s", phrase.Words(names, "and")).WithHint("keep one"))
		if e.source.Layer != LayerOTel {
			return false
		}
		names = []string{}
	}
	e.value = names
	return ok && (len(names) > 0 || none || e.source.Layer != LayerOTel)
}

// exporterName is the registered name of what was written.
func (l *loader) exporterName(e *entry, written string, at Source) (string, error) {
	lower := strings.ToLower(written)
	if lower == "none" {
		return lower, nil
	}
	if lower == "logging" && e.source.Layer == LayerOTel {
		lower = "console"
	}
	if name := l.table.exporters[lower]; name != "" {
		if name != lower && e.source.Layer != LayerOTel {
			l.warn(WarnAlias, e, at, "legacy name", "write "+name)
		}
		return name, nil
	}
	if name := l.unlinkedName(lower); name != "" {
		return "", settings.Errorf(ErrUnsupported, "exporter %s is not in this program", phrase.Quote(name)).
			WithHint("import " + registry.ImportPath(name) + " or exporters/all")
	}
	there := "there are " + strings.Join(l.table.names, ", ")
	if len(l.table.names) == 0 {
		there = "none is in this program, import github.com/spanroute/spanroute/exporters/all"
	}
	fault := settings.Errorf(ErrUnknownValue, "unknown exporter %s", phrase.Quote(written))
	if names, protocol := l.table.cutProtocol(lower); len(names) == 1 {
		return "", fault.WithHint("write exporter_type: " + names[0] + " with " + names[0] + ".protocol: " + protocol + " (" + there + ")")
	} else if len(names) > 1 {
		return "", fault.WithHint(protocol + " is a protocol of " + phrase.Words(names, "and") + "; write one of them, and protocol: " + protocol + " in its section (" + there + ")")
	}
	candidates := append([]string{"none"}, l.table.names...)
	if near, ok := phrase.Nearest(lower, candidates); ok {
		return "", fault.WithHint(didYouMean(near) + " (" + there + ")")
	}
	return "", fault.WithHint(there)
}

var (
	propagators      = []string{"tracecontext", "baggage", "none"}
	otherPropagators = []string{"b3", "b3multi", "jaeger", "xray", "ottrace"}
)

// refinePropagators keeps the names there are. none is alone, or wins in variables of OpenTelemetry.
func (l *loader) refinePropagators(e *entry) bool {
	names, ok, none := []string{}, true, false
	for i, written := range e.value.([]string) {
		name := strings.ToLower(written)
		var fault *settings.Fault
		switch {
		case slices.Contains(otherPropagators, name):
			fault = settings.Errorf(ErrUnsupported, "%s is not supported, want %s", phrase.Quote(written), phrase.Words(propagators, "or"))
		case !slices.Contains(propagators, name):
			fault = settings.Errorf(ErrUnknownValue, "%s is unknown, want %s", phrase.Quote(written), phrase.Words(propagators, "or")).
				WithHint(phrase.DidYouMean(name, propagators))
		case name == "none":
			none = true
		case !slices.Contains(names, name):
			names = append(names, name)
		}
		if fault != nil {
			l.refuse(e, e.item(i), fault)
			ok = ok && e.source.Layer == LayerOTel
		}
	}
	if none && len(names) > 0 && e.source.Layer != LayerOTel {
		l.refuse(e, e.source, settings.Errorf(ErrConflict, "none beside %s", phrase.Words(names, "and")).WithHint("keep one"))
		return false
	}
	if none {
		names = []string{}
	} else if len(names) == 0 && e.source.Layer == LayerOTel {
		l.warn(WarnIgnored, e, e.source, "no propagator of the list is available", "the variable is ignored (available: "+strings.Join(propagators, ", ")+")")
	}
	e.value = names
	return ok && (len(names) > 0 || none || e.source.Layer != LayerOTel)
}

// refinePatterns compiles each item, so that an error has the item's position.
func (l *loader) refinePatterns(e *entry, check func(string) (everything bool, err error)) bool {
	ok := true
	for i, item := range e.value.([]string) {
		everything, err := check(item)
		if err != nil {
			ok = false
			l.refuse(e, e.item(i), err)
			if errors.Is(err, ErrTooLarge) {
				break // the items that follow are refused for the same reason
			}
		} else if everything {
			l.warn(WarnSuspicious, e, e.item(i), phrase.Quote(item)+" excludes everything", "narrow it")
		} else if found, hint := policy.Doubt(item); found != "" && e.key.path != "excluded_urls" {
			l.warn(WarnSuspicious, e, e.item(i), found, hint)
		}
	}
	return ok
}

// refineAddress brings an address to its text and checks the family. Python writes packed integers.
func (l *loader) refineAddress(e *entry) bool {
	text := e.value.(string)
	addr, err := parseAddress(text, e.key.Format)
	if err != nil {
		l.refuse(e, e.source, err)
		return false
	}
	e.value = addr
	return true
}

func parseAddress(text, format string) (string, error) {
	if packed, ok := packedAddress(text); ok {
		size := map[string]int{"ipv4": 4, "ipv6": 16}[format]
		if packed.Sign() < 0 || packed.BitLen() > 8*size {
			return "", settings.Errorf(ErrOutOfRange, "%s is no packed %s address", phrase.Quote(text), familyName(format))
		}
		addr, _ := netip.AddrFromSlice(packed.FillBytes(make([]byte, size)))
		return addr.String(), nil
	}
	addr, err := netip.ParseAddr(text)
	switch {
	case err != nil || addr.Zone() != "":
		return "", settings.Errorf(ErrOutOfRange, "%s is no %s address", phrase.Quote(text), familyName(format))
	case addr.Is4() && format == "ipv6":
		return "", settings.Errorf(ErrOutOfRange, "%s is an IPv4 address", phrase.Quote(text)).WithHint("use local_node_ipv4")
	case !addr.Is4() && format == "ipv4":
		return "", settings.Errorf(ErrOutOfRange, "%s is an IPv6 address", phrase.Quote(text)).WithHint("use local_node_ipv6")
	}
	return addr.String(), nil
}

// packedAddress reads an address written as one number. No address has more digits; reading them costs their square.
func packedAddress(text string) (packed *big.Int, ok bool) {
	if len(text) > 1000 {
		return nil, false
	}
	return new(big.Int).SetString(text, 10)
}

func familyName(format string) string { return "IP" + strings.TrimPrefix(format, "ip") }
