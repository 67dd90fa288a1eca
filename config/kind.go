package config

import "github.com/spanroute/spanroute/registry/settings"

// A Kind classifies a [Diagnostic]. It is an error itself, so errors.Is(err, config.ErrUnknownKey) holds for what
// [Load] returns.
type Kind = settings.Kind

// The kinds of errors. A warning about an OTEL_* variable or an unset ${VAR} has one of them too.
const (
	ErrUnknownKey   = settings.ErrUnknownKey   // no such key, variable, flag
	ErrWrongType    = settings.ErrWrongType    // value of another type
	ErrOutOfRange   = settings.ErrOutOfRange   // right type, outside the range
	ErrUnknownValue = settings.ErrUnknownValue // not in the enumeration
	ErrConflict     = settings.ErrConflict     // two settings exclude each other
	ErrSyntax       = settings.ErrSyntax       // YAML, ${...}
	ErrDuplicateKey = settings.ErrDuplicateKey // one key twice in a mapping
	ErrEncoding     = settings.ErrEncoding     // not valid UTF-8
	ErrTooLarge     = settings.ErrTooLarge     // a file, the text of its values, or its patterns
	ErrTooDeep      = settings.ErrTooDeep      // depth or node budget
	ErrFile         = settings.ErrFile         // cannot be read, or lacks what it should hold
	ErrURL          = settings.ErrURL          // not a usable endpoint or host
	ErrPattern      = settings.ErrPattern      // regular expression or glob
	ErrHeader       = settings.ErrHeader       // header name, value or pair
	ErrUnsupported  = settings.ErrUnsupported  // known, but not in this build
	ErrMissing      = settings.ErrMissing      // something needed is absent
	ErrInvalidValue = settings.ErrInvalidValue // refused by an exporter that names no other kind
)

// The kinds that only warnings have.
const (
	WarnAlias        Kind = "alias"             // legacy key or name, a second section root
	WarnCoerced      Kind = "coerced"           // quoted number or bool, yes, whole float
	WarnIgnored           = settings.Ignored    // valid and without effect
	WarnInferred          = settings.Inferred   // spanroute completed the value
	WarnHidden       Kind = "hidden"            // a higher layer overrides an OTEL_* variable
	WarnSuspicious        = settings.Suspicious // legal, probably not meant
	WarnNoTraces     Kind = "no_traces"         // an exporter, but nothing is sampled
	WarnNeedsRestart Kind = "needs_restart"     // a reload changed keys that are read at start
)

// A Severity is that of a [Diagnostic]. An Error keeps [Load] from returning a Config.
type Severity int

// The severities.
const (
	Error Severity = iota
	Warning
)

// String returns "error" or "warning".
func (s Severity) String() string {
	if s == Warning {
		return "warning"
	}
	return "error"
}
