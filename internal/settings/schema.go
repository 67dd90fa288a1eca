package settings

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Schema is the key table of one settings struct. It is made once and never changes; all methods may
// be called at the same time.
type Schema struct {
	of       reflect.Type
	defaults func() any // never nil; returns a fresh struct of type of
	fields   []field
	byPath   map[string]int  // path or alias -> fields
	sections map[string]bool // paths that hold keys, those on the way to an alias included
}

// field is a key and where its value lives in the struct.
type field struct {
	key   Key // without Default
	index []int
}

// value is what the field holds in v, nil if that means "not set".
func (f field) value(v reflect.Value) any {
	value := read(v.FieldByIndex(f.index))
	b, _ := f.key.bounds()
	switch zero := value.(type) {
	case int:
		return unless(zero == 0 && !b.holds(0), value)
	case float64:
		return unless(zero == 0 && !b.holds(0), value)
	case time.Duration:
		return unless(zero == 0 && !b.holds(0), value)
	}
	return value
}

func unless(unset bool, value any) any {
	if unset {
		return nil
	}
	return value
}

// Of reads the tags of S, which must be a struct. defaults may be nil for the zero value; it runs anew
// for each use and not here. A struct that cannot be settings, because a field has no koanf tag, two
// fields have one key, or a type cannot be decoded, is ErrInvalid, with all reasons joined.
func Of[S any](defaults func() S) (*Schema, error) {
	s := &Schema{
		of:       reflect.TypeFor[S](),
		defaults: func() any { var zero S; return zero },
		byPath:   map[string]int{},
		sections: map[string]bool{},
	}
	if defaults != nil {
		s.defaults = func() any { return defaults() }
	}
	if s.of.Kind() != reflect.Struct {
		return nil, fmt.Errorf("%w: %s is no struct", ErrInvalid, s.of)
	}
	b := builder{Schema: s}
	b.walk(s.of, "", nil)
	b.index()
	if len(b.faults) > 0 {
		return nil, errors.Join(b.faults...)
	}
	return s, nil
}

// Keys returns all keys in the order of the struct's fields, with the defaults of a fresh struct.
func (s *Schema) Keys() []Key {
	v := reflect.ValueOf(s.defaults())
	keys := make([]Key, len(s.fields))
	for i, f := range s.fields {
		keys[i] = f.key
		keys[i].Aliases, keys[i].OTel, keys[i].Enum = slices.Clone(f.key.Aliases), slices.Clone(f.key.OTel), slices.Clone(f.key.Enum)
		if !f.key.Secret {
			keys[i].Default = f.value(v)
		}
	}
	return keys
}

// Lookup finds a key by its path or one of its aliases. The key has no Default.
func (s *Schema) Lookup(path string) (key Key, viaAlias bool, ok bool) {
	i, ok := s.byPath[path]
	if !ok {
		return Key{}, false, false
	}
	key = s.fields[i].key
	return key, key.Path != path, true
}

// Section returns the values of v, a struct of the schema's type, as a nested map of canonical keys, such
// as Decode takes. Secrets are in it. What is not set is left out: nil pointers, and a zero that the
// key's range excludes.
func (s *Schema) Section(v any) map[string]any {
	section := map[string]any{}
	rv := reflect.Indirect(reflect.ValueOf(v))
	for _, f := range s.fields {
		value := f.value(rv)
		if value == nil {
			continue
		}
		at := section
		names := strings.Split(f.key.Path, ".")
		for _, name := range names[:len(names)-1] {
			if at[name] == nil {
				at[name] = map[string]any{}
			}
			at = at[name].(map[string]any)
		}
		at[names[len(names)-1]] = value
	}
	return section
}

var (
	nameSyntax = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	pathSyntax = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$`)
	envSyntax  = regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`)
)

type builder struct {
	*Schema
	faults []error
}

func (b *builder) refuse(format string, args ...any) {
	b.faults = append(b.faults, fmt.Errorf("%w: "+format, append([]any{ErrInvalid}, args...)...))
}

