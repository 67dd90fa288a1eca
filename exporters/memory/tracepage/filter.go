package tracepage

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/exporters/internal/spantext"
	"github.com/spanroute/spanroute/exporters/memory"
)

// filter selects traces of the list; a zero field excludes none.
type filter struct {
	service, name string // parts of what is shown of them, in lower case
	query         string // part of a value or the beginning of a trace id, in lower case; key=value with a key
	status        string // "error": some span failed; "ok": none did
	atLeast       time.Duration
	limit         int
}

func newFilter(parameter func(string) string) (filter, error) {
	f := filter{
		service: strings.ToLower(parameter("service")), name: strings.ToLower(parameter("name")),
		query: strings.ToLower(strings.TrimSpace(parameter("q"))), status: parameter("status"), limit: listed,
	}
	if f.status != "" && f.status != "error" && f.status != "ok" {
		return f, fmt.Errorf("status %.20q is unknown, want error or ok", f.status)
	}
	var err error
	if text := strings.TrimSpace(parameter("min")); text != "" {
		if f.atLeast, err = time.ParseDuration(strings.ReplaceAll(text, " ", "")); err != nil {
			return f, fmt.Errorf("at least %.20q is not a duration; write 10ms or 1.5s", text)
		}
	}
	if text := parameter("limit"); text != "" {
		if f.limit, err = strconv.Atoi(text); err != nil || f.limit < 1 {
			return f, fmt.Errorf("limit %.20q is out of range, want 1 or more", text)
		}
	}
	return f, nil
}

func (f filter) matches(t memory.Trace) bool {
	if f == (filter{limit: f.limit}) {
		return true
	}
	var named, served, failed bool
	for _, span := range t.Spans {
		named = named || within(span.Name(), f.name)
		served = served || within(serviceOf(span), f.service)
		failed = failed || span.Status().Code == codes.Error
	}
	if f.status != "" && failed != (f.status == "error") || !named || !served || !f.found(t) {
		return false
	}
	start, end := extent(t)
	return end.Sub(start) >= f.atLeast
}

// within reports whether what the page shows of text holds part, which is in lower case.
func within(text, part string) bool {
	return part == "" || strings.Contains(strings.ToLower(spantext.CutBytes(text, shownName)), part)
}

func serviceOf(span sdktrace.ReadOnlySpan) string {
	if span.Resource() == nil {
		return ""
	}
	name, _ := span.Resource().Set().Value(attribute.Key("service.name"))
	return name.AsString()
}

// extent is when the trace's first span began and its last one ended.
func extent(t memory.Trace) (start, end time.Time) {
	for i, span := range t.Spans {
		if i == 0 || span.StartTime().Before(start) {
			start = span.StartTime()
		}
		if i == 0 || span.EndTime().After(end) {
			end = span.EndTime()
		}
	}
	return start, end
}
