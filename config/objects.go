package config

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/spanroute/spanroute/internal/secret"
	"github.com/spanroute/spanroute/registry/settings"
)

// checkObjects checks each object of a list, so that a fault has the place of its key.
func checkObjects(r *report, e *entry) bool {
	of, ok := commonSchema.Object(e.key.Path), true
	for i, text := range e.value.([]string) {
		for _, fault := range settings.KeyErrors(of.DecodeObject(text, of.New())) {
			ok = false
			r.refuseObject(e, i, fault.Key, fault.Err)
		}
	}
	return ok
}

// refuseObject reports a fault of a key of object i, or of the object if key is empty. The key of the diagnostic has the
// number of the object, from 1.
func (r *report) refuseObject(e *entry, i int, key string, err error) {
	at := *e
	at.written = strings.TrimSuffix(fmt.Sprintf("%s[%d].%s", e.written, i+1, key), ".")
	name, _, _ := strings.Cut(key, ".")
	r.refuse(&at, e.name(i, name), err)
}

// inObject matches the path of a key of an object as package schema reports it, with the index of the object.
var inObject = regexp.MustCompile(`^(.+)\[([0-9]+)\]\.(.*)$`)

// objectFault reports a fault that an exporter found in an object of a list. It returns false for any other fault.
func (r *resolver) objectFault(path string, err error) bool {
	m := inObject.FindStringSubmatch(path)
	if m == nil {
		return false
	}
	e := r.merged.effective(m[1])
	if e == nil || e.ofOTel() {
		r.faultAt(m[1], err)
		return true
	}
	i, _ := strconv.Atoi(m[2]) // an index of a list in memory
	r.report.refuseObject(e, i, m[3], err)
	return true
}

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
