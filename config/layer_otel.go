package config

import (
	"cmp"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spanroute/spanroute/internal/keytable"
	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/internal/schema"
	"github.com/spanroute/spanroute/registry/settings"
	"github.com/spanroute/spanroute/sampling"
	"github.com/spanroute/spanroute/sampling/jaegerremote"
)

// An otelLayer is the layer of OTEL_* variables, by "OpenTelemetry Environment Variable Specification", "OTLP
// Exporter" and "Resource SDK".
//
// A bad variable is a warning and counts as unset, because it can be meant for another program. Of a specific and a generic
// variable the first valid one counts. Some faults show only after the layers are merged, such as an endpoint that cannot
// be used: reject takes such an entry out and enters the next variable of its key.
type otelLayer struct {
	*layer
	intake   *intake
	from     map[*entry]int // position among the variables of the key
	inferred *entry         // the rate that a ratio sampler without argument gets
}

// otelLayer reads the layer. lower are the layers below. config names the way to name a file, for hints.
func (in *intake) otelLayer(lower []*layer, config string) *otelLayer {
	o := &otelLayer{layer: newLayer(LayerOTel), intake: in, from: map[*entry]int{}}
	for _, k := range in.table.Keys {
		if len(k.OTel) > 0 && k.OTel[0] != samplerArg {
			o.pick(k, 0)
		}
	}
	o.samplerArgument(lower)
	for _, name := range []string{"OTEL_CONFIG_FILE", "OTEL_EXPERIMENTAL_CONFIG_FILE"} {
		if o.variable(name) != "" {
			o.warnUnused(name, "has no effect: declarative configuration is not read", "set "+config+" to a file with the section tracing")
		}
	}
	for _, name := range []string{"OTEL_METRICS_EXPORTER", "OTEL_LOGS_EXPORTER"} {
		if text := o.variable(name); text != "" && !strings.EqualFold(text, "none") {
			o.warnUnused(name, "has no effect: spanroute exports traces only", "set it to none or remove it")
		}
	}
	in.applyLayerRules(o.layer)
	return o
}

// variable returns the value of a variable without surrounding space. By the specification an empty variable counts as
// unset.
func (o *otelLayer) variable(name string) string { return strings.TrimSpace(o.intake.env[name]) }

// warnUnused reports a variable that is set and has no effect.
func (o *otelLayer) warnUnused(name, message, hint string) {
	o.intake.report.add(Diagnostic{
		Kind: WarnIgnored, Severity: Warning, Origin: Origin{Layer: LayerOTel, Name: name}, Message: message, Hint: hint,
	})
}

// pick enters the first valid variable of k, from the given position on.
func (o *otelLayer) pick(k *keytable.Key, from int) {
	for i := from; i < len(k.OTel); i++ {
		text := o.variable(k.OTel[i])
		if text == "" {
			continue
		}
		e := newEntry(k, Origin{Layer: LayerOTel, Name: k.OTel[i]})
		if !utf8.ValidString(text) {
			o.refuse(e, settings.Errorf(ErrEncoding, "not valid UTF-8"))
			continue
		}
		if o.convert(e, text) && normalize(o.intake.table, o.intake.report, e) {
			o.add(e)
			o.from[e] = i
			return
		}
	}
}

// reject takes out an entry that turned out to be invalid after the merge, for the next variable of its key.
func (o *otelLayer) reject(e *entry) {
	o.remove(e)
	o.pick(e.key, o.from[e]+1)
}

func (o *otelLayer) refuse(e *entry, err error) { o.intake.report.refuse(e, e.origin, err) }

// convert reads a variable's text by OpenTelemetry's rules for the type of its key.
func (o *otelLayer) convert(e *entry, text string) bool {
	var err error
	switch e.key.Type {
	case settings.TypeBool:
		err = otelBool(e, text)
	case settings.TypeDuration:
		err = o.duration(e, text)
	case settings.TypeMap:
		return o.pairs(e, text)
	case settings.TypeList:
		items, _ := schema.SplitList(text)
		e.value = items
	default:
		e.value, err = otelText(e, text)
	}
	if err != nil {
		o.refuse(e, err)
	}
	return err == nil
}

// otelBool reads true and false in any case. By the specification every other text is false; here it counts as unset, as
// every other bad variable does, so that it never changes what a file sets. A variable such as OTEL_SDK_DISABLED has the
// opposite meaning of its key.
func otelBool(e *entry, text string) error {
	value, err := schema.ParseBool(text)
	e.value = value != strings.HasSuffix(e.origin.Name, "_DISABLED")
	return err
}

