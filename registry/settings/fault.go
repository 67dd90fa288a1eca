package settings

import (
	"errors"
	"fmt"
	"slices"
)

// Kind classifies a fault. It is itself an error, so that errors.Is(err, ErrUnknownKey) holds for every
// error that carries the kind.
type Kind string

// Error returns the kind's word, such as "unknown_key".
func (k Kind) Error() string { return string(k) }

// The kinds of faults (config.md section 11).
const (
	ErrUnknownKey   Kind = "unknown_key"   // no such key, variable or flag
	ErrWrongType    Kind = "wrong_type"    // a value of another type
	ErrOutOfRange   Kind = "out_of_range"  // right type, outside the range
	ErrUnknownValue Kind = "unknown_value" // not in the enumeration
	ErrConflict     Kind = "conflict"      // two settings exclude each other
	ErrSyntax       Kind = "syntax"        // YAML, ${...}
	ErrDuplicateKey Kind = "duplicate_key" // one key twice in a mapping
	ErrEncoding     Kind = "encoding"      // bytes that are no UTF-8 text
	ErrTooLarge     Kind = "too_large"     // a file, the text of its values, or its patterns
	ErrTooDeep      Kind = "too_deep"      // depth or node budget
	ErrFile         Kind = "file"          // cannot be read, or lacks what it should hold
	ErrURL          Kind = "url"           // not a usable endpoint or host
	ErrPattern      Kind = "pattern"       // regular expression or glob
	ErrHeader       Kind = "header"        // header name, value or pair
	ErrUnsupported  Kind = "unsupported"   // known, but not in this build
	ErrMissing      Kind = "missing"       // something needed is absent
	ErrInvalidValue Kind = "invalid_value" // refused by an exporter that names no other kind
)

// The kinds of what deserves a look though it is valid.
const (
	Inferred   Kind = "inferred"   // a value was completed
	Ignored    Kind = "ignored"    // valid and without effect
	Suspicious Kind = "suspicious" // legal, probably not meant
)

// Fault is one thing that is wrong with a value: what was found and what would do. It matches its
// Kind and, if it was made with %w, its cause. The text never holds the value of a secret key.
type Fault struct {
	Kind    Kind
	Message string // "70000 is out of range, want 1 to 65535"
	Hint    string // `did you mean "endpoint"?`; may be empty
	cause   error
}

// Errorf makes a fault; format is as for [fmt.Errorf].
func Errorf(kind Kind, format string, args ...any) *Fault {
	err := fmt.Errorf(format, args...)
	return &Fault{Kind: kind, Message: err.Error(), cause: errors.Unwrap(err)}
}

// WithHint sets the hint and returns f.
func (f *Fault) WithHint(hint string) *Fault {
	f.Hint = hint
	return f
}

// Error returns message and hint, separated by a comma.
func (f *Fault) Error() string {
	if f.Hint == "" {
		return f.Message
	}
	return f.Message + ", " + f.Hint
}

// Unwrap returns the kind and the cause.
func (f *Fault) Unwrap() []error {
	if f.cause == nil {
		return []error{f.Kind}
	}
	return []error{f.Kind, f.cause}
}

// KeyError says which key an error is about. Key is relative to the section that was decoded:
// "thrift.agent_port".
type KeyError struct {
	Key  string
	Err  error
	Item int // of a list or map, from 1; 0 for the value as a whole
}

// Error returns "key: fault".
func (e *KeyError) Error() string { return e.Key + ": " + e.Err.Error() }

// Unwrap returns the fault.
func (e *KeyError) Unwrap() error { return e.Err }

// Validator is implemented by settings that check more than types: ranges between keys, URLs, files.
// It joins a *KeyError per fault, so that all of them are reported at once.
type Validator interface{ Validate() error }

// KeyErrors takes err apart into the faults that were joined in it, in order. A fault without a key
// has the key "". Of nil it is nil. Text that was put around faults with keys is left out; an error that
// wraps several and has a text of its own stays whole.
func KeyErrors(err error) []*KeyError {
	var inner []*KeyError
	joined := false
	switch e := err.(type) { // the tree is taken apart here, node by node
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

// KindOf returns the kind err carries, [ErrInvalidValue] if it carries none.
func KindOf(err error) Kind {
	var k Kind
	if errors.As(err, &k) {
		return k
	}
	return ErrInvalidValue
}
