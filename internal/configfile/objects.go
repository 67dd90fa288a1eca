package configfile

import (
	"encoding/json"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/spanroute/spanroute/internal/schema"
	"github.com/spanroute/spanroute/registry/settings"
)

// objects reads a list of maps. Each becomes its JSON text, whose keys and values the schema checks. e.Items has the places
// of the maps, and e.Names those of their keys.
func (c *converter) objects(e *Entry, n *yaml.Node) bool {
	texts, ok := []string{}, true
	for _, child := range n.Content {
		item := resolve(child)
		names := map[string]Place{}
		text, good := c.object(e, item, names)
		if !good {
			ok = false
			continue
		}
		texts, e.Items, e.Names = append(texts, text), append(e.Items, c.report.at(item)), append(e.Names, names)
	}
	e.Value = texts
	return ok
}

// object returns the JSON text of a map, and enters the places of its keys in names.
func (c *converter) object(e *Entry, n *yaml.Node, names map[string]Place) (string, bool) {
	if n.Kind != yaml.MappingNode {
		c.report.refuse(e, c.report.at(n), settings.Errorf(settings.ErrWrongType, "%s is not a map", nodeKind(n)))
		return "", false
	}
	if at, fault := mergeFault(n); fault != nil {
		c.report.refuse(e, c.report.at(at), fault)
		return "", false
	}
	var fields []string
	ok := true
	for _, m := range members(n) {
		name := resolve(m.name).Value
		names[name] = c.report.at(m.name)
		switch value, good := c.objectValue(e, resolve(m.value)); {
		case !good:
			ok = false
		case value != "":
			fields = append(fields, jsonText(name)+":"+value)
		}
	}
	return "{" + strings.Join(fields, ",") + "}", ok
}

// objectValue returns the JSON text of a value of an object, "" for null.
func (c *converter) objectValue(e *Entry, n *yaml.Node) (string, bool) {
	if fault := tagFault(n); fault != nil {
		c.report.refuse(e, c.report.at(n), fault)
		return "", false
	}
	switch n.Kind {
	case yaml.MappingNode:
		return c.object(e, n, map[string]Place{})
	case yaml.SequenceNode:
		return c.objectList(e, n)
	}
	if isNull(n) {
		return "", true
	}
	at := c.report.at(n)
	text, quoted, ok := c.expander.expand(e, n, &at)
	if ok && !quoted && plainScalar(text) {
		return jsonScalar(text), true
	}
	return jsonText(text), ok
}

// jsonScalar returns a number or bool of YAML in the spelling of JSON, which has neither True nor .5. A number that no key
// accepts, such as 007, becomes text, so that the message about it quotes the file.
func jsonScalar(text string) string {
	if lower := strings.ToLower(text); lower == "true" || lower == "false" {
		return lower
	}
	if json.Valid([]byte(text)) {
		return text
	}
	f, err := schema.ParseNumber(text)
	if err != nil {
		return jsonText(text)
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

func (c *converter) objectList(e *Entry, n *yaml.Node) (string, bool) {
	var items []string
	for _, child := range n.Content {
		item, ok := c.objectValue(e, resolve(child))
		if !ok {
			return "", false
		}
		if item != "" {
			items = append(items, item)
		}
	}
	return "[" + strings.Join(items, ",") + "]", true
}

// jsonText returns text in JSON's quotes.
func jsonText(text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err) // texts can be written
	}
	return string(quoted)
}
