package registry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/internal/schema"
	"github.com/spanroute/spanroute/registry/settings"
)

// plugin calls the functions of one factory.
type plugin[S any] struct {
	name     string
	schema   *schema.Schema
	defaults func() S
	build    func(ctx context.Context, common BuildContext, s S) (sdktrace.SpanExporter, error)
	hook     func(s *S, c *Completion) // may be nil
}

// prepare decodes section once. Each exporter gets a copy of the settings, so that no two exporters share a slice or
// map.
func (p plugin[S]) prepare(section map[string]any, c *Completion) (Prepared, error) {
	section = clone(section)
	s, err := p.decode(section)
	if err != nil {
		return Prepared{}, err
	}
	before := p.schema.Values(s)
	c.schema, c.given = p.schema, p.schema.Given(section)
	unpaired := p.schema.Unpaired(s)
	if err := p.complete(&s, c); err != nil {
		return Prepared{}, err
	}
	out := Prepared{Notices: c.notices, Destination: c.Destination, settings: c.completed(before, p.schema.Values(s))}
	if err := errors.Join(append(append(c.faults, p.validate(&s)), unpaired...)...); err != nil {
		return out, err
	}
	out.Open = func(ctx context.Context, common BuildContext) (sdktrace.SpanExporter, error) {
		return p.open(ctx, common.complete(p.name), p.schema.Copy(s).(S))
	}
	return out, nil
}

func (p plugin[S]) decode(section map[string]any) (s S, err error) {
	defer p.recovered("defaults", &s, &err)
	if p.defaults != nil {
		s = p.defaults()
	}
	return s, p.schema.Decode(section, &s)
}

func (p plugin[S]) complete(s *S, c *Completion) (err error) {
	if p.hook != nil {
		defer p.recovered("completion", s, &err)
		p.hook(s, c)
	}
	return err
}

func (p plugin[S]) validate(s *S) (err error) {
	if v, ok := any(s).(settings.Validator); ok { // the methods of *S include those of S
		defer p.recovered("Validate", s, &err)
		return v.Validate()
	}
	return nil
}

func (p plugin[S]) open(ctx context.Context, common BuildContext, s S) (x sdktrace.SpanExporter, err error) {
	defer p.recovered("build", &s, &err)
	x, err = p.build(ctx, common, s)
	switch {
	case err != nil:
		return nil, err
	case isNil(x):
		return nil, fmt.Errorf("exporter %q: build returned neither an exporter nor an error", p.name)
	}
	return x, nil
}

// recovered turns a panic into an error. The text of a panic can contain anything, so the values of secret keys are
// masked in it.
func (p plugin[S]) recovered(where string, s *S, err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("exporter %q: panic in %s: %s", p.name, where, p.schema.Mask(*s, fmt.Sprint(r)))
	}
}

// complete sets the fields that an exporter can rely on.
func (b BuildContext) complete(name string) BuildContext {
	if b.Source == nil {
		b.Source = func(string) string { return "built-in" }
	}
	if b.Delivery.ID == "" {
		b.Delivery.ID = name
	}
	if b.Delivery.Logger == nil {
		b.Delivery.Logger = slog.New(slog.DiscardHandler)
	}
	return b
}

func isNil(x any) bool {
	if x == nil {
		return true
	}
	v := reflect.ValueOf(x)
	return v.Kind() == reflect.Pointer && v.IsNil()
}

// clone returns a deep copy of a section, whose other values are immutable.
func clone(section map[string]any) map[string]any {
	c := make(map[string]any, len(section))
	for name, v := range section {
		c[name] = cloneValue(v)
	}
	return c
}

func cloneValue(v any) any {
	if m, ok := v.(map[string]any); ok {
		return clone(m)
	}
	rv := reflect.ValueOf(v)
	switch rv.Kind() {
	case reflect.Slice:
		if rv.IsNil() {
			return v
		}
		c := reflect.MakeSlice(rv.Type(), rv.Len(), rv.Len())
		for i := range rv.Len() {
			setClone(c.Index(i), rv.Index(i))
		}
		return c.Interface()
	case reflect.Map:
		c := reflect.MakeMapWithSize(rv.Type(), rv.Len())
		for it := rv.MapRange(); it.Next(); {
			c.SetMapIndex(it.Key(), it.Value())
		}
		return c.Interface()
	}
	return v
}

func setClone(to, from reflect.Value) {
	if v := cloneValue(from.Interface()); v != nil {
		to.Set(reflect.ValueOf(v))
	}
}

func equal(a, b any) bool { return reflect.DeepEqual(a, b) }
