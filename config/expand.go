package config

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/internal/secret"
	"github.com/spanroute/spanroute/registry/settings"
)

// expand returns the text of a scalar with its variables put in, and whether it is quoted. at gets the variable's
// name. It is false for null, also what becomes null because a variable is unset, and for bad syntax.
func (p *fileParser) expand(e *entry, n *yaml.Node, at *Source) (text string, quoted, ok bool) {
	if isNull(n) {
		return "", false, false
	}
	quoted = n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0 ||
		n.Style&yaml.TaggedStyle != 0 && n.ShortTag() == "!!str"
	if p.textBytes > maxTextBytes {
		p.found = true
		return "", false, false // the first value over the bound is reported
	}
	x := expansion{env: p.env, bytes: p.textBytes}
	text, err := x.expand(n.Value)
	p.textBytes = x.bytes
	p.secrets = append(p.secrets, x.secrets...)
	if err != nil {
		p.found = true
		if e.key.Secret && settings.KindOf(err) == ErrSyntax {
			err = settings.Errorf(ErrSyntax, "the value has a ${ that begins no variable").WithHint("write $${ for a literal ${")
		}
		p.refuse(e, *at, err)
		return "", false, false
	}
	at.Via = x.via
	for _, name := range x.unset {
		if (e.key.Secret || strings.Contains(n.Value, "@")) && name != strings.ToUpper(name) { // a part of a password
			p.warn(ErrMissing, e, *at, "a variable of the value is unset or empty", "write $${ for a literal ${")
			continue
		}
		p.warn(ErrMissing, e, *at, "$"+name+" is unset or empty", "write ${"+name+":-default}")
	}
	if !quoted && nullText(text) {
		p.found = true
		return "", false, false
	}
	return text, quoted, true
}

// An expansion puts variables into one scalar, as OpenTelemetry's "Environment variable substitution" says, except
// that $$ is kept unless { follows: passwords contain it.
type expansion struct {
	env     map[string]string
	via     string   // the first variable that gave something, preferably one with the name of a secret
	unset   []string // variables without value and default
	secrets []string // what variables with the name of a secret gave
	bytes   int      // length of the text of this value and those before it in the file
}

// write appends a part of the value, unless the file's text becomes too long: ${X}${X} takes eight bytes of the file
// and twice the memory of X.
func (x *expansion) write(b *strings.Builder, part string) error {
	if x.bytes += len(part); x.bytes > maxTextBytes {
		return settings.Errorf(ErrTooLarge, "the values up to here have %d bytes with their variables, want at most %d", x.bytes, maxTextBytes).
			WithHint("shorten the variables, or use fewer of them")
	}
	b.WriteString(part)
	return nil
}

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
			return "", settings.Errorf(ErrSyntax, "${ without }").WithHint("write $${ for a literal ${")
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

func (x *expansion) variable(inner string) (string, error) {
	name, fallback, hasDefault := strings.Cut(inner, ":-")
	name = strings.TrimPrefix(name, "env:")
	if !variableName(name) {
		return "", settings.Errorf(ErrSyntax, "${%s} is no variable", phrase.Name(name)).
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
		x.secrets = append(x.secrets, value)
	}
	return value, nil
}

func variableName(name string) bool {
	for i, r := range name {
		letter := r == '_' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != ""
}
