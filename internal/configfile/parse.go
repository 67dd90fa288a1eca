package configfile

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

	"github.com/spanroute/spanroute/internal/keytable"
	"github.com/spanroute/spanroute/registry/settings"
)

// parseYAML returns the root node of the only document in data, nil for an empty one. The document is valid UTF-8, within
// the bounds, and without duplicate keys. ex is the text without byte order mark, also if there is a fault.
//
// The checks come in the order of their cost. The size bounds everything after it; the encoding is checked byte by
// byte, so that a wrong one is reported with the position of the byte; counting separators bounds what the parser
// allocates; and the walk over the tree bounds what aliases stand for. A file may have only one document, because a
// second one is usually the rest of a concatenation that would be ignored.
func parseYAML(data []byte, t *keytable.Table) (root *yaml.Node, ex *Text, fault *fileFault) {
	if len(data) > MaxBytes {
		f := settings.Errorf(settings.ErrTooLarge, "more than %d bytes", MaxBytes)
		return nil, &Text{}, &fileFault{Fault: f}
	}
	if fault := checkEncoding(data); fault != nil {
		return nil, &Text{}, fault
	}
	text := string(bytes.TrimPrefix(data, []byte("\ufeff")))
	ex = newText(text, t)
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

// jsonEscape matches a pair of surrogates, or any other escape, so that an escaped backslash is not taken for the
// beginning of one.
var jsonEscape = regexp.MustCompile(`\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\.`)

// fromJSON rewrites the escapes of JSON that the YAML parser does not support: \/, and pairs of \u for one character.
// It does not change text that is not JSON. Both escapes are common in JSON that a program has written, and the YAML
// parser reports them as unknown.
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
//
// The parser would accept UTF-16 and report control characters without a column. Editors that save Latin-1 or UTF-16
// are the usual cause of both.
func checkEncoding(data []byte) *fileFault {
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return faultAt(1, 1, 1, settings.Errorf(settings.ErrEncoding, "byte 0 begins UTF-16, want UTF-8"))
	}
	line, column := 1, 1
	for i, start := 0, len(data); i < start; {
		r, size := utf8.DecodeRune(data[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			return faultAt(line, column, 1, settings.Errorf(settings.ErrEncoding, "byte %d (0x%02x) is not valid UTF-8", i, data[i]))
		case r == 0 && looksUTF16(data):
			return faultAt(line, column, 1, settings.Errorf(settings.ErrEncoding, "byte %d is NUL as in UTF-16, want UTF-8", i))
		case isControl(r):
			return faultAt(line, column, 1, settings.Errorf(settings.ErrEncoding, "byte %d (0x%02x) is a control character", i, r))
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

// isControl reports whether YAML does not allow r. Tab, line ends and NEL are allowed.
func isControl(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r >= 0x7f && r < 0xa0 && r != 0x85
}

// looksUTF16 reports whether every second byte at the beginning is NUL. UTF-16 without a byte order mark is what a
// redirection in PowerShell can write.
func looksUTF16(data []byte) bool {
	return len(data) >= 4 && (data[0] == 0 && data[2] == 0 || data[1] == 0 && data[3] == 0)
}

// checkTokens bounds the number of nodes that the parser would build, because the parser has no bound of its own. It counts
// the characters that separate nodes, without comments.
func checkTokens(text string) *fileFault {
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
			return faultAt(line, 1, 1, settings.Errorf(settings.ErrTooDeep, "more than %d values, want at most %d", maxTokens, maxNodes))
		}
		line++
	}
	return nil
}

// decodeYAML runs the parser. A panic of the parser is a syntax error.
func decodeYAML(text string, ex *Text) (root *yaml.Node, fault *fileFault) {
	defer func() {
		if p := recover(); p != nil {
			root, fault = nil, faultAt(1, 1, 1, settings.Errorf(settings.ErrSyntax, "internal error in the YAML parser"))
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
		return nil, faultAt(second.Line, second.Column, 1, settings.Errorf(settings.ErrSyntax, "unexpected second document"))
	case !errors.Is(err, io.EOF):
		return nil, syntaxFault(err, ex)
	}
	if len(doc.Content) == 0 {
		return nil, nil
	}
	return doc.Content[0], nil
}
