package config

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/internal/schema"
	"github.com/spanroute/spanroute/registry/settings"
	"github.com/spanroute/spanroute/sampling"
)

// An otelLayer reads OpenTelemetry's variables: "OpenTelemetry Environment Variable Specification", "OTLP
// Exporter", "Resource SDK". A bad variable is a warning and counts as unset; of a specific and a generic one the
// first that is good counts.
type otelLayer struct {
	*layer
	from     map[*entry]int // position among the variables of the key
	inferred *entry         // the rate that a ratio sampler without argument gets
}

// otelLayer reads the layer. Those below have been read.
func (l *loader) otelLayer() *layer {
	o := &otelLayer{layer: newLayer(LayerOTel), from: map[*entry]int{}}
	l.otel = o
	for _, k := range l.table.keys {
		if len(k.OTel) > 0 && k.path != "sample_rate" {
			l.pick(o, k, 0)
		}
	}
	l.samplerArgument(o)
	for _, name := range []string{"OTEL_CONFIG_FILE", "OTEL_EXPERIMENTAL_CONFIG_FILE"} {
		if l.variable(name) != "" {
			l.stray(name, "has no effect: declarative configuration is not read", "name a file with the section tracing by "+l.configName())
		}
	}
	for _, name := range []string{"OTEL_METRICS_EXPORTER", "OTEL_LOGS_EXPORTER"} {
		if text := l.variable(name); text != "" && !strings.EqualFold(text, "none") {
			l.stray(name, "has no effect: this library exports traces only", "set it to none or remove it")
		}
	}
	l.finish(o.layer)
	return o.layer
}

func (l *loader) configName() string {
	if prefix := l.sources.prefix(); prefix != "" {
		return prefix + "CONFIG"
	}
	return "--config"
}

func (l *loader) variable(name string) string { return strings.TrimSpace(l.env[name]) }

func (l *loader) stray(name, message, hint string) {
	l.report.add(Diagnostic{
		Kind: WarnIgnored, Severity: Warning, Source: Source{Layer: LayerOTel, Name: name}, Message: message, Hint: hint,
	})
}

// pick enters the first good variable of k, from the given position on.
func (l *loader) pick(o *otelLayer, k *key, from int) {
	for i := from; i < len(k.OTel); i++ {
		text := l.variable(k.OTel[i])
		if text == "" {
			continue
		}
		at := Source{Layer: LayerOTel, Name: k.OTel[i]}
		e := &entry{key: k, written: k.path, source: at, at: at}
		if !utf8.ValidString(text) {
			l.refuse(e, at, settings.Errorf(ErrEncoding, "bytes that are no UTF-8"))
			continue
		}
		if l.otelValue(e, text) && l.refine(e) {
			o.byPath[k.path] = e
			o.entries = append(o.entries, e)
			o.from[e] = i
			return
		}
	}
}

// reject takes out an entry that turned out to be bad after the merge, for the next variable of its key.
func (l *loader) reject(e *entry) {
	o := l.otel
	delete(o.byPath, e.key.path)
	o.entries = slices.DeleteFunc(o.entries, func(other *entry) bool { return other == e })
	l.pick(o, e.key, o.from[e]+1)
}

// otelValue converts a variable's text as section 6.1 of the reference says.
func (l *loader) otelValue(e *entry, text string) bool {
	var err error
	switch e.key.Type {
	case settings.TypeBool:
		err = otelBool(e, text)
	case settings.TypeDuration:
		err = l.otelDuration(e, text)
	case settings.TypeMap:
		return l.otelPairs(e, text)
	case settings.TypeList:
		items, _ := schema.SplitList(text)
		e.value = items
	default:
		e.value, err = l.otelText(e, text)
	}
	if err != nil {
		l.refuse(e, e.source, err)
	}
	return err == nil
}

