package jsonschema_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/spanroute/spanroute/internal/jsonschema"
	"github.com/spanroute/spanroute/registry/settings"
)

// Small objects are on one line, keywords are sorted, and nothing is escaped that JSON does not require.
func TestDocument(t *testing.T) {
	keys := []settings.Key{
		{Path: "tls.port", Aliases: []string{"port"}, Type: settings.TypeInt, Doc: "port of <host>", Range: "1..9", Default: 5},
		{Path: "on", Type: settings.TypeBool, Default: false},
	}
	got := string(jsonschema.Document(jsonschema.Object(keys), nil))
	_, got, _ = strings.Cut(got, `  "$schema"`)
	const want = `: "https://json-schema.org/draft/2020-12/schema",
  "additionalProperties": false,
  "allOf": [
    {
      "not": {
        "allOf": [
          {
            "properties": {"tls": {"properties": {"port": {"not": {"type": "null"}}}, "required": ["port"], "type": "object"}},
            "required": ["tls"],
            "type": "object"
          },
          {"properties": {"port": {"not": {"type": "null"}}}, "required": ["port"], "type": "object"}
        ]
      }
    }
  ],
  "properties": {
    "on": {"anyOf": [{"$ref": "#/$defs/variable"}], "default": false, "type": ["boolean", "string", "null"]},
    "port": {
      "anyOf": [{"$ref": "#/$defs/variable"}],
      "deprecated": true,
      "description": "deprecated name; use tls.port",
      "maximum": 9,
      "minimum": 1,
      "type": ["integer", "string", "null"]
    },
    "tls": {
      "additionalProperties": false,
      "properties": {
        "port": {
          "anyOf": [{"$ref": "#/$defs/variable"}],
          "default": 5,
          "description": "port of <host>",
          "maximum": 9,
          "minimum": 1,
          "type": ["integer", "string", "null"]
        }
      },
      "type": ["object", "null"]
    }
  },
  "type": "object"
}
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("document (-want +got):\n%s", diff)
	}
}
