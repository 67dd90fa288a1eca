package jaegerremote

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/registry/settings"
)

// The names of the parameters in OTEL_TRACES_SAMPLER_ARG.
const (
	argEndpoint    = "endpoint"
	argInterval    = "pollingIntervalMs"
	argInitialRate = "initialSamplingRate"
)

// The bounds of the polling interval.
const (
	MinInterval = 100 * time.Millisecond
	MaxInterval = 24 * time.Hour
)

// Arg holds the parameters of OTEL_TRACES_SAMPLER_ARG for the samplers jaeger_remote and parentbased_jaeger_remote.
type Arg struct {
	Endpoint    string        // as written, after a check by ParseEndpoint; "" if not set
	Interval    time.Duration // 0 if not set
	InitialRate *float64      // nil if not set
}

// ParseArg parses the value of OTEL_TRACES_SAMPLER_ARG as the OpenTelemetry specification defines it for jaeger_remote:
//
//	endpoint=http://localhost:14250,pollingIntervalMs=5000,initialSamplingRate=0.25
//
// It returns all valid parameters, and a *[settings.KeyError] for each fault, joined with [errors.Join]. Its key is the
// name of a parameter, or "" if the parameter is unknown or not of the form name=value.
func ParseArg(text string) (Arg, error) {
	var arg Arg
	var faults []error
	seen := map[string]bool{}
	for item := range strings.SplitSeq(text, ",") {
		name, value, pair := strings.Cut(strings.TrimSpace(item), "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if name == "" && !pair {
			continue // an empty text or a trailing comma
		}
		var err error
		switch {
		case !pair:
			err = notAPair(name)
		case seen[name]:
			err = keyError(phrase.Name(name), settings.Errorf(settings.ErrDuplicateKey, "duplicate parameter").WithHint("remove one"))
		default:
			err = arg.set(name, value)
		}
		seen[name] = true
		faults = append(faults, err)
	}
	return arg, errors.Join(faults...)
}

func (a *Arg) set(name, value string) error {
	var err error
	switch name {
	case argEndpoint:
		if _, err = ParseEndpoint(value); err == nil {
			a.Endpoint = value
		}
	case argInterval:
		a.Interval, err = parseInterval(value)
	case argInitialRate:
		a.InitialRate, err = parseRate(value)
	default:
		names := []string{argEndpoint, argInterval, argInitialRate}
		hint := phrase.DidYouMean(name, names)
		if hint == "" {
			hint = "want " + strings.Join(names, ", ")
		}
		return keyError("", settings.Errorf(settings.ErrUnknownKey, "unknown parameter %s", phrase.Quote(phrase.Name(name))).WithHint(hint))
	}
	if err != nil {
		return keyError(name, err)
	}
	return nil
}

// notAPair returns the fault of an item without "=". A number alone is the argument of the ratio samplers.
func notAPair(item string) error {
	fault := settings.Errorf(settings.ErrSyntax, "%s is not of the form name=value", phrase.Quote(phrase.Name(item)))
	if rate, err := parseRate(item); err == nil {
		return keyError("", fault.WithHint("write "+argInitialRate+"="+strconv.FormatFloat(*rate, 'g', -1, 64)))
	}
	return keyError("", fault.WithHint("write endpoint=http://localhost:5778/sampling,pollingIntervalMs=60000,initialSamplingRate=0.001"))
}

func parseInterval(text string) (time.Duration, error) {
	ms, err := strconv.ParseInt(text, 10, 64)
	lowest, highest := MinInterval.Milliseconds(), MaxInterval.Milliseconds()
	switch {
	case errors.Is(err, strconv.ErrRange), err == nil && (ms < lowest || ms > highest):
		return 0, settings.Errorf(settings.ErrOutOfRange, "%s is out of range, want %d to %d", phrase.Quote(text), lowest, highest)
	case err != nil:
		return 0, settings.Errorf(settings.ErrWrongType, "%s is not a whole number of milliseconds", phrase.Quote(text)).WithHint("write 60000 for a minute")
	}
	return time.Duration(ms) * time.Millisecond, nil
}

func parseRate(text string) (*float64, error) {
	rate, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil && !errors.Is(err, strconv.ErrRange):
		return nil, settings.Errorf(settings.ErrWrongType, "%s is not a number", phrase.Quote(text)).WithHint("write a number from 0 to 1")
	case !(rate >= 0 && rate <= 1):
		return nil, settings.Errorf(settings.ErrOutOfRange, "%s is out of range, want 0 to 1", phrase.Quote(text))
	}
	return &rate, nil
}

func keyError(key string, err error) error { return &settings.KeyError{Key: key, Err: err} }
