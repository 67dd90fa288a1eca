package spantest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/goldentext"
	"github.com/spanroute/spanroute/internal/semattr"
)

// Golden compares the text of spans with testdata/name.span. Replacements are pairs of old and new text. They replace
// what differs between runs, such as ports. Run the test with -update to write the file: a difference there is a
// change of telemetry and goes into CHANGELOG.md.
func Golden(t testing.TB, name string, spans []Span, replacements ...string) {
	t.Helper()
	texts := make([]string, len(spans))
	for i, s := range spans {
		texts[i] = Render(s)
	}
	got := strings.NewReplacer(replacements...).Replace(strings.Join(texts, "\n"))
	file := filepath.Join("testdata", name+".span")
	if goldentext.Update() {
		if err := errors.Join(os.MkdirAll("testdata", 0o755), os.WriteFile(file, []byte(got), 0o644)); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("%s does not exist, run the test with -update; the span is\n%s", file, got)
	} else if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", file, diff)
	}
}

// Render returns a span as text without what differs between runs: ids, times, stacks. Attributes are sorted.
func Render(s Span) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %q\n", strings.ToUpper(s.SpanKind().String()), s.Name())
	fmt.Fprintf(&b, "parent  %s\n", parentText(s.Parent()))
	status := s.Status()
	if fmt.Fprintf(&b, "status  %s", status.Code); status.Code == codes.Error && status.Description != "" {
		fmt.Fprintf(&b, " %q", status.Description)
	}
	b.WriteString("\n")
	renderAttributes(&b, "  ", s.Attributes())
	for _, l := range s.Links() {
		fmt.Fprintf(&b, "link    %s\n", parentText(l.SpanContext))
		renderAttributes(&b, "  ", l.Attributes)
	}
	for _, e := range s.Events() {
		fmt.Fprintf(&b, "event   %q\n", e.Name)
		renderAttributes(&b, "  ", e.Attributes)
	}
	return b.String()
}

// parentText returns what a span context is without its ids: none, local, or remote, which is one that a propagator
// extracted.
func parentText(sc trace.SpanContext) string {
	switch {
	case !sc.IsValid():
		return "none"
	case sc.IsRemote():
		return "remote"
	}
	return "local"
}

// renderAttributes writes the attributes sorted by key: their order has no meaning, and deferred attributes have
// another one.
func renderAttributes(b *strings.Builder, indent string, attrs []attribute.KeyValue) {
	attrs = slices.Clone(attrs)
	slices.SortFunc(attrs, func(x, y attribute.KeyValue) int { return strings.Compare(string(x.Key), string(y.Key)) })
	for _, kv := range attrs {
		fmt.Fprintf(b, "%s%s = %s\n", indent, kv.Key, valueText(kv))
	}
}

// valueText returns a value so that its type is visible: text is quoted, other scalars are not. A stack differs with
// every edit of a source file, so its presence is all that is compared.
func valueText(kv attribute.KeyValue) string {
	switch {
	case kv.Key == semattr.ExceptionStacktrace:
		return "(stack)"
	case kv.Value.Type() == attribute.STRING:
		return fmt.Sprintf("%q", kv.Value.AsString())
	case kv.Value.Type() == attribute.STRINGSLICE:
		return fmt.Sprintf("%q", kv.Value.AsStringSlice())
	}
	return kv.Value.String()
}
