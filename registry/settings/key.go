package settings

import "slices"

// Type is the type of a key's value.
type Type string

// The types of keys, and the Go type of a converted value.
const (
	TypeString   Type = "string"   // string
	TypeInt      Type = "int"      // int
	TypeFloat    Type = "float"    // float64
	TypeBool     Type = "bool"     // bool
	TypeDuration Type = "duration" // time.Duration
	TypeList     Type = "list"     // []string
	TypeMap      Type = "map"      // Pairs
	TypeObjects  Type = "objects"  // []string, each a JSON object
)

// Key describes one key of a settings struct. See package registry for the tags that define it.
type Key struct {
	Path    string   // "thrift.agent_port", relative to the struct
	Aliases []string // other paths, relative to the struct
	OTel    []string // full names of environment variables, in order of precedence
	Type    Type
	Doc     string
	Default any      // of the Go type for Type; nil for a secret and a value that is not set (a nil pointer, a 0 outside the range)
	Enum    []string // the allowed values; nil if any is allowed
	Secret  bool     // the value is never printed
	Hot     bool     // a reload applies it; false for all keys of exporters
	Format  string   // "", "pem", "ipv4", "ipv6", "headers", "metadata", "url", "endpoint", "host", or a format of common keys such as "url_patterns"
	Range   string   // "1..65535", "0..", "..1" or ""

	With      string // the path of the key that must be set together with this one; may be empty
	Overrides string // the path of a more general key that this one overrides within a layer; may be empty

	Objects []Key // the keys of each object of a list of objects

	Spellings map[string]string // other spellings in lower case, each with its value in Enum; "" for a known value that is not supported
}

// AllSpellings returns the spellings of the supported values of an enumeration in lower case, sorted.
func (k Key) AllSpellings() []string {
	var all []string
	for spelling, value := range k.Spellings {
		if value != "" {
			all = append(all, spelling)
		}
	}
	slices.Sort(all)
	return all
}

// Pair is one entry of a free-form map.
type Pair struct{ Name, Value string }

// Pairs is a free-form map in the order of its entries, such as headers or resource attributes.
type Pairs []Pair

// Map returns the pairs as a map; of equal names the last one counts.
func (p Pairs) Map() map[string]string {
	m := make(map[string]string, len(p))
	for _, pair := range p {
		m[pair.Name] = pair.Value
	}
	return m
}
