package schema

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/registry/settings"
)

var (
	// The names of keys are restricted to what EnvName and FlagName map to a valid variable and flag.
	nameSyntax = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	pathSyntax = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$`)
	tagSyntax  = regexp.MustCompile(`^( *[^ ":\x00-\x1f\x7f]+:"([^"\\]|\\.)*")* *$`) // the syntax that package reflect reads
	envSyntax  = regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`)
)

// formats maps the values of the tag format to the type of key that they are for. A format does not change how a value
// is converted. It distinguishes keys of one Go type: package config and the exporters select checks by it, and
// registrytest the values that it tries.
var formats = map[string]settings.Type{
	"pem": settings.TypeString, "ipv4": settings.TypeString, "ipv6": settings.TypeString, "headers": settings.TypeMap, "metadata": settings.TypeMap,
	"url": settings.TypeString, "endpoint": settings.TypeString, "host": settings.TypeString,

	// of common keys
	"exporters": settings.TypeList, "propagators": settings.TypeList, "query_keys": settings.TypeList, "networks": settings.TypeList,
	"url_patterns": settings.TypeList, "path_globs": settings.TypeList, "rpc_globs": settings.TypeList,
	"attributes": settings.TypeMap, "rate": settings.TypeFloat, "length": settings.TypeInt, "sampler": settings.TypeString, "fsync": settings.TypeString, "sampling_endpoint": settings.TypeString,
	"timeout": settings.TypeDuration, "bound": settings.TypeDuration, "rules": settings.TypeObjects,
}

// Of returns the schema of S, which must be a struct. defaults is called for each use, but not by Of; nil means the zero
// value. The error is ErrInvalid, with all reasons joined, if a field has no koanf tag, two fields have the same key, or
// a type cannot be decoded.
func Of[S any](defaults func() S) (*Schema, error) {
	if defaults == nil {
		return ofType(reflect.TypeFor[S](), func() any { var zero S; return zero })
	}
	return ofType(reflect.TypeFor[S](), func() any { return defaults() })
}

func ofType(t reflect.Type, defaults func() any) (*Schema, error) {
	s := &Schema{of: t, defaults: defaults, byPath: map[string]int{}, sections: map[string]bool{}}
	if s.of.Kind() != reflect.Struct {
		return nil, fmt.Errorf("%w: %s is not a struct", ErrInvalid, s.of)
	}
	b := builder{Schema: s}
	b.walk(s.of, "", nil)
	b.index()
	if len(b.faults) > 0 {
		return nil, errors.Join(b.faults...)
	}
	return s, nil
}

// A builder is the state of one call of Of. Like a decoder it collects all faults: the author of an exporter sees every
// invalid tag in one run of the tests.
type builder struct {
	*Schema
	faults []error
}

// refuse records a fault that is an ErrInvalid.
func (b *builder) refuse(format string, args ...any) {
	b.faults = append(b.faults, fmt.Errorf("%w: "+format, append([]any{ErrInvalid}, args...)...))
}

// walk adds the fields of t. A field without a koanf tag is a fault unless it is unexported, embedded or excluded with
// "-": a forgotten tag would otherwise be a setting that nothing can set. The syntax of the whole tag is checked,
// because reflect.StructTag.Get silently returns "" after a syntax error.
func (b *builder) walk(t reflect.Type, prefix string, index []int) {
	for i := range t.NumField() {
		f := t.Field(i)
		tag, tagged := f.Tag.Lookup("koanf")
		switch {
		case f.Anonymous && !tagged && f.Type.Kind() == reflect.Struct:
			b.group(f, prefix, append(slices.Clone(index), i))
		case tag == "-", !f.IsExported() && !tagged:
			continue
		case !tagSyntax.MatchString(string(f.Tag)):
			b.refuse("%s: the tag `%s` is not a list of name:\"value\"", f.Name, f.Tag)
		case !tagged:
			b.refuse("%s has no koanf tag", f.Name)
		case !f.IsExported():
			b.refuse("%s has a koanf tag and is not exported", f.Name)
		case strings.HasPrefix(tag, "/") && nameSyntax.MatchString(tag[1:]):
			b.field(f, tag[1:], append(slices.Clone(index), i))
		case !nameSyntax.MatchString(tag):
			b.refuse("%s: koanf tag %s is not of the form [a-z][a-z0-9_]*", f.Name, phrase.Quote(tag))
		default:
			b.field(f, prefix+tag, append(slices.Clone(index), i))
		}
	}
}

// field adds a key, or the keys of a section.
func (b *builder) field(f reflect.StructField, path string, index []int) {
	t, ok := typeOf(f.Type)
	switch {
	case ok:
		b.fields = append(b.fields, field{key: b.key(f, path, t), index: index, item: b.item(f, t)})
	case f.Type.Kind() == reflect.Struct:
		if b.sections[path] {
			b.refuse("%s: two sections are called %s", f.Name, path)
		}
		b.sections[path] = true
		b.group(f, path+".", index)
	default:
		b.refuse("%s: %s cannot be decoded", f.Name, f.Type)
	}
}

// item returns the schema of the objects of a list, and nil for another type.
func (b *builder) item(f reflect.StructField, t settings.Type) *Schema {
	if t != settings.TypeObjects {
		return nil
	}
	of := f.Type.Elem()
	s, err := ofType(of, func() any { return reflect.Zero(of).Interface() })
	if err != nil {
		b.faults = append(b.faults, err)
	}
	return s
}

// group adds the keys of a struct: a section, or an embedded struct, whose keys belong to the section around it.
func (b *builder) group(f reflect.StructField, prefix string, index []int) {
	before := len(b.fields) + len(b.faults)
	b.walk(f.Type, prefix, index)
	if before == len(b.fields)+len(b.faults) {
		b.refuse("%s: %s cannot be decoded", f.Name, f.Type)
	}
}

// key reads the tags of one field. A tag on a type that cannot have it is a fault rather than without effect.
func (b *builder) key(f reflect.StructField, path string, t settings.Type) settings.Key {
	k := settings.Key{Path: path, Type: t, Doc: f.Tag.Get("doc"), Format: f.Tag.Get("format"), Range: rangeOf(f)}
	k.Aliases = b.list(f, "alias", pathSyntax)
	k.With, k.Overrides = f.Tag.Get("with"), f.Tag.Get("overrides")
	if section := path[:strings.LastIndexByte(path, '.')+1]; k.With != "" {
		k.With = section + k.With
	}
	for _, name := range b.list(f, "otel", envSyntax) {
		k.OTel = append(k.OTel, "OTEL_"+strings.TrimPrefix(name, "OTEL_"))
	}
	k.Secret, k.Hot = b.flag(f, "secret"), b.flag(f, "hot")
	k.Enum, k.Spellings = enumeration(f.Tag.Get("enum"))
	if k.Enum != nil && t != settings.TypeString && t != settings.TypeList {
		b.refuse("%s: enum tag on a %s", f.Name, t)
	}
	if k.Range != "" && t != settings.TypeInt && t != settings.TypeFloat && t != settings.TypeDuration {
		b.refuse("%s: range tag on a %s", f.Name, t)
	} else if _, err := boundsOf(k); err != nil {
		b.refuse("%s: %s", f.Name, err)
	}
	if of, known := formats[k.Format]; k.Format != "" && (!known || of != t) {
		b.refuse("%s: format tag %s on a %s", f.Name, phrase.Quote(k.Format), t)
	}
	return k
}

// rangeOf returns the range of a field. That of an int32 has both ends, so that the key table shows what the field can hold.
func rangeOf(f reflect.StructField) string {
	written, of := f.Tag.Get("range"), f.Type
	if of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	from, to, ok := strings.Cut(written, "..")
	if of.Kind() != reflect.Int32 || written != "" && !ok {
		return written
	}
	return cmp.Or(from, strconv.Itoa(math.MinInt32)) + ".." + cmp.Or(to, strconv.Itoa(math.MaxInt32))
}

// list reads a tag with items separated by commas.
func (b *builder) list(f reflect.StructField, tag string, syntax *regexp.Regexp) []string {
	text, ok := f.Tag.Lookup(tag)
	if !ok {
		return nil
	}
	var items []string
	for item := range strings.SplitSeq(text, ",") {
		item = strings.TrimSpace(item)
		if !syntax.MatchString(item) {
			b.refuse("%s: %s tag %s is not of the form %s", f.Name, tag, phrase.Quote(item), strings.Trim(syntax.String(), "^$"))
			continue
		}
		items = append(items, item)
	}
	return items
}

// flag reads a tag that is true or false; a missing tag is false.
func (b *builder) flag(f reflect.StructField, tag string) bool {
	text, ok := f.Tag.Lookup(tag)
	if !ok {
		return false
	}
	set, err := strconv.ParseBool(text)
	if err != nil {
		b.refuse("%s: %s tag %s is neither true nor false", f.Name, tag, phrase.Quote(text))
	}
	return set
}

// index fills byPath and sections. Each path may have only one meaning. Canonical paths are entered before aliases, so
// that a conflict is reported about the alias.
func (b *builder) index() {
	for i, f := range b.fields {
		b.claim(f.key.Path, i)
	}
	for i, f := range b.fields {
		for _, alias := range f.key.Aliases {
			b.claim(alias, i)
			for at := strings.LastIndexByte(alias, '.'); at > 0; at = strings.LastIndexByte(alias[:at], '.') {
				b.sections[alias[:at]] = true
			}
		}
	}
	for _, f := range b.fields {
		for _, other := range []string{f.key.With, f.key.Overrides} {
			if i, known := b.byPath[other]; other != "" && (!known || b.fields[i].key.Type != f.key.Type || other == f.key.Path) {
				b.refuse("%s: %s is not another key of its type", f.key.Path, phrase.Quote(other))
			}
		}
	}
	for path := range b.sections {
		if _, taken := b.byPath[path]; taken {
			b.refuse("%s is a key and a section", path)
		}
	}
}

// claim enters a path or an alias, each of which may occur once.
func (b *builder) claim(path string, i int) {
	if _, taken := b.byPath[path]; taken {
		b.refuse("two fields have the key %s", path)
		return
	}
	b.byPath[path] = i
}

// enumeration parses an enum tag into the values and their other spellings in lower case. An unsupported value has the
// spelling "".
func enumeration(tag string) (values []string, spellings map[string]string) {
	if tag == "" {
		return nil, nil
	}
	spellings = map[string]string{}
	for item := range strings.SplitSeq(tag, ",") {
		item = strings.TrimSpace(item)
		if unsupported, ok := strings.CutPrefix(item, "!"); ok {
			spellings[strings.ToLower(unsupported)] = ""
			continue
		}
		names := strings.Split(item, "=")
		values = append(values, names[0])
		for _, name := range names {
			spellings[strings.ToLower(name)] = names[0]
		}
	}
	return values, spellings
}
