package configfile

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/internal/secret"
	"github.com/spanroute/spanroute/registry/settings"
)

// An expander puts variables into the scalars of one file.
//
// The text that variables add counts against one bound for the whole file. An unset variable is a warning: the value
// counts as null, so that the key keeps the value of a lower layer.
type expander struct {
	report *report
	env    map[string]string
	secret func(value string)
	bytes  int // length of all values so far, see maxTextBytes
}

// expand returns the text of a scalar with its variables put in, and whether it is quoted. It sets at.Via to the
// variable's name. ok is false for null, also because a variable is unset,
// and for invalid syntax.
func (x *expander) expand(e *Entry, n *yaml.Node, at *Place) (text string, quoted, ok bool) {
	if isNull(n) {
		return "", false, false
	}
	quoted = isQuoted(n) || n.Style&yaml.TaggedStyle != 0 && n.ShortTag() == "!!str"
	if x.bytes > maxTextBytes {
		x.report.touched = true
		return "", false, false // the first value over the bound is reported
	}
	values := expansion{env: x.env, secret: x.secret, bytes: x.bytes}
	text, err := values.expand(n.Value)
	x.bytes = values.bytes
	if err != nil {
		if e.Key.Secret && settings.KindOf(err) == settings.ErrSyntax {
			err = settings.Errorf(settings.ErrSyntax, "the value contains ${ without the name of a variable").WithHint("write $${ for a literal ${")
		}
		x.report.refuse(e, *at, err)
		return "", false, false
	}
	at.Via = values.via
	for _, name := range values.unset {
		x.unset(e, n, *at, name)
	}
	if !quoted && nullText(text) {
		x.report.touched = true
		return "", false, false
	}
	return text, quoted, true
}

// unset warns about a variable without a value. It does not name one that can be a part of a password. In a password
// such as "pa${ss}word" the braces are not meant as a variable, and ss is a part of it. Variables are written in
// capitals, which is the only sign that distinguishes the two.
func (x *expander) unset(e *Entry, n *yaml.Node, at Place, name string) {
	message, hint := "$"+name+" is unset or empty", "write ${"+name+":-default}"
	if (e.Key.Secret || strings.Contains(n.Value, "@")) && name != strings.ToUpper(name) {
		message, hint = "a variable of the value is unset or empty", "write $${ for a literal ${"
	}
	x.report.warn(settings.ErrMissing, e, at, message, hint)
}

// An expansion puts variables into one scalar by OpenTelemetry's "Environment variable substitution", except that it keeps
// $$ unless { follows, because passwords contain it.
//
// The name of the variable goes into the origin of the value, so that a user who looks for a wrong value finds it. If
// several variables contribute, one with the name of a secret is preferred: its name decides whether the value is
// masked.
type expansion struct {
	env    map[string]string
	via    string       // the first variable with a value, preferably one with the name of a secret
	unset  []string     // variables without value and default
	secret func(string) // receives values of variables with the name of a secret
	bytes  int          // length of the text of this value and those before it in the file
}

// write appends a part of the value, unless the file's text becomes too long: ${X}${X} takes eight bytes of the file
// and twice the memory of X.
func (x *expansion) write(b *strings.Builder, part string) error {
	if x.bytes += len(part); x.bytes > maxTextBytes {
		return settings.Errorf(settings.ErrTooLarge, "the values up to here have %d bytes with their variables, want at most %d", x.bytes, maxTextBytes).
			WithHint("shorten the variables, or use fewer of them")
	}
	b.WriteString(part)
	return nil
}

// expand replaces each ${NAME} and ${NAME:-default}. $${ is a literal ${. The result is not expanded again, so that the
// value of a variable cannot refer to another one.
func (x *expansion) expand(text string) (string, error) {
	var b strings.Builder
	for {
		i := strings.Index(text, "${")
		if i < 0 {
			err := x.write(&b, text)
			return b.String(), err
		}
		if i > 0 && text[i-1] == '$' {
			if err := x.write(&b, text[:i-1]+"${"); err != nil {
				return "", err
			}
			text = text[i+2:]
			continue
		}
		inner, rest, closed := strings.Cut(text[i+2:], "}")
		if !closed {
			return "", settings.Errorf(settings.ErrSyntax, "${ without }").WithHint("write $${ for a literal ${")
		}
		value, err := x.variable(inner)
		if err != nil {
			return "", err
		}
		if err := x.write(&b, text[:i]+value); err != nil {
			return "", err
		}
		text = rest
	}
}

// variable returns the value of the variable between ${ and }, or its default. An empty variable counts as unset, as in
// OpenTelemetry. The prefix env: is that of the declarative configuration of OpenTelemetry, which allows both forms.
func (x *expansion) variable(inner string) (string, error) {
	name, fallback, hasDefault := strings.Cut(inner, ":-")
	name = strings.TrimPrefix(name, "env:")
	if !variableName(name) {
		return "", settings.Errorf(settings.ErrSyntax, "${%s} is not a variable", phrase.Name(name)).
			WithHint("want ${NAME} or ${NAME:-default}; write $${ for a literal ${")
	}
	value := x.env[name]
	switch {
	case value == "" && hasDefault:
		value = fallback
	case value == "":
		x.unset = append(x.unset, name)
	case x.via == "" || secret.Name(name) && !secret.Name(x.via):
		x.via = name
	}
	if secret.Name(name) && len(value) > 3 {
		x.secret(value)
	}
	return value, nil
}

// variableName reports whether name can be that of an environment variable.
func variableName(name string) bool {
	for i, r := range name {
		letter := r == '_' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != ""
}
