package registrytest

import (
	"reflect"
	"slices"
	"strings"

	"github.com/spanroute/spanroute/internal/schema"
	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/settings"
)

// completes checks the completion hook, with the valid section and with one that also sets every key that has a default.
func completes(s *subject) {
	full := copied(s.valid)
	for _, k := range s.about.Keys {
		if _, set := find(full, k); !set && k.Default != nil {
			schema.Put(full, k.Path, k.Default)
		}
	}
	s.completesSection(s.valid)
	if _, err := s.prepare(full); err == nil { // another check reports defaults that are refused
		s.completesSection(full)
	}
}

func (s *subject) completesSection(section map[string]any) {
	first, err := s.complete(section)
	if err != nil {
		s.faultf("completion: %v", err)
		return
	}
	again, _ := s.complete(section)
	if !reflect.DeepEqual(first.Notices, again.Notices) || first.Destination != again.Destination || !reflect.DeepEqual(first.Settings(), again.Settings()) {
		s.faultf("completion of one section has two results")
	}
	for _, n := range first.Notices {
		if n.Key != "" && !slices.ContainsFunc(s.about.Keys, func(k settings.Key) bool { return k.Path == n.Key }) {
			s.faultf("a notice is about %q, which is not a key: %s", n.Key, n.Message)
		}
	}
	second, err := s.complete(first.Settings())
	switch {
	case err != nil:
		s.faultf("completed settings are refused: %v", err)
	case !reflect.DeepEqual(first.Settings(), second.Settings()):
		s.faultf("completing completed settings changes %s", strings.Join(differing(first.Settings(), second.Settings(), s.about.Keys), ", "))
	}
}

func (s *subject) complete(section map[string]any) (p registry.Prepared, err error) {
	_, _ = s.call("completion", callLimit, func() error {
		p, err = s.registry.Complete(s.about.Name, section, nil)
		return err
	})
	return p, err
}

// differing lists the keys whose values differ. It leaves out the values, because they may be secrets.
func differing(a, b map[string]any, keys []settings.Key) (paths []string) {
	for _, k := range keys {
		before, _ := schema.Get(a, k.Path)
		after, _ := schema.Get(b, k.Path)
		if !reflect.DeepEqual(before, after) {
			paths = append(paths, k.Path)
		}
	}
	return paths
}
