package spanroute_test

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// boundRow matches a row of the table of bounds in SECURITY.md: what, number, unit, and the constant or key.
var boundRow = regexp.MustCompile("(?m)^\\| ([^|]+) \\| (\\d+)(?: (\\w+))? \\| `([^`]+)` \\|$")

var units = map[string]int64{
	"": 1, "bytes": 1, "KiB": 1 << 10, "MiB": 1 << 20, "ms": int64(time.Millisecond), "s": int64(time.Second), "min": int64(time.Minute),
}

func TestSecurityBounds(t *testing.T) {
	page, err := os.ReadFile("SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "## Bounds")
	rows := boundRow.FindAllStringSubmatch(table, -1)
	if written := strings.Count(table, "` |\n"); len(rows) != written || written < 40 {
		t.Errorf("%d of %d rows of the table can be parsed", len(rows), written)
	}
	keys := defaultsOfKeys(t)
	for _, row := range rows {
		what, name := row[1], row[4]
		number, _ := strconv.ParseInt(row[2], 10, 64)
		factor, known := units[row[3]]
		if !known {
			t.Errorf("%s: unknown unit %q", what, row[3])
		}
		got, isKey := keys[name]
		if !isKey {
			if got, err = constantOf(name); err != nil {
				t.Errorf("%s: %v", what, err)
				continue
			}
		}
		if got != number*factor {
			t.Errorf("%s: SECURITY.md has %d %s, %s is %d", what, number, row[3], name, got)
		}
	}
}

// keyRow is a row of config/KEYS.md: key, type, default.
var keyRow = regexp.MustCompile("(?m)^\\| `([a-z_.]+)` \\| ([^|]+) \\| ([^|]*) \\|")

// defaultsOfKeys returns the defaults of config/KEYS.md, which another test keeps up to date: numbers, and
// durations in nanoseconds.
func defaultsOfKeys(t *testing.T) map[string]int64 {
	t.Helper()
	page, err := os.ReadFile("config/KEYS.md")
	if err != nil {
		t.Fatal(err)
	}
	defaults := map[string]int64{}
	for _, row := range keyRow.FindAllStringSubmatch(string(page), -1) {
		if n, err := strconv.ParseInt(row[3], 10, 64); err == nil {
			defaults[row[1]] = n
		} else if d, err := time.ParseDuration(row[3]); err == nil {
			defaults[row[1]] = int64(d)
		}
	}
	return defaults
}

// constantOf returns the value of the constant dir.name in the source of the package in dir.
func constantOf(reference string) (int64, error) {
	i := strings.LastIndexByte(reference, '.')
	dir, name := reference[:i], reference[i+1:]
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(files) == 0 {
		return 0, fmt.Errorf("%s: no package %q", reference, dir)
	}
	constants := map[string]ast.Expr{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			return 0, err
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok {
				for i := range min(len(spec.Names), len(spec.Values)) {
					constants[spec.Names[i].Name] = spec.Values[i]
				}
			}
			return true
		})
	}
	value, err := evaluate(constants[name], constants)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", reference, err)
	}
	n, _ := constant.Int64Val(constant.ToInt(value))
	return n, nil
}

// evaluate returns the value of an expression of numbers, units of package time and other constants.
func evaluate(e ast.Expr, constants map[string]ast.Expr) (constant.Value, error) {
	switch e := e.(type) {
	case *ast.BasicLit:
		return constant.MakeFromLiteral(e.Value, e.Kind, 0), nil
	case *ast.ParenExpr:
		return evaluate(e.X, constants)
	case *ast.Ident:
		return evaluate(constants[e.Name], constants)
	case *ast.SelectorExpr:
		d, err := time.ParseDuration("1" + map[string]string{"Millisecond": "ms", "Second": "s", "Minute": "m"}[e.Sel.Name])
		return constant.MakeInt64(int64(d)), err
	case *ast.BinaryExpr:
		x, err := evaluate(e.X, constants)
		if err != nil {
			return nil, err
		}
		y, err := evaluate(e.Y, constants)
		if err != nil {
			return nil, err
		}
		if e.Op == token.SHL {
			bits, _ := constant.Uint64Val(y)
			return constant.Shift(x, e.Op, uint(bits)), nil
		}
		return constant.BinaryOp(x, e.Op, y), nil
	}
	return nil, fmt.Errorf("not a constant expression that this test supports")
}
