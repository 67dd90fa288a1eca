package settings

import (
	"errors"
	"fmt"
	"slices"
)

// Kind classifies a fault or a notice. It is an error itself, so errors.Is(err, ErrUnknownKey) reports whether err is of
// that kind.
type Kind string

// Error returns the name of the kind, such as "unknown_key".
func (k Kind) Error() string { return string(k) }

// The kinds of faults.
const (
	ErrUnknownKey   Kind = "unknown_key"   // a key, variable or flag that does not exist
	ErrWrongType    Kind = "wrong_type"    // a value of another type
	ErrOutOfRange   Kind = "out_of_range"  // right type, outside the range
	ErrUnknownValue Kind = "unknown_value" // not in the enumeration
	ErrConflict     Kind = "conflict"      // two settings exclude each other
	ErrSyntax       Kind = "syntax"        // YAML, ${...}
	ErrDuplicateKey Kind = "duplicate_key" // one key twice in a mapping
	ErrEncoding     Kind = "encoding"      // bytes that are not valid UTF-8
	ErrTooLarge     Kind = "too_large"     // a file, the text of its values, or its patterns
	ErrTooDeep      Kind = "too_deep"      // depth or node budget
	ErrFile         Kind = "file"          // cannot be read, or does not have the expected content
	ErrURL          Kind = "url"           // not a usable endpoint or host
	ErrPattern      Kind = "pattern"       // regular expression or glob
	ErrHeader       Kind = "header"        // header name, value or pair
	ErrUnsupported  Kind = "unsupported"   // known, but not in this build
	ErrMissing      Kind = "missing"       // a required setting is not set
	ErrInvalidValue Kind = "invalid_value" // refused by an exporter without another kind
)

// The kinds of notices about valid settings.
const (
	Inferred   Kind = "inferred"   // a value was completed
	Ignored    Kind = "ignored"    // valid, but without effect
	Suspicious Kind = "suspicious" // valid, but probably not intended
)

// Fault is an error in a value: what was found and what to do. It matches its Kind and, if its format has %w, its
// cause. Its text must not contain the value of a secret key.
type Fault struct {
	Kind    Kind
	Message string // "70000 is out of range, want 1 to 65535"
	Hint    string // `did you mean "endpoint"?`; may be empty
	cause   error
}

// Errorf returns a fault of kind with the text of [fmt.Errorf].
func Errorf(kind Kind, format string, args ...any) *Fault {
	err := fmt.Errorf(format, args...)
	return &Fault{Kind: kind, Message: err.Error(), cause: errors.Unwrap(err)}
}

// WithHint sets the hint and returns f.
func (f *Fault) WithHint(hint string) *Fault {
	f.Hint = hint
	return f
}

// Error returns message and hint, separated by a semicolon.
func (f *Fault) Error() string {
	if f.Hint == "" {
		return f.Message
	}
	return f.Message + "; " + f.Hint
}

// Unwrap returns the kind and the cause.
func (f *Fault) Unwrap() []error {
	if f.cause == nil {
		return []error{f.Kind}
	}
	return []error{f.Kind, f.cause}
}

// KeyError is an error in the value of a key.
type KeyError struct {
	Key  string // relative to the section that was decoded: "thrift.agent_port"
	Err  error
	Item int // position in a list or map, from 1; 0 for the value as a whole
}

// Error returns "key: fault".
func (e *KeyError) Error() string { return e.Key + ": " + e.Err.Error() }

// Unwrap returns Err.
func (e *KeyError) Unwrap() error { return e.Err }

// Validator is implemented by settings (S or *S) that check more than the types and ranges of single keys. Validate has
// no effects and is called after all keys are decoded. It returns a *[KeyError] for each fault, joined with
// [errors.Join], so that all of them are reported at once.
type Validator interface{ Validate() error }

// KeyErrors returns the faults that are joined in err, in order, and nil for nil. A fault without a key gets the key "".
// The text of an error that wraps faults with keys is dropped. An error that wraps several others and has a text of its
// own is not split.
func KeyErrors(err error) []*KeyError {
	var inner []*KeyError
	joined := false
	switch e := err.(type) { // one node of the tree at a time
	case nil:
		return nil
	case *KeyError:
		return []*KeyError{e}
	case *Fault:
		return []*KeyError{{Err: e}}
	case interface{ Unwrap() []error }:
		for _, each := range e.Unwrap() {
			inner = append(inner, KeyErrors(each)...)
		}
		joined = len(inner) > 0 && err.Error() == errors.Join(e.Unwrap()...).Error()
	case interface{ Unwrap() error }:
		inner = KeyErrors(e.Unwrap())
	}
	if joined || slices.ContainsFunc(inner, (*KeyError).hasKey) {
		return inner
	}
	return []*KeyError{{Err: err}}
}

func (e *KeyError) hasKey() bool { return e.Key != "" }

// KindOf returns the kind of err, [ErrInvalidValue] if it does not have one.
func KindOf(err error) Kind {
	var k Kind
	if errors.As(err, &k) {
		return k
	}
	return ErrInvalidValue
}
