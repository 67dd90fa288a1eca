package config

import (
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/spanroute/spanroute/internal/keytable"
	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/internal/schema"
	"github.com/spanroute/spanroute/registry/settings"
)

// An intake takes the entries that the readers of layers find: it normalizes each and adds it to its layer.
//
// The readers of layers differ in how they find names and convert values; the next steps are the
// same for all of them: a warning about a deprecated name, normalizing, and a conflict with another entry for the same
// key in the same layer.
type intake struct {
	table    *keytable.Table
	report   *report
	env      map[string]string
	selected []string // exporters that files select, for hints
}

// enter adds e to its layer. Two entries of a layer for one key are a conflict unless they agree.
func (in *intake) enter(to *layer, e *entry, alias bool) {
	if alias {
		in.report.warn(WarnAlias, e, e.at, "deprecated name", "use "+e.key.Path)
	}
	if !normalize(in.table, in.report, e) {
		return
	}
	before := to.byPath[e.key.Path]
	switch {
	case before == nil:
		to.add(e)
	case !reflect.DeepEqual(before.value, e.value):
		in.conflict(before, e)
	}
}

// conflict reports two entries of one layer that disagree, at the later one. The later of two lines is usually the one
// that was added without a look at the other.
func (in *intake) conflict(a, b *entry) {
	if a.at.compare(b.at) > 0 {
		a, b = b, a
	}
	other := a.written + " at " + a.at.place()
	switch a.at.Layer {
	case LayerFile:
	case LayerDefaults, LayerOverrides:
		other = a.written
	default:
		other = a.at.place()
	}
	found := quotedValue(b.key, b.value, "")
	if b.at.Layer == LayerFile && a.written == b.written {
		found = "this"
	}
	in.report.add(Diagnostic{
		Kind: ErrConflict, Key: b.written, Origin: b.at, Related: []Origin{a.at}, path: b.key.Path,
		Message: found + " conflicts with " + other, Hint: "keep one",
	})
}

// text enters the text of a variable or flag. Empty is unset.
func (in *intake) text(to *layer, e *entry, text string, alias bool) {
	if strings.TrimSpace(text) == "" {
		return
	}
	err := in.convert(e, text)
	if err != nil {
		in.report.refuse(e, e.origin, e.key.AddHint(text, err))
		return
	}
	if e.value != nil {
		in.enter(to, e, alias)
	}
}

// convert converts a text by the type of its key. A list is a JSON array or has commas between its items.
func (in *intake) convert(e *entry, text string) (err error) {
	trimmed := strings.TrimSpace(text)
	switch {
	case !utf8.ValidString(text):
		return settings.Errorf(ErrEncoding, "not valid UTF-8")
	case e.key.Patterns() && trimmed[0] != '[':
		return in.patterns(e, trimmed)
	case e.key.Type == settings.TypeList:
		if _, empty, bad := schema.ParseList(trimmed); bad == nil {
			in.emptyItems(e, empty)
		}
	}
	e.value, err = schema.FromText(e.key.Key, text)
	return err
}

// patterns reads the text form of a list of regular expressions.
func (in *intake) patterns(e *entry, text string) error {
	items, empty, err := keytable.SplitPatterns(text)
	if err != nil {
		return err
	}
	in.emptyItems(e, empty)
	e.value = items
	return nil
}

// emptyItems warns about empty items of a text, which its commas make.
func (in *intake) emptyItems(e *entry, empty int) {
	if empty > 0 {
		in.report.warn(WarnIgnored, e, e.origin, "empty list item", "remove the comma")
	}
}

// unlinked warns that the settings of an exporter have no effect. Only selecting such an exporter is an error.
func (in *intake) unlinked(at Origin, written, name, importPath string) {
	in.report.add(Diagnostic{
		Kind: WarnIgnored, Severity: Warning, Key: written, Origin: at,
		Message: "exporter " + phrase.Quote(name) + " is not linked into this program", Hint: "import " + importPath,
	})
}

// applyLayerRules applies the rules within one layer: service.name among the resource attributes is its service_name,
// unless it sets that itself. It is a rule of each layer and not of the result, so that a service.name of a lower layer
// does not replace the service_name of a higher one.
func (in *intake) applyLayerRules(to *layer) {
	attributes := to.byPath["resource_attributes"]
	if attributes == nil {
		return
	}
	rest := settings.Pairs{}
	for i, pair := range attributes.value.(settings.Pairs) {
		if pair.Name != "service.name" {
			rest = append(rest, pair)
			continue
		}
		if to.byPath["service_name"] == nil && pair.Value != "" {
			e := *attributes
			e.key, e.value, e.origin, e.items = in.table.Key("service_name"), pair.Value, attributes.item(i), nil
			to.add(&e)
		}
	}
	attributes.value = rest
}
