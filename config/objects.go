package config

import (
	"encoding/json"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/spanroute/spanroute/internal/secret"
)

// objects is a list of objects, each as its JSON text, as the printed configuration has it.
type objects []string

// maskedObject returns the JSON text of an object with its secrets masked: values with the name of a secret, and passwords in
// URLs.
func maskedObject(text string) string {
	var object map[string]any
	if json.Unmarshal([]byte(text), &object) != nil {
		return secret.Mask
	}
	masked, err := json.Marshal(maskedIn("", object))
	if err != nil {
		return secret.Mask
	}
	return string(masked)
}

func maskedIn(name string, value any) any {
	switch value := value.(type) {
	case map[string]any:
		for inner, v := range value {
			value[inner] = maskedIn(inner, v)
		}
	case []any:
		for i, v := range value {
			value[i] = maskedIn(name, v)
		}
	case string:
		return maskedText(name, value)
	}
	return value
}

// node returns the list as YAML. JSON is YAML in flow style.
func (o objects) node() *yaml.Node {
	n := new(yaml.Node)
	if err := yaml.Unmarshal([]byte("["+strings.Join(o, ",")+"]"), n); err != nil || len(n.Content) != 1 {
		return textNode(secret.Mask)
	}
	list := n.Content[0]
	list.Style = 0
	for _, item := range list.Content {
		item.Style = yaml.FlowStyle
	}
	return list
}

// values returns the list as encoding/json takes it.
func (o objects) values() (list []json.RawMessage) {
	for _, text := range o {
		list = append(list, json.RawMessage(text))
	}
	return list
}
