package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/spanroute/spanroute/internal/settings"
)

// Bounds of one file, so that no input costs more than a second or much memory.
const (
	maxFileBytes = 1 << 20
	maxDepth     = 32
	maxNodes     = 50_000 // aliases are followed and counted each time
	maxTokens    = 4 * maxNodes
)

// A yamlFault is a reason not to use a file at all.
type yamlFault struct {
	*settings.Fault
	line, column, width int
	related             []*yaml.Node
}

func faultAt(line, column, width int, f *settings.Fault) *yamlFault {
	return &yamlFault{Fault: f, line: max(line, 1), column: max(column, 1), width: max(width, 1)}
}

// parseYAML returns the root node of the one document in data, nil if there is none. What it returns is valid
// UTF-8, within the bounds, and its mappings have no key twice. ex is data without byte order mark.
func parseYAML(data []byte, t *table) (root *yaml.Node, ex *excerpt, fault *yamlFault) {
	if len(data) > maxFileBytes {
		f := settings.Errorf(ErrTooLarge, "more than %d bytes", maxFileBytes)
		return nil, &excerpt{}, &yamlFault{Fault: f}
	}
	if fault := checkEncoding(data); fault != nil {
		return nil, &excerpt{}, fault
	}
	text := string(bytes.TrimPrefix(data, []byte("\ufeff")))
	ex = newExcerpt(text, t)
	if fault := checkTokens(text); fault != nil {
		return nil, ex, fault
	}
	root, fault = decodeYAML(fromJSON(text), ex)
	if fault == nil && root != nil {
		fault = checkTree(root, t)
	}
	if fault != nil {
		return nil, ex, fault
	}
	return root, ex, nil
}

var jsonEscape = regexp.MustCompile(`\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\.`)