// otelBool reads true and false in any case. The specification takes everything else for false; here it counts as
// unset, as every other bad variable does, so that rubbish never changes what a file says.
func otelBool(e *entry, text string) error {
	value, err := schema.ParseBool(text)
	if e.key.path == "enabled" {
		value = !value // OTEL_SDK_DISABLED
	}
	e.value = value
	return err
}

// otelDuration reads whole milliseconds; 0 is no limit for timeouts.
func (l *loader) otelDuration(e *entry, text string) error {
	ms, err := schema.ParseInt(text)
	timeout := isTimeout(e.key) || e.key.path == "batch.export_timeout"
	switch {
	case err != nil:
		return settings.Errorf(settings.KindOf(err), "%s is not a number of milliseconds", phrase.Quote(text))
	case ms < 0, ms == 0 && !timeout, int64(ms) > int64(1<<63-1)/int64(time.Millisecond):
		return settings.Errorf(ErrOutOfRange, "%d milliseconds are out of range", ms)
	case ms == 0:
		e.value, e.noLimit = time.Duration(-1), true
		return nil
	case ms <= 60 && isTimeout(e.key):
		l.warn(WarnSuspicious, e, e.source, fmt.Sprintf("%d is milliseconds", ms), "OpenTelemetry's Python SDK reads seconds")
	}
	e.value = time.Duration(ms) * time.Millisecond
	return nil
}

// otelPairs reads headers and resource attributes. Of headers the good pairs stay, attributes go as a whole.
func (l *loader) otelPairs(e *entry, text string) bool {
	good, faults := schema.SplitPairs(text)
	for _, fault := range faults {
		l.refuse(e, e.source, fault)
	}
	e.value = good
	return len(good) > 0 && (len(faults) == 0 || isHeaders(e.key))
}

func (l *loader) otelText(e *entry, text string) (any, error) {
	switch e.key.path {
	case "sampling.sampler":
		if name := strings.ToLower(text); name == "jaeger_remote" || name == "parentbased_jaeger_remote" {
			return nil, settings.Errorf(ErrUnsupported, "%s is not in this build", phrase.Quote(text))
		}
	case "max_tag_value_length":
		if n, err := schema.ParseInt(text); err == nil && n < 0 {
			return nil, settings.Errorf(ErrOutOfRange, "%d is out of range, want 0 or more", n)
		}
	}
	return schema.FromText(e.key.Key, text)
}

const samplerArg = "OTEL_TRACES_SAMPLER_ARG"

// samplerArgument reads the argument of the sampler that the environment names.
func (l *loader) samplerArgument(o *otelLayer) {
	text := l.variable(samplerArg)
	named := o.byPath["sampling.sampler"]
	if named == nil {
		if text != "" {
			l.stray(samplerArg, "has no effect: OTEL_TRACES_SAMPLER is not set, or not valid", "set it to parentbased_traceidratio")
		}
		return
	}
	switch named.value.(string) {
	case sampling.TraceIDRatio, sampling.ParentBasedTraceIDRatio:
		l.ratioArgument(o, named, text)
	default:
		if text != "" {
			l.stray(samplerArg, "has no effect: "+named.value.(string)+" takes no argument", "remove it, or choose a traceidratio sampler")
		}
	}
}

func (l *loader) ratioArgument(o *otelLayer, named *entry, text string) {
	k := l.table.byPath["sample_rate"]
	if text != "" {
		at := Source{Layer: LayerOTel, Name: samplerArg}
		e := &entry{key: k, written: k.path, source: at, at: at}
		value, err := schema.FromText(k.Key, text)
		if err == nil {
			e.value = value
			l.refine(e)
			o.byPath[k.path] = e
			o.entries = append(o.entries, e)
			return
		}
		l.refuse(e, at, err)
	}
	for _, lower := range l.inputs {
		if lower.layer != nil && lower.layer.byPath[k.path] != nil {
			return
		}
	}
	o.inferred = &entry{key: k, written: k.path, source: named.source, at: named.source, value: 1.0}
	o.byPath[k.path] = o.inferred
	o.entries = append(o.entries, o.inferred)
}
