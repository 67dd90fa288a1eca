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
	// ErrUnknown is matched by the error of a name that is not registered.
	ErrUnknown = errors.New("unknown name")
	// ErrDuplicate is matched by the error of registering a name twice.
	ErrDuplicate = errors.New("already registered")
	// ErrInvalid is matched by the error of registering an invalid factory.
	ErrInvalid = schema.ErrInvalid
)

// Registry holds exporters and propagators by name. The zero value has no exporter and the propagators tracecontext and
// baggage. Its methods are safe for concurrent use, and a plugin may call them from its own functions.
type Registry struct {
	mu          sync.RWMutex
	byName      map[string]Factory // names and aliases
	propagators map[string]newPropagator
}

var process Registry

// Default returns the registry of the process, in which packages of exporters and propagators register in init.
func Default() *Registry { return &process }

// Register adds f to [Default]. It is for init only, and panics if the name is registered already or empty.
//
// An invalid factory, such as one with a struct tag that cannot be parsed, is added. Describe and Prepare then return
// its error, which matches [ErrInvalid], and config.Load reports it whichever exporter is selected. A panic in init
// would also stop the plugin's own tests, and registrytest.Run could not report the fault.
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

// refused returns a factory with the name of f whose uses all return err.
func (f Factory) refused(err error) Factory {
	return Factory{name: f.name, err: err, prepare: func(map[string]any, *Completion) (Prepared, error) {
		return Prepared{}, err
	}}
}

var nameSyntax = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// Register adds f with its name and aliases, or returns ErrInvalid or ErrDuplicate and adds nothing.
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

// check returns all faults of f, joined.
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
			refuse(fmt.Sprintf("the name %q occurs twice", name))
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

// registerError has a text of its own and matches ErrDuplicate or ErrInvalid.
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

// find returns the factory with a name or alias, case-insensitively.
func (r *Registry) find(name string) (Factory, error) {
	r.mu.RLock()
	f, ok := r.byName[strings.ToLower(name)]
	all := slices.Sorted(maps.Keys(r.byName))
	r.mu.RUnlock()
	if !ok {
		return Factory{}, ownExporters.unknown(name, all, r.Names())
	}
	return f, nil
}

// Describe returns the canonical name, the aliases and the keys of an exporter, with the defaults of a new settings
// struct. name may be an alias and is case-insensitive. The error of a name that is not registered is ErrUnknown.
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

// Prepare checks an exporter's section and returns the function that opens the exporter. It has no effect: it opens no
// file or socket and starts no goroutine. Decoding is strict. All faults are returned joined, each a
// *[settings.KeyError]. section is not kept. The error of a name that is not registered is ErrUnknown.
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
