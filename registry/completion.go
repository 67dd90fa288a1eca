package registry

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/spanroute/spanroute/internal/schema"
	"github.com/spanroute/spanroute/registry/settings"
)

// Notice is a remark about a key of an exporter's section. The exporter works in spite of it.
type Notice struct {
	Key     string // relative to the section; "" for the exporter as a whole, ignored if a program selects it in code
	Item    int    // of a list or map, from 1; 0 for the value as a whole
	Kind    settings.Kind
	Message string // what was found
	Hint    string // what to do; may be empty
}

// Completion connects a completion hook with the section that it completes. See [WithCompletion].
//
// # How it works
//
// The section is decoded over the defaults, and the settings are recorded before and after the hook. A key that the
// hook changed gets its new value in the completed section, from which build and a printed configuration are made. A
// key that the hook emptied is removed. A key that is set and unchanged keeps its value as written. A key that is at
// its default is left out, unless the hook calls Show. Since the settings do not show which keys are set, IsSet and
// Variable report that.
//
// The hook reports problems with Note and Refuse. Package config adds the place where the key was set. Faults of the
// hook, of Validate and of the tag with are returned together.
//
// The zero value is for tests of a hook by itself: no key is set, and notices are dropped.
type Completion struct {
	// Destination describes to operators where the spans go: "http://localhost:9411/api/v2/spans", "agent:6831 over
	// UDP". It must not contain secrets and may be empty.
	Destination string

	given     map[string]any
	schema    *schema.Schema // nil in a test of a hook by itself
	variables map[string]string
	loaded    bool // not given to Prepare
	shown     []string
	notices   []Notice
	faults    []error
}

// IsSet reports whether any source sets key.
func (c *Completion) IsSet(key string) bool { _, set := c.given[key]; return set }

// Variable returns the OTEL_* variable that set key, "" if another source set it.
func (c *Completion) Variable(key string) string { return c.variables[key] }

// Direct reports whether a program passed the section to [Registry.Prepare], which drops notices. A hook should then
// infer only what the exporter needs.
func (c *Completion) Direct() bool { return !c.loaded }

// Show includes keys in the completed section even if they are at their defaults.
func (c *Completion) Show(keys ...string) { c.shown = append(c.shown, keys...) }

// Note adds a [Notice] about key. It has no effect for a key that is not set, so a hook need not call IsSet first.
func (c *Completion) Note(kind settings.Kind, key, message, hint string) {
	c.NoteItem(kind, key, 0, message, hint)
}

// NoteItem adds a [Notice] about one item of a list or map, counted from 1.
func (c *Completion) NoteItem(kind settings.Kind, key string, item int, message, hint string) {
	if key == "" || c.IsSet(key) || !c.exists(key) { // registrytest reports a key that does not exist
		c.notices = append(c.notices, Notice{key, item, kind, message, hint})
	}
}

func (c *Completion) exists(key string) bool {
	if c.schema == nil {
		return true
	}
	_, alias, known := c.schema.Lookup(key)
	return known && !alias
}

// Refuse adds a fault of key: the exporter cannot be opened. A nil err is ignored.
func (c *Completion) Refuse(key string, err error) {
	if err != nil {
		c.faults = append(c.faults, &settings.KeyError{Key: key, Err: err})
	}
}

// RefuseItem adds a fault of one item of a list or map, counted from 1. The hook removes the item, because an OTEL_*
// variable is used without its invalid items.
func (c *Completion) RefuseItem(key string, item int, err error) {
	c.faults = append(c.faults, &settings.KeyError{Key: key, Item: item, Err: err})
}

// Err returns the faults that the hook added, joined, each a *[settings.KeyError].
func (c *Completion) Err() error { return errors.Join(c.faults...) }

// WithCompletion sets the hook that completes settings after they are decoded and before Validate checks them: it adds
// the scheme and port of an endpoint, or infers a protocol. S is the settings type of the factory. The hook must depend
// on its arguments only and have no other effect. It runs for every section, and must not change a completed one.
//
//	registry.WithCompletion(func(s *Settings, c *registry.Completion) {
//		if !c.IsSet("port") && s.Protocol == "tls" {
//			s.Port = 443
//		}
//		c.Destination = fmt.Sprintf("%s:%d", s.Host, s.Port)
//	})
func WithCompletion[S any](hook func(s *S, c *Completion)) FactoryOption {
	return func(f *Factory) { f.completion = hook }
}

// Prepared is a completed and checked section with the function that opens its exporter.
type Prepared struct {
	// Open builds the exporter; nil if the section has faults.
	Open Opener
	// Notices are in the order in which the hook added them.
	Notices []Notice
	// Destination describes where the spans go, see [Completion].
	Destination string

	settings map[string]any // canonical path -> value
}

// Settings returns the completed section as a nested map by canonical key: the keys that are set or completed. It
// returns nil if the section cannot be decoded. Each call returns a copy. Preparing it again yields the same exporter.
func (p Prepared) Settings() map[string]any {
	if p.settings == nil {
		return nil
	}
	return schema.Nest(clone(p.settings))
}

// Complete prepares a section that an operator wrote. Like [Registry.Prepare] it returns all faults joined, and in
// addition the notices and the completed settings, which it returns together with faults unless the section cannot be
// decoded. variables holds, by canonical path, the OTEL_* variable of each key that was set by one.
func (r *Registry) Complete(name string, section map[string]any, variables map[string]string) (Prepared, error) {
	f, err := r.find(name)
	if err != nil {
		return Prepared{}, err
	}
	return f.prepare(section, &Completion{loaded: true, variables: maps.Clone(variables)})
}

// completed returns the section after the hook: the given values, replaced by those that the hook changed.
func (c *Completion) completed(before, after map[string]any) map[string]any {
	out := map[string]any{}
	for path, value := range after {
		raw, set := c.given[path]
		changed := !equal(before[path], value)
		switch {
		case !schema.IsSet(value):
		case set && !changed:
			out[path] = raw
		case changed, slices.Contains(c.shown, path):
			out[path] = value
		}
	}
	for path, raw := range c.given { // the struct does not distinguish the value from an unset one
		if _, there := after[path]; !there && equal(before[path], after[path]) {
			out[path] = raw
		}
	}
	return out
}

// mismatch returns the error of a hook with another settings type than S.
func mismatch[S any](hook any) error {
	var s S
	return fmt.Errorf("%w: WithCompletion has a %T, the settings are %T", schema.ErrInvalid, hook, s)
}