// fromJSON rewrites the escapes that JSON has and the parser does not know: \/, and pairs of \u for one character. Text
// that is not JSON stays.
func fromJSON(text string) string {
	if !strings.HasPrefix(strings.TrimSpace(text), "{") || !strings.Contains(text, `\`) || !json.Valid([]byte(text)) {
		return text
	}
	return jsonEscape.ReplaceAllStringFunc(text, func(escape string) string {
		switch {
		case escape == `\/`:
			return "/"
		case len(escape) == len(`\ud83d\ude00`):
			high, _ := strconv.ParseUint(escape[2:6], 16, 32)
			low, _ := strconv.ParseUint(escape[8:], 16, 32)
			return fmt.Sprintf(`\U%08X`, utf16.DecodeRune(rune(high), rune(low)))
		}
		return escape
	})
}

// checkEncoding accepts UTF-8 text without control characters except tab and line ends.
func checkEncoding(data []byte) *yamlFault {
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return faultAt(1, 1, 1, settings.Errorf(ErrEncoding, "byte 0 begins UTF-16, want UTF-8"))
	}
	line, column := 1, 1
	for i, start := 0, len(data); i < start; {
		r, size := utf8.DecodeRune(data[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			return faultAt(line, column, 1, settings.Errorf(ErrEncoding, "byte %d (0x%02x) is no UTF-8", i, data[i]))
		case r == 0 && looksUTF16(data):
			return faultAt(line, column, 1, settings.Errorf(ErrEncoding, "byte %d is NUL as in UTF-16, want UTF-8", i))
		case isControl(r):
			return faultAt(line, column, 1, settings.Errorf(ErrEncoding, "byte %d (0x%02x) is a control character", i, r))
		case r == '\n', r == '\u0085', r == '\u2028', r == '\u2029',
			r == '\r' && (i+1 == len(data) || data[i+1] != '\n'):
			line, column = line+1, 1
		case i > 0 || r != '\ufeff':
			column++
		}
		i += size
	}
	return nil
}

func isControl(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r >= 0x7f && r < 0xa0 && r != 0x85
}

// looksUTF16 reports whether every second byte at the beginning is NUL.
func looksUTF16(data []byte) bool {
	return len(data) >= 4 && (data[0] == 0 && data[2] == 0 || data[1] == 0 && data[3] == 0)
}

// checkTokens bounds what the parser may build, by counting what separates nodes. Comments do not count.
func checkTokens(text string) *yamlFault {
	if len(text) < maxTokens {
		return nil
	}
	tokens, line := 0, 1
	for row := range strings.Lines(text) {
		trimmed := strings.TrimLeft(row, " \t")
		if trimmed != "" && trimmed[0] != '#' {
			tokens += 1 + strings.Count(row, ",") + strings.Count(row, "[") + strings.Count(row, "{") + strings.Count(row, "- ")
		}
		if tokens > maxTokens {
			return faultAt(line, 1, 1, settings.Errorf(ErrTooDeep, "more than %d values, want at most %d", maxTokens, maxNodes))
		}
		line++
	}
	return nil
}

// decodeYAML runs the parser. Its panics, should it have any left, are syntax errors.
func decodeYAML(text string, ex *excerpt) (root *yaml.Node, fault *yamlFault) {
	defer func() {
		if p := recover(); p != nil {
			root, fault = nil, faultAt(1, 1, 1, settings.Errorf(ErrSyntax, "the parser gave up"))
		}
	}()
	decoder := yaml.NewDecoder(strings.NewReader(text))
	var doc, second yaml.Node
	if err := decoder.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, syntaxFault(err, ex)
	}
	switch err := decoder.Decode(&second); {
	case err == nil:
		return nil, faultAt(second.Line, second.Column, 1, settings.Errorf(ErrSyntax, "a second document, want one"))
	case !errors.Is(err, io.EOF):
		return nil, syntaxFault(err, ex)
	}
	if len(doc.Content) == 0 {
		return nil, nil
	}
	return doc.Content[0], nil
}

var parserMessage = regexp.MustCompile(`(?s)^yaml: (?:line (\d+): )?(.*)$`)

// syntaxFault finds the place of an error of the parser, which names a line at most.
func syntaxFault(err error, ex *excerpt) *yamlFault {
	line, message := 1, err.Error()
	if m := parserMessage.FindStringSubmatch(message); m != nil {
		message = m[2]
		if n, err := strconv.Atoi(m[1]); err == nil {
			line = n
		}
	}
	line = min(max(line, 1), len(ex.lines))
	switch {
	case strings.Contains(message, "exceeded max depth"):
		return faultAt(line, ex.indent(line)+1, 1, settings.Errorf(ErrTooDeep, "nested deeper than %d", maxDepth))
	case strings.HasPrefix(message, "unknown anchor"):
		name := strings.TrimSuffix(strings.TrimPrefix(message, "unknown anchor '"), "' referenced")
		line, column := ex.find("*"+name, line)
		return faultAt(line, column, utf8.RuneCountInString(name)+1,
			settings.Errorf(ErrSyntax, "an alias of an anchor that the file does not have").WithHint("quote a text that begins with *"))
	}
	if found := findSlip(ex); found != nil {
		return found.fault()
	}
	text, hint := plainWords(message)
	return faultAt(line, ex.indent(line)+1, 1, settings.Errorf(ErrSyntax, "%s", text).WithHint(hint))
}

// checkTree walks all nodes once for each way that leads to them.
func checkTree(root *yaml.Node, t *table) *yamlFault {
	c := treeCheck{table: t, budget: maxNodes}
	return c.node(root, 1, false)
}

// A treeCheck counts the nodes that are left to visit.
type treeCheck struct {
	table  *table
	budget int
}

// node checks n and what is below it. hidden is true below a key that is the name of a secret.
func (c *treeCheck) node(n *yaml.Node, depth int, hidden bool) *yamlFault {
	if c.budget--; c.budget < 0 {
		return nodeFault(n, settings.Errorf(ErrTooDeep, "more than %d values, aliases counted each time", maxNodes))
	}
	if depth > maxDepth {
		return nodeFault(n, settings.Errorf(ErrTooDeep, "nested deeper than %d", maxDepth))
	}
	if n.Kind == yaml.AliasNode {
		return c.node(n.Alias, depth, hidden)
	}
	if n.Kind == yaml.MappingNode {
		if fault := checkDuplicates(n, hidden); fault != nil {
			return fault
		}
	}
	for i, child := range n.Content {
		below := hidden || n.Kind == yaml.MappingNode && i%2 == 1 && c.table.isSecret(resolve(n.Content[i-1]).Value)
		if fault := c.node(child, depth+1, below); fault != nil {
			return fault
		}
	}
	return nil
}

// checkDuplicates does not name a key that can be a value: below a secret, without a value of its own, or not a name.
func checkDuplicates(n *yaml.Node, hidden bool) *yamlFault {
	seen := make(map[string]*yaml.Node, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		name := resolve(n.Content[i])
		if name.Kind != yaml.ScalarNode {
			continue
		}
		if first, twice := seen[name.Value]; twice {
			at, what := n.Content[i], "a key"
			if !hidden && !isNull(n.Content[i+1]) && settings.Name(name.Value) == name.Value {
				what = settings.Quote(name.Value)
			}
			fault := nodeFault(at, settings.Errorf(ErrDuplicateKey, "%s is there twice, first at line %d", what, first.Line).WithHint("keep one"))
			fault.related = []*yaml.Node{first}
			return fault
		}
		seen[name.Value] = n.Content[i]
	}
	return nil
}

func nodeFault(n *yaml.Node, f *settings.Fault) *yamlFault {
	return faultAt(n.Line, n.Column, nodeWidth(n), f)
}

// resolve follows an alias to its anchor. The tree has been checked, so that this ends.
func resolve(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode && n.Alias != nil {
		n = n.Alias
	}
	return n
}

// nodeWidth is how many runes of n's first line to underline.
func nodeWidth(n *yaml.Node) int {
	switch {
	case n.Kind == yaml.AliasNode:
		return utf8.RuneCountInString(n.Value) + 1
	case n.Kind != yaml.ScalarNode:
		return 1
	}
	first, _, _ := strings.Cut(n.Value, "\n")
	width := utf8.RuneCountInString(first)
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
		width += 2
	}
	return max(width, 1)
}

// isNull reports whether n says "not set".
func isNull(n *yaml.Node) bool {
	if n.Kind != yaml.ScalarNode || n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return false
	}
	return nullText(n.Value) && (n.Style&yaml.TaggedStyle == 0 || n.ShortTag() == "!!null")
}

func nullText(text string) bool {
	switch text {
	case "", "~", "null", "Null", "NULL":
		return true
	}
	return false
}

// tagFault reports a tag that the section does not take, such as !foo or !!binary.
func tagFault(n *yaml.Node) *settings.Fault {
	if n.Style&yaml.TaggedStyle == 0 {
		return nil
	}
	switch n.ShortTag() {
	case "!!str", "!!int", "!!float", "!!bool", "!!null", "!!seq", "!!map":
		return nil
	default:
		return settings.Errorf(ErrWrongType, "the tag is not known here").WithHint("remove it")
	}
}

// A member is one key of a mapping with its value, merge keys resolved.
type member struct {
	name, value *yaml.Node
	via         *yaml.Node // the alias that brought it, nil if none
}

// members returns the keys of a mapping in order; those that << brings in come last and only if the mapping does
// not have them itself.
func members(n *yaml.Node) []member {
	var own, merged []member
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		if name.Kind == yaml.ScalarNode && name.Value == "<<" && name.Tag == "!!merge" {
			merged = append(merged, mergedMembers(value)...)
			continue
		}
		own = append(own, member{name: name, value: value})
	}
	if merged == nil {
		return own
	}
	seen := make(map[string]bool, len(own)+len(merged))
	for _, m := range own {
		seen[resolve(m.name).Value] = true
	}
	for _, m := range merged {
		if name := resolve(m.name).Value; !seen[name] {
			seen[name] = true
			own = append(own, m)
		}
	}
	return own
}

// mergeFault is a << of n that brings in nothing because its value is no map, nil if there is none.
func mergeFault(n *yaml.Node) (at *yaml.Node, fault *settings.Fault) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], resolve(n.Content[i+1])
		if name.Tag != "!!merge" || isNull(value) {
			continue
		}
		sources := []*yaml.Node{value}
		if value.Kind == yaml.SequenceNode {
			sources = value.Content
		}
		for _, source := range sources {
			if source = resolve(source); source.Kind != yaml.MappingNode {
				return source, settings.Errorf(ErrWrongType, "<< is %s, want a map or a list of maps", describe(source))
			}
		}
	}
	return nil, nil
}

func mergedMembers(value *yaml.Node) []member {
	target := resolve(value)
	var out []member
	switch target.Kind {
	case yaml.MappingNode:
		out = members(target)
	case yaml.SequenceNode:
		for _, item := range target.Content {
			out = append(out, mergedMembers(item)...)
		}
	}
	if value.Kind == yaml.AliasNode {
		for i := range out {
			if out[i].via == nil {
				out[i].via = value
			}
		}
	}
	return out
}

// describe names a node in messages: "a map", "a list", "text", "nothing". It never quotes, since the node can be the
// value of a secret that stands at the wrong place.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a map"
	case yaml.SequenceNode:
		return "a list"
	}
	if isNull(n) {
		return "nothing"
	}
	return "text"
}