func (b *builder) walk(t reflect.Type, prefix string, index []int) {
	for i := range t.NumField() {
		f := t.Field(i)
		tag, tagged := f.Tag.Lookup("koanf")
		switch {
		case tag == "-", !f.IsExported() && !tagged:
			continue
		case !tagged:
			b.refuse("%s has no koanf tag", f.Name)
		case !f.IsExported():
			b.refuse("%s has a koanf tag and is not exported", f.Name)
		case !nameSyntax.MatchString(tag):
			b.refuse("%s: koanf tag %s is not of the form [a-z][a-z0-9_]*", f.Name, Quote(tag))
		default:
			b.field(f, prefix+tag, append(slices.Clone(index), i))
		}
	}
}

func (b *builder) field(f reflect.StructField, path string, index []int) {
	t, ok := typeOf(f.Type)
	switch {
	case ok:
		b.fields = append(b.fields, field{key: b.key(f, path, t), index: index})
	case f.Type.Kind() == reflect.Struct:
		if b.sections[path] {
			b.refuse("%s: two sections are called %s", f.Name, path)
		}
		b.sections[path] = true
		known := len(b.fields) + len(b.faults)
		b.walk(f.Type, path+".", index)
		if known == len(b.fields)+len(b.faults) {
			b.refuse("%s: %s cannot be decoded", f.Name, f.Type)
		}
	default:
		b.refuse("%s: %s cannot be decoded", f.Name, f.Type)
	}
}

func (b *builder) key(f reflect.StructField, path string, t Type) Key {
	k := Key{Path: path, Type: t, Doc: f.Tag.Get("doc"), Format: f.Tag.Get("format"), Range: f.Tag.Get("range")}
	k.Aliases = b.list(f, "alias", pathSyntax)
	for _, name := range b.list(f, "otel", envSyntax) {
		k.OTel = append(k.OTel, "OTEL_"+strings.TrimPrefix(name, "OTEL_"))
	}
	k.Secret, k.Hot = b.flag(f, "secret"), b.flag(f, "hot")
	k.Enum, k.spellings = enumeration(f.Tag.Get("enum"))
	if k.Enum != nil && t != TypeString && t != TypeList {
		b.refuse("%s: enum tag on a %s", f.Name, t)
	}
	if k.Range != "" && t != TypeInt && t != TypeFloat && t != TypeDuration {
		b.refuse("%s: range tag on a %s", f.Name, t)
	} else if _, err := k.bounds(); err != nil {
		b.refuse("%s: %s", f.Name, err)
	}
	if !slices.Contains([]string{"", "pem", "ipv4", "ipv6"}, k.Format) || k.Format != "" && t != TypeString {
		b.refuse("%s: format tag %s on a %s", f.Name, Quote(k.Format), t)
	}
	return k
}

func (b *builder) list(f reflect.StructField, tag string, syntax *regexp.Regexp) []string {
	text, ok := f.Tag.Lookup(tag)
	if !ok {
		return nil
	}
	var items []string
	for item := range strings.SplitSeq(text, ",") {
		item = strings.TrimSpace(item)
		if !syntax.MatchString(item) {
			b.refuse("%s: %s tag %s is not of the form %s", f.Name, tag, Quote(item), strings.Trim(syntax.String(), "^$"))
			continue
		}
		items = append(items, item)
	}
	return items
}

func (b *builder) flag(f reflect.StructField, tag string) bool {
	text, ok := f.Tag.Lookup(tag)
	if !ok {
		return false
	}
	set, err := strconv.ParseBool(text)
	if err != nil {
		b.refuse("%s: %s tag %s is neither true nor false", f.Name, tag, Quote(text))
	}
	return set
}

// index fills byPath and sections, where each name may stand for one thing only.
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
	for path := range b.sections {
		if _, taken := b.byPath[path]; taken {
			b.refuse("%s is a key and a section", path)
		}
	}
}

func (b *builder) claim(path string, i int) {
	if _, taken := b.byPath[path]; taken {
		b.refuse("two fields have the key %s", path)
		return
	}
	b.byPath[path] = i
}

// enumeration reads an enum tag: values, and other spellings of them in lower case.
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
