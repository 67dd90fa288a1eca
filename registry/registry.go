package registry

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/internal/schema"
	"github.com/spanroute/spanroute/registry/settings"
)

var (
	// ErrUnknown is matched by the error of a name nobody registered.
	ErrUnknown = errors.New("unknown exporter")
	// ErrDuplicate is matched by the error of registering a name that is taken.
	ErrDuplicate = errors.New("already registered")
	// ErrInvalid is matched by the error of registering a factory that cannot work.
	ErrInvalid = schema.ErrInvalid
)

// Registry holds exporters by name. The zero value is empty and ready. All methods may be called at the
// same time, from a plugin's own code too.
type Registry struct {
	mu     sync.RWMutex
	byName map[string]Factory // names and aliases
}

var process Registry

// Default is the process's registry, where the packages of exporters register themselves in init.
func Default() *Registry { return &process }

// Register adds f to [Default]. It is for init only. It panics for a name that is taken or missing.
//
// A factory that cannot work, such as one with a struct tag that does not parse, is added: Describe and Prepare return its
// error, which matches [ErrInvalid], and config.Load reports it whatever exporter is selected. A panic in init would also
// stop the plugin's own tests, and registrytest.Run could not name the fault.
func Register(f Factory) { process.mustRegister(f) }

func (r *Registry) mustRegister(f Factory) {
	if err := f.check(); err != nil && f.name != "" {
		f = f.refused(err)
	} else if err != nil {
		panic("spanroute: " + err.Error())
	}
	if err := r.add(f); err != nil {
		panic("spanroute: " + err.Error())
	}
}

// refused is a factory by the name of f that returns err for each use.
func (f Factory) refused(err error) Factory {
	return Factory{name: f.name, err: err, prepare: func(map[string]any, *Completion) (Prepared, error) {
		return Prepared{}, err
	}}
}

var nameSyntax = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// Register adds f under its name and aliases, or changes nothing and returns ErrInvalid or ErrDuplicate.
func (r *Registry) Register(f Factory) error {
	if err := f.check(); err != nil {
		return err
	}
	return r.add(f)
}

func (r *Registry) add(f Factory) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, name := range f.names() {
		if _, taken := r.byName[name]; taken {
			return &registerError{fmt.Sprintf("exporter %q is already registered", name), ErrDuplicate}
		}
	}
	if r.byName == nil {
		r.byName = map[string]Factory{}
	}
	for _, name := range f.names() {
		r.byName[name] = f
	}
	return nil
}

func (f Factory) names() []string {
	names := []string{f.name}
	for _, alias := range f.aliases {
		names = append(names, strings.ToLower(alias))
	}
	return names
}

// check says everything that is wrong with f.
func (f Factory) check() error {
	var faults []error
	refuse := func(what string) {
		faults = append(faults, &registerError{fmt.Sprintf("exporter %q: %s", f.name, what), ErrInvalid})
	}
	seen := map[string]bool{}
	for _, name := range f.names() {
		switch {
		case !nameSyntax.MatchString(name):
			refuse(fmt.Sprintf("the name %s is not of the form [a-z][a-z0-9_]*", phrase.Quote(name)))
		case name == "none":
			refuse(`the name "none" means no exporter`)
		case seen[name]:
			refuse(fmt.Sprintf("the name %q is given twice", name))
		}
		seen[name] = true
	}
	for _, fault := range settings.KeyErrors(f.err) {
		refuse(strings.TrimPrefix(fault.Err.Error(), ErrInvalid.Error()+": "))
	}
	if f.prepare == nil && f.err == nil {
		refuse("it was not made by NewFactory")
	}
	return errors.Join(faults...)
}

// registerError says a sentence and matches what it is about.
type registerError struct {
	text string
	is   error
}

func (e *registerError) Error() string { return e.text }
func (e *registerError) Unwrap() error { return e.is }

// Names returns the registered names, sorted, without aliases.
func (r *Registry) Names() []string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	names := map[string]bool{}
	for _, f := range r.byName {
		names[f.name] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// find looks a name or alias up, letter case free.
func (r *Registry) find(name string) (Factory, error) {
	r.mu.RLock()
	f, ok := r.byName[strings.ToLower(name)]
	all := slices.Sorted(maps.Keys(r.byName))
	r.mu.RUnlock()
	if !ok {
		return Factory{}, unknown(name, all, r.Names())
	}
	return f, nil
}

// Describe returns the exporter's canonical name, aliases and keys, with the defaults of a fresh settings
// struct. name may be an alias, in any letter case. A name nobody registered is ErrUnknown.
func (r *Registry) Describe(name string) (d Description, err error) {
	f, err := r.find(name)
	if err == nil {
		err = f.err
	}
	if err != nil {
		return Description{}, err
	}
	defer func() {
		if p := recover(); p != nil {
			d, err = Description{}, fmt.Errorf("exporter %q: panic in defaults: %v", f.name, p)
		}
	}()
	return Description{Name: f.name, Aliases: f.names()[1:], Doc: f.doc, Keys: f.keys(), TimeoutVariables: slices.Clone(f.timeoutVariables)}, nil
}

// Prepare checks an exporter's section and returns what opens it. It has no effect: no file, no socket, no
// goroutine. Decoding is strict; all faults are joined, each a *[settings.KeyError]. section is not kept. A name
// nobody registered is ErrUnknown.
func (r *Registry) Prepare(name string, section map[string]any) (Opener, error) {
	f, err := r.find(name)
	if err != nil {
		return nil, err
	}
	p, err := f.prepare(section, new(Completion))
	if err != nil {
		return nil, err
	}
	return p.Open, nil
}
