package registry

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/spanroute/spanroute/internal/schema"
	"github.com/spanroute/spanroute/registry/settings"
)

// Notice is a remark about one key of an exporter's section that does not keep the exporter from working.
type Notice struct {
	Key     string // relative to the section; "" for the exporter as a whole, unless a program selects it in code
	Item    int    // of a list or map, from 1; 0 for the value as a whole
	Kind    settings.Kind
	Message string // what was found
	Hint    string // what to do; may be empty
}

// Completion connects a completion hook with the section that it completes. See [WithCompletion].
//
// A section is decoded over the defaults first, so the settings do not show which keys are set: IsSet and
// Variable report that. What the hook changes in the settings becomes part of the section: a printed
// configuration has it, and build receives it. A key that the hook empties is taken out. Note and
// Refuse report to the operator; config adds the place where the key was set.
//
// The zero value is for tests of a hook by itself: no key is set, and notices are dropped.
type Completion struct {
	// Destination is where the spans go, as text for operators: "http://localhost:9411/api/v2/spans", "agent:6831 over
	// UDP". It must not contain secrets. It may be empty.
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

// Variable returns the OTEL_* variable that key comes from, "" for every other source.
func (c *Completion) Variable(key string) string { return c.variables[key] }

// Direct reports whether a program passed the section to [Registry.Prepare], which drops notices. A hook should
// then infer only what the exporter cannot work without.
func (c *Completion) Direct() bool { return !c.loaded }

// Show includes keys in the completed section also where they are at their defaults.
func (c *Completion) Show(keys ...string) { c.shown = append(c.shown, keys...) }

// Note reports something about key. It has no effect for a key that is not set, so that a hook can call it without IsSet.
func (c *Completion) Note(kind settings.Kind, key, message, hint string) {
	c.NoteItem(kind, key, 0, message, hint)
}

// NoteItem is Note about one item of a list or map, counted from 1.
func (c *Completion) NoteItem(kind settings.Kind, key string, item int, message, hint string) {
	if key == "" || c.IsSet(key) || !c.exists(key) { // registrytest reports the last
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

// Refuse reports a fault of key, with which the exporter cannot work. A nil err is not a fault.
func (c *Completion) Refuse(key string, err error) {
	if err != nil {
		c.faults = append(c.faults, &settings.KeyError{Key: key, Err: err})
	}
}

// RefuseItem is Refuse about one item of a list or map, counted from 1. The hook takes the item out, because
// an OTEL_* variable counts without its bad items.
func (c *Completion) RefuseItem(key string, item int, err error) {
	c.faults = append(c.faults, &settings.KeyError{Key: key, Item: item, Err: err})
}

// Err returns the faults that were refused, joined, each a *[settings.KeyError].
func (c *Completion) Err() error { return errors.Join(c.faults...) }

// WithCompletion makes hook complete settings after they are decoded and before Validate checks them: an
// endpoint gets its scheme and port, a protocol is inferred. S is the settings type of the factory. The hook
// depends on nothing but its arguments and has no other effect. It runs for every section, and completing
// what is complete must change nothing.
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

// Prepared is a section that was completed and checked, and what opens its exporter.
type Prepared struct {
	// Open builds the exporter; nil if the section has faults.
	Open Opener
	// Notices are in the order of the hook.
	Notices []Notice
	// Destination is where the spans go, see [Completion].
	Destination string

	settings map[string]any // canonical path -> value
}

// Settings returns the completed section: the keys that are set or completed, nested and canonical; nil if the
// section could not be decoded. Each call returns a copy. Preparing it again yields the same exporter.
func (p Prepared) Settings() map[string]any {
	if p.settings == nil {
		return nil
	}
	return schema.Nest(clone(p.settings))
}

// Complete is [Registry.Prepare] for a section that an operator wrote. It returns notices and the completed
// settings too, also beside faults unless the section cannot be decoded. variables holds the OTEL_* variable
// of each key that comes from one, by canonical path.
func (r *Registry) Complete(name string, section map[string]any, variables map[string]string) (Prepared, error) {
	f, err := r.find(name)
	if err != nil {
		return Prepared{}, err
	}
	return f.prepare(section, &Completion{loaded: true, variables: maps.Clone(variables)})
}

// completed is the section after the hook: what was given, and what is different now.
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
	for path, raw := range c.given { // a value that the struct cannot tell from an unset one
		if _, there := after[path]; !there && equal(before[path], after[path]) {
			out[path] = raw
		}
	}
	return out
}

// mismatch is the error of a hook for another settings type.
func mismatch[S any](hook any) error {
	var s S
	return fmt.Errorf("%w: WithCompletion has a %T, the settings are %T", schema.ErrInvalid, hook, s)
}
