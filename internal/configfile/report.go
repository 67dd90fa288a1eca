package configfile

import (
	"go.yaml.in/yaml/v3"

	"github.com/spanroute/spanroute/internal/keytable"
	"github.com/spanroute/spanroute/registry/settings"
)

// A Place is a position in a file. It refers to the lines of the file, so that an excerpt can be printed after the file
// has changed.
type Place struct {
	Line, Column int    // from 1, the column in runes
	Width        int    // runes to underline
	Via          string // the variable that ${VAR} took the value from, without dollar
	Text         *Text  // the lines of the file
}

// A Problem is a mistake in a file, or something that is probably one.
//
// A problem of an entry holds the faults that the conversion returned; package config adds the sources of
// the key. A problem that is not about an entry, such as an unknown key or a syntax error, has its own kind and text.
type Problem struct {
	Entry *Entry // whose value it is about, nil for problems of another kind
	Err   error  // the faults of Entry; if it is set, Kind, Message and Hint are not

	Kind          settings.Kind
	Warning       bool
	Key           string // as written: "api_server.tracing.zipkin.url"; "" if Entry is set
	At            Place
	Message, Hint string
	Related       []Place // the other end of a duplicate
}

// An Entry is one key that a file sets.
//
// Name and At differ, because a warning about a deprecated name points to the key and an error about the value to the
// value. Items are there for lists and free-form maps, so that one bad pattern of twenty is found.
type Entry struct {
	Key     *keytable.Key
	Alias   bool               // the file uses an alias of the key
	Value   any                // of the Go type of Key
	Written string             // the key as written
	Name    Place              // of the key
	At      Place              // of the value
	Items   []Place            // of the items or pairs of the value
	Names   []map[string]Place // of the keys of each item of a list of objects, by name
	Related []Place            // aliases on the way to the value
}

// A report passes the problems of one file on.
//
// touched is true for a file that tries to set something, whose problems are reported already. A file without effect gets a
// problem of its own.
type report struct {
	text    *Text
	emit    func(Problem)
	errors  int  // that were emitted
	touched bool // the file sets something, or tries to
}

// at returns the place of a node.
func (r *report) at(n *yaml.Node) Place { return r.place(n.Line, n.Column, nodeWidth(n)) }

// place returns a position in the file that is read.
func (r *report) place(line, column, width int) Place {
	return Place{Line: line, Column: column, Width: width, Text: r.text}
}

// add passes a problem on. Problems come in the order of the file, so that those beyond a limit need not be kept.
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
	r.add(Problem{Entry: e, At: at, Err: err})
}

// warn reports a warning about an entry.
func (r *report) warn(kind settings.Kind, e *Entry, at Place, message, hint string) {
	r.add(Problem{Entry: e, Kind: kind, Warning: true, At: at, Message: message, Hint: hint})
}