// duration reads whole milliseconds. For timeouts 0 means no limit.
func (o *otelLayer) duration(e *entry, text string) error {
	ms, err := schema.ParseInt(text)
	timeout := e.key.Format == "timeout" || e.key.Format == "bound"
	switch {
	case err != nil:
		return settings.Errorf(settings.KindOf(err), "%s is not a number of milliseconds", phrase.Quote(text))
	case ms < 0, ms == 0 && !timeout, int64(ms) > int64(1<<63-1)/int64(time.Millisecond):
		return settings.Errorf(ErrOutOfRange, "%d milliseconds are out of range", ms)
	case ms == 0:
		e.value, e.noLimit = time.Duration(-1), true
		return nil
	case ms <= 60 && e.key.Format == "timeout":
		o.intake.report.warn(WarnSuspicious, e, e.origin, fmt.Sprintf("%d is in milliseconds", ms), "OpenTelemetry's Python SDK reads seconds")
	}
	e.value = time.Duration(ms) * time.Millisecond
	return nil
}

// pairs reads headers and resource attributes. A bad pair drops itself among headers, and all attributes.
//
// OpenTelemetry requires attributes to be dropped as a whole; for headers it leaves the choice, and one bad pair should
// not turn off authentication.
func (o *otelLayer) pairs(e *entry, text string) bool {
	good, faults := schema.SplitPairs(text)
	for _, fault := range faults {
		o.refuse(e, fault)
	}
	e.value = good
	return len(good) > 0 && (len(faults) == 0 || e.key.Headers())
}

// otelText converts the text of a number or a name. Some values mean something else in OpenTelemetry than in other
// layers: a negative length is invalid there, and there are samplers that spanroute does not have.
func otelText(e *entry, text string) (any, error) {
	switch e.key.Format {
	case "length":
		if n, err := schema.ParseInt(text); err == nil && n < 0 {
			return nil, settings.Errorf(ErrOutOfRange, "%d is out of range, want 0 or more", n)
		}
	}
	return schema.FromText(e.key.Key, text)
}

// samplerArg is read after the other variables, because its meaning depends on the sampler.
const samplerArg = "OTEL_TRACES_SAMPLER_ARG"

// samplerArgument reads the argument of the sampler that the environment names.
func (o *otelLayer) samplerArgument(lower []*layer) {
	text := o.variable(samplerArg)
	named := o.byPath["sampling.sampler"]
	if named == nil {
		if text != "" {
			o.warnUnused(samplerArg, "has no effect: OTEL_TRACES_SAMPLER is not set, or not valid", "set it to parentbased_traceidratio")
		}
		return
	}
	switch sampler := named.value.(string); {
	case takesRatio(sampler):
		o.ratioArgument(lower, named, text)
	case sampling.IsRemote(sampler):
		o.remoteArgument(text)
	case text != "":
		o.warnUnused(samplerArg, "has no effect: the "+sampler+" sampler takes no argument", "remove it, or choose a traceidratio sampler")
	}
}

// remoteArgument enters the parameters of a jaeger_remote sampler.
func (o *otelLayer) remoteArgument(text string) {
	at := Origin{Layer: LayerOTel, Name: samplerArg}
	arg, err := jaegerremote.ParseArg(text)
	for _, fault := range settings.KeyErrors(err) {
		path := cmp.Or(remoteParameters[fault.Key], "sampling.sampler")
		o.refuse(newEntry(o.intake.table.Key(path), at), fault.Err)
	}
	enter := func(path string, value any) {
		e := newEntry(o.intake.table.Key(path), at)
		e.value = value
		o.add(e)
	}
	if arg.Endpoint != "" {
		enter(remoteEndpoint, arg.Endpoint)
	}
	if arg.Interval != 0 {
		enter("sampling.remote.interval", arg.Interval)
	}
	if arg.InitialRate != nil {
		enter("sampling.remote.initial_rate", *arg.InitialRate)
	}
}

// takesRatio reports whether a sampler keeps the share of traces that sample_rate gives.
func takesRatio(sampler string) bool {
	return sampler == sampling.TraceIDRatio || sampler == sampling.ParentBasedTraceIDRatio
}

// ratioArgument enters the argument of a ratio sampler. Without a valid one, and if no lower layer sets a rate, the rate is
// 1, as in OpenTelemetry.
func (o *otelLayer) ratioArgument(lower []*layer, named *entry, text string) {
	k := o.intake.table.Key("sample_rate")
	if text != "" {
		e := newEntry(k, Origin{Layer: LayerOTel, Name: samplerArg})
		value, err := schema.FromText(k.Key, text)
		if err == nil {
			e.value = value
			normalize(o.intake.table, o.intake.report, e)
			o.add(e)
			return
		}
		o.refuse(e, err)
	}
	for _, below := range lower {
		if below.byPath[k.Path] != nil {
			return
		}
	}
	o.inferred = newEntry(k, named.origin)
	o.inferred.value = 1.0
	o.add(o.inferred)
}
