package settings

// Type is what kind of value a key takes.
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
)

// Key is one key of a settings struct.
type Key struct {
	Path    string   // "thrift.agent_port", relative to the struct
	Aliases []string // other paths, relative to the struct
	OTel    []string // full names of environment variables, the stronger first
	Type    Type
	Doc     string
	Default any      // of the Go type that goes with Type; nil for secrets and what is not set (nil pointers, a 0 outside the range)
	Enum    []string // the values; nil if any will do
	Secret  bool
	Hot     bool
	Format  string // "", "pem", "ipv4", "ipv6", "headers", "metadata", or a format of common keys such as "url_patterns"
	Range   string // "1..65535", "0..", "..1" or ""

	With      string // the path of the key that must be set together with this one; may be empty
	Overrides string // the path of a more general key that this one overrides within a layer; may be empty

	Spellings map[string]string // other spellings in lower case, each with the value of Enum it stands for; "" if the value is known and not supported
}

// Pair is one entry of a free-form map.
type Pair struct{ Name, Value string }

// Pairs is a free-form map in the order it was written: headers, resource attributes.
type Pairs []Pair

// Map returns the pairs as a map; the last of equal names wins.
func (p Pairs) Map() map[string]string {
	m := make(map[string]string, len(p))
	for _, pair := range p {
		m[pair.Name] = pair.Value
	}
	return m
}
