package schema

import (
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/registry/settings"
)

// pairs converts Pairs, or a list of lists with two items.
func pairs(k settings.Key, rv reflect.Value) (any, error) {
	if pairs, ok := rv.Interface().(settings.Pairs); ok {
		return slices.Clone(pairs), nil
	}
	pairs := settings.Pairs{}
	var faults []error
	for i := range rv.Len() {
		item := element(rv.Index(i))
		if item.Kind() != reflect.Slice && item.Kind() != reflect.Array || item.Len() != 2 {
			faults = append(faults, settings.Errorf(settings.ErrHeader, "item %d is not a pair, want [name, value]", i+1))
			continue
		}
		name, ok := plainText(item.Index(0))
		value, ok2 := plainText(item.Index(1))
		if !ok || !ok2 {
			faults = append(faults, settings.Errorf(settings.ErrWrongType, "item %d has no plain name and value", i+1))
			continue
		}
		pairs = append(pairs, settings.Pair{Name: name, Value: value})
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return pairs, nil
}

// fromMap converts a map of code or of a decoded file. The order of pairs and faults is that of the names, since a map
// has none.
func fromMap(k settings.Key, rv reflect.Value) (any, string, error) {
	if k.Type != settings.TypeMap {
		return nil, "", settings.Errorf(settings.ErrWrongType, "a map is not %s", article(k))
	}
	pairs := make(settings.Pairs, 0, rv.Len())
	var faults []error
	for it := rv.MapRange(); it.Next(); {
		name, ok := plainText(it.Key())
		value, ok2 := plainText(it.Value())
		if !ok || !ok2 {
			faults = append(faults, settings.Errorf(settings.ErrWrongType, "%s has no plain value", phrase.Quote(phrase.Name(name))))
			continue
		}
		pairs = append(pairs, settings.Pair{Name: name, Value: value})
	}
	if len(faults) > 0 {
		slices.SortFunc(faults, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
		return nil, "", errors.Join(faults...)
	}
	slices.SortFunc(pairs, func(a, b settings.Pair) int { return strings.Compare(a.Name, b.Name) })
	return pairs, "", nil
}
