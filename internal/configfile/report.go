package configfile

import (
	"errors"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/spanroute/spanroute/internal/keytable"
	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/internal/secret"
	"github.com/spanroute/spanroute/registry/settings"
)

// A Place is a position in a file.
type Place struct {
	Line, Column int    // from 1, the column in runes
	Width        int    // runes to underline
	Via          string // the variable that ${VAR} took the value from, without dollar
	Text         *Text  // the lines of the file
}

// A Problem is a mistake in a file, or something that is probably one.
type Problem struct {
	Kind          settings.Kind
	Warning       bool
	Key           string // as written: "api_server.tracing.zipkin.url"
	Path          string // of the key in the table; "" if the problem is not about a value of one
	At            Place
	Message, Hint string
	Related       []Place // the other end of a conflict, a duplicate, an alias
}

// An Entry is one key that a file sets.
type Entry struct {
	Key     *keytable.Key
	Alias   bool    // the file uses an alias of the key
	Value   any     // of the Go type of Key
	Written string  // the key as written
	Name    Place   // of the key
	At      Place   // of the value
	Items   []Place // of the items or pairs of the value
	Related []Place // aliases on the way to the value
}

// A report passes the problems of one file on.
type report struct {
	text    *Text
	emit    func(Problem)
	errors  int      // that were emitted
	secrets []string // what variables with the name of a secret gave to values
	touched bool     // the file sets something, or tries to
}

// at returns the place of a node.
func (r *report) at(n *yaml.Node) Place { return r.place(n.Line, n.Column, nodeWidth(n)) }

func (r *report) place(line, column, width int) Place {
	return Place{Line: line, Column: column, Width: width, Text: r.text}
}

func (r *report) add(p Problem) {
	if !p.Warning {
		r.errors++
	}
	r.emit(p)
}

// wrong reports an error, as one that keeps the file from having no effect.
func (r *report) wrong(kind settings.Kind, at Place, key, message, hint string) {
	r.touched = true
	r.add(Problem{Kind: kind, At: at, Key: key, Message: message, Hint: hint})
}

// reject reports a reason not to use the file at all.
func (r *report) reject(f *fileFault) {
	p := Problem{Kind: f.Kind, At: r.place(f.line, f.column, f.width), Message: f.Message, Hint: f.Hint}
	for _, n := range f.related {
		p.Related = append(p.Related, r.at(n))
	}
	r.add(p)
}

// wrongTag reports a tag that the section does not take.
func (r *report) wrongTag(n *yaml.Node, key string, fault *settings.Fault) {
	r.wrong(fault.Kind, r.at(n), key, fault.Message, fault.Hint)
}

// refuse reports the faults of an entry.
func (r *report) refuse(e *Entry, at Place, err error) {
	r.touched = true
	for _, each := range settings.KeyErrors(err) {
		p := Problem{Kind: settings.KindOf(each.Err), Key: e.Written, Path: e.Key.Path, At: at, Message: each.Err.Error(), Related: e.Related}
		if f := (*settings.Fault)(nil); errors.As(each.Err, &f) {
			p.Kind, p.Message, p.Hint = f.Kind, f.Message, f.Hint
		}
		r.add(r.redact(e, p))
	}
}

// warn reports a warning about an entry.
func (r *report) warn(kind settings.Kind, e *Entry, at Place, message, hint string) {
	r.add(r.redact(e, Problem{Kind: kind, Warning: true, Key: e.Written, Path: e.Key.Path, At: at, Message: message, Hint: hint, Related: e.Related}))
}

// redact masks the values of secret-looking variables in a problem, and what a secret key shows that cannot be a name.
func (r *report) redact(e *Entry, p Problem) Problem {
	values := r.secrets
	if e.Key.Secret {
		p.Message = CutQuoted(p.Message)
		if value, _ := e.Value.(string); len(value) > 3 {
			values = append(values[:len(values):len(values)], value)
		}
	}
	p.Message, p.Hint = secret.Redact(p.Message, values...), secret.Redact(p.Hint, values...)
	return p
}

// CutQuoted cuts each quoted text of a message after the part that can be a name.
func CutQuoted(message string) string {
	parts := strings.Split(message, `"`)
	for i := 1; i < len(parts)-1; i += 2 {
		parts[i] = phrase.Name(parts[i])
	}
	return strings.Join(parts, `"`)
}
