package oracle

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// errNoInstance is the error of a text that has no JSON value: it is not YAML, or uses what JSON does not have.
var errNoInstance = errors.New("not a JSON value")

// Instance returns the JSON value of a file, as a processor of YAML 1.2 with the core schema makes it: yes is a text, and 0o17
// is 15. Merge keys are resolved, as editors do. The value of an empty file is null.
//
// An error means that a validator does not get a value: the text is not YAML, has several documents or a key twice, or uses
// tags and numbers that JSON does not have. An editor reports that without a schema.
func Instance(text []byte) (any, error) {
	if json.Valid(text) { // YAML has fewer escapes in texts than JSON
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		var v any
		err := decoder.Decode(&v)
		return v, err
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var doc, second yaml.Node
	if err := decoder.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoInstance, err)
	}
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: several documents, %w", errNoInstance, err)
	}
	if len(doc.Content) == 0 {
		return nil, nil
	}
	r := reader{budget: 100_000}
	return r.value(doc.Content[0], 0)
}

// A reader bounds the nodes that it visits, because aliases can repeat them.
type reader struct{ budget int }

func (r *reader) value(n *yaml.Node, depth int) (any, error) {
	if r.budget--; r.budget < 0 || depth > 100 {
		return nil, fmt.Errorf("%w: too large", errNoInstance)
	}
	if n.Kind != yaml.ScalarNode && n.Kind != yaml.AliasNode {
		if err := checkTag(n, "!!map", "!!seq"); err != nil {
			return nil, err
		}
	}
	switch n.Kind {
	case yaml.AliasNode:
		return r.value(n.Alias, depth+1)
	case yaml.SequenceNode:
		return r.list(n, depth)
	case yaml.MappingNode:
		return r.object(n, depth)
	}
	return scalar(n)
}

func (r *reader) list(n *yaml.Node, depth int) (any, error) {
	list := []any{}
	for _, item := range n.Content {
		v, err := r.value(item, depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

func (r *reader) object(n *yaml.Node, depth int) (any, error) {
	object, merged := map[string]any{}, map[string]any{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name := n.Content[i]
		for name.Kind == yaml.AliasNode {
			name = name.Alias
		}
		v, err := r.value(n.Content[i+1], depth+1)
		if err != nil {
			return nil, err
		}
		if name.Tag == "!!merge" {
			if err := merge(merged, v); err != nil {
				return nil, err
			}
			continue
		}
		if _, twice := object[name.Value]; twice || name.Kind != yaml.ScalarNode {
			return nil, fmt.Errorf("%w: key %q", errNoInstance, name.Value)
		}
		if _, err := scalar(name); err != nil {
			return nil, err
		}
		object[name.Value] = v
	}
	for name, v := range merged {
		if _, own := object[name]; !own {
			object[name] = v
		}
	}
	return object, nil
}

// merge enters what << brings in. Of several maps the first with a key counts.
func merge(into map[string]any, v any) error {
	switch v := v.(type) {
	case nil:
		return nil
	case map[string]any:
		for name, value := range v {
			if _, set := into[name]; !set {
				into[name] = value
			}
		}
		return nil
	case []any:
		for _, item := range v {
			if err := merge(into, item); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("%w: <<", errNoInstance)
}

// The core schema of YAML 1.2, section 10.3.2.
var (
	integer = regexp.MustCompile(`^[-+]?[0-9]+$`)
	based   = regexp.MustCompile(`^0o[0-7]+$|^0x[0-9a-fA-F]+$`)
	float   = regexp.MustCompile(`^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`)
	special = regexp.MustCompile(`^[-+]?\.(inf|Inf|INF)$|^\.(nan|NaN|NAN)$`)
)

func scalar(n *yaml.Node) (any, error) {
	if err := checkTag(n, "!!str", "!!int", "!!float", "!!bool", "!!null"); err != nil {
		return nil, err
	}
	quoted := n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0
	if n.Style&yaml.TaggedStyle != 0 {
		quoted = n.ShortTag() == "!!str"
	}
	if quoted {
		return n.Value, nil
	}
	return plain(n.Value)
}

// checkTag returns an error for a written tag that is not one of the given ones.
func checkTag(n *yaml.Node, tags ...string) error {
	if n.Style&yaml.TaggedStyle == 0 || slices.Contains(tags, n.ShortTag()) {
		return nil
	}
	return fmt.Errorf("%w: tag %s", errNoInstance, n.Tag)
}

func plain(text string) (any, error) {
	switch text {
	case "", "~", "null", "Null", "NULL":
		return nil, nil
	case "true", "True", "TRUE":
		return true, nil
	case "false", "False", "FALSE":
		return false, nil
	}
	switch {
	case integer.MatchString(text):
		n, _ := new(big.Int).SetString(text, 10)
		return json.Number(n.String()), nil
	case based.MatchString(text):
		n, _ := new(big.Int).SetString(text, 0)
		return json.Number(n.String()), nil
	case special.MatchString(text):
		return nil, fmt.Errorf("%w: %s", errNoInstance, text)
	case float.MatchString(text):
		return decimal(text)
	}
	return text, nil
}

// decimal returns a number as JSON writes it. A number beyond those of a float64 is not read by editors either.
func decimal(text string) (any, error) {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", errNoInstance, text)
	}
	if text = strings.TrimPrefix(text, "+"); json.Valid([]byte(text)) {
		return json.Number(text), nil
	}
	return json.Number(strconv.FormatFloat(f, 'g', -1, 64)), nil
}
