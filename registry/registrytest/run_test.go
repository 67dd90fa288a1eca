package registrytest_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/registrytest"
	"github.com/spanroute/spanroute/registry/settings"
)

func TestAGoodExporterPasses(t *testing.T) {
	registrytest.Run(t, broken(nil), map[string]any{"path": filepath.Join(t.TempDir(), "spans"), "token": "hunter2222", "deep": map[string]any{"rate": 1}})
}

func TestAnExporterOfTheDeliveryEnginePasses(t *testing.T) {
	for name, verdict := range map[string]delivery.Verdict{"receiver up": delivery.Delivered, "receiver down": delivery.Retry} {
		t.Run(name, func(t *testing.T) { registrytest.Run(t, engine(names{}, verdict), nil) })
	}
}

// Each row breaks one rule. Run must report that rule and no other. The checks run in a bubble, where a call that does
// not return costs no time.
func TestFaultsOfBrokenFactories(t *testing.T) {
	var completions time.Duration
	for _, tt := range []struct {
		name  string
		f     registry.Factory
		valid map[string]any
		check string
		want  string
	}{
		{"no doc", conforming[struct {
			A int `koanf:"a"`
		}](), nil, "every key has a doc", "a has no doc tag"},
		{"untagged secrets", conforming[struct {
			A []string          `koanf:"api_key" doc:"x"`
			B map[string]string `koanf:"headers" doc:"x"`
			C struct {
				P string `koanf:"db_password" doc:"x"`
			} `koanf:"c"`
		}](), nil, "secrets are tagged", `c.db_password is named like a secret and has no secret:"true" tag`},
		{"defaults outside the range", registry.NewFactory("x", func() (s struct {
			Port int `koanf:"port" range:"1..65535" doc:"x"`
		}) {
			s.Port = 70000
			return s
		}, open), nil, "defaults decode into themselves", "the default of port is refused: 70000 is out of range, want 1 to 65535"},
		{"a default outside the range, set by the valid section", defaulting(ranged{Port: 70000, Wait: time.Second}), map[string]any{"port": 443},
			"defaults decode into themselves", "the default of port is refused: 70000 is out of range, want 1 to 65535"},
		{"a negative duration", defaulting(ranged{Wait: -1}), nil, "defaults decode into themselves", `the default of wait is refused: "-1ns" is out of range, want more than 0`},
		{"a default outside the enumeration", defaulting(listed{Mode: "lines"}), map[string]any{"mode": "json"}, "defaults decode into themselves",
			`the default of mode is refused: "lines" is unknown, want json or text`},
		{"a default of the enumeration in other letters", defaulting(listed{Mode: "JSON"}), nil, "defaults decode into themselves",
			`the default of mode is "JSON", want json or text in the letter case of the enum tag`},
		{"an item outside the enumeration", defaulting(listed{Parts: []string{"json", "lines"}}), map[string]any{"elements": "text"}, "defaults decode into themselves",
			`the default of parts is refused: "lines" is unknown, want json or text`},
		{"completion that goes on", completing(func(s *conf, _ *registry.Completion) { s.MaxKey++ }), nil, "completion is pure", "completing completed settings changes max_key"},
		{"completion that depends on more than the section", completing(func(s *conf, _ *registry.Completion) { completions++; s.Deep.Wait = completions }), nil, "completion is pure", "completion of one section has two results"},
		{"completion that makes a wrong value", completing(func(s *conf, _ *registry.Completion) { s.Deep.Rate = 2 }), nil, "completion is pure", "completed settings are refused: deep.rate: 2 is out of range, want 0 to 1"},
		{"a notice about an alias", completing(func(_ *conf, c *registry.Completion) { c.Note(settings.Ignored, "file", "not used", "") }), nil, "completion is pure", `a notice is about "file", which is not a key: not used`},
		{"Validate starts a goroutine", conforming[starts](), map[string]any{"a": "x"}, "prepare has no effect", "prepare leaves goroutines"},
		{"Validate opens a file", conforming[opens](), map[string]any{"a": "x"}, "prepare has no effect", "prepare leaves 2 open files or sockets"},
		{"openings share a file", shared(), nil, "two openings are independent", "shutting down one exporter broke another: "},
		{"empty export fails", broken(func(x *file, _ registry.BuildContext, _ conf) {
			x.export = func(x *file, _ context.Context, spans []sdktrace.ReadOnlySpan) error {
				if len(spans) == 0 {
					return errors.New("no spans")
				}
				return x.write(spans)
			}
		}), nil, "empty export is nil", "export of no spans: no spans, want nil"},
		{"not for several goroutines", broken(func(x *file, _ registry.BuildContext, _ conf) {
			var busy sync.Mutex
			x.export = func(x *file, _ context.Context, spans []sdktrace.ReadOnlySpan) error {
				if !busy.TryLock() {
					panic("called twice at once")
				}
				defer busy.Unlock()
				time.Sleep(time.Millisecond)
				return x.write(spans)
			}
		}), nil, "exports at once", "8 exports at once: panic: called twice at once"},
		{"panics on NaN", broken(func(x *file, _ registry.BuildContext, _ conf) {
			x.export = func(x *file, _ context.Context, spans []sdktrace.ReadOnlySpan) error {
				for _, span := range spans {
					for _, a := range span.Attributes() {
						if a.Valid() && math.IsNaN(a.Value.AsFloat64()) {
							panic("NaN")
						}
					}
				}
				return x.write(spans)
			}
		}), nil, "odd spans", "export of a span with NaN and infinities: panic: NaN"},
		{"panics on a nil resource", broken(func(x *file, _ registry.BuildContext, _ conf) {
			x.export = func(x *file, _ context.Context, spans []sdktrace.ReadOnlySpan) error {
				for _, span := range spans {
					_ = *span.Resource()
				}
				return x.write(spans)
			}
		}), nil, "odd spans", "export of a span with a nil resource: panic: "},
		{"encoder panics", engine(names{panics: true}, delivery.Delivered), nil, "odd spans", "2 of 20 odd spans are dropped (encode): panic in Encode"},
		{"encoder loses spans", engine(names{loses: true}, delivery.Delivered), nil, "odd spans", "4 of 20 odd spans are dropped (encode): encoder left "},
		{"sender panics", engine(names{}, panicking), nil, "odd spans", "odd spans are dropped (panic): "},
		{"ignores its context", broken(func(x *file, _ registry.BuildContext, _ conf) {
			x.export = func(x *file, ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
				if ctx.Err() != nil {
					<-stop
				}
				return x.write(spans)
			}
		}), nil, "cancelled context", "export with a cancelled context: has not returned after 1s"},
		{"shutdown ignores its context", broken(func(x *file, _ registry.BuildContext, _ conf) {
			x.shutdown = func(x *file, ctx context.Context) error {
				if ctx.Err() != nil {
					<-stop
				}
				return x.close()
			}
		}), nil, "cancelled context", "shutdown with a cancelled context: has not returned after 1s"},
		{"second shutdown fails", broken(func(x *file, _ registry.BuildContext, _ conf) {
			x.shutdown = func(x *file, _ context.Context) error {
				if x.closed {
					return os.ErrClosed
				}
				return x.close()
			}
		}), nil, "shutdown", "the second shutdown: file already closed, want nil"},
		{"export after shutdown", broken(func(x *file, _ registry.BuildContext, _ conf) {
			x.export = func(x *file, _ context.Context, spans []sdktrace.ReadOnlySpan) error {
				_ = x.write(spans)
				return nil
			}
		}), nil, "shutdown", "export after shutdown: nil, want an error"},
		{"leaves a goroutine", broken(func(x *file, _ registry.BuildContext, _ conf) {
			go func() { <-stop }()
		}), nil, "nothing is left", "shutdown leaves goroutines"},
		{"leaves a file", broken(func(x *file, _ registry.BuildContext, s conf) {
			leaked(os.Open(s.Path))
		}), nil, "nothing is left", "shutdown leaves 1 open files or sockets"},
		{"logs a secret", broken(func(x *file, c registry.BuildContext, s conf) {
			c.Logger().Debug("opened", "token", s.Token)
		}), map[string]any{"token": "hunter2222"}, "secrets stay secret", "a secret value shows up: "},
		{"logs the password of a URL", registry.NewFactory("x", nil, func(_ context.Context, c registry.BuildContext, s address) (sdktrace.SpanExporter, error) {
			c.Logger().Info("opened", "endpoint", s.Endpoint)
			return openFile(os.DevNull)
		}), map[string]any{"endpoint": "http://u:hunter2222@h"}, "secrets stay secret", "http://u:<the secret>@h"},
		{"a header in an error", broken(func(x *file, _ registry.BuildContext, s conf) {
			x.export = func(x *file, _ context.Context, spans []sdktrace.ReadOnlySpan) error {
				if len(s.Headers) > 0 {
					return fmt.Errorf("refused with %v", s.Headers)
				}
				return x.write(spans)
			}
		}), nil, "secrets stay secret", "refused with [{x-registrytest <the secret>}]"},
		{"a secret in the error of build", registry.NewFactory("x", defaults, func(_ context.Context, _ registry.BuildContext, s conf) (sdktrace.SpanExporter, error) {
			if s.Token != "" {
				return nil, fmt.Errorf("cannot log in as %s", s.Token)
			}
			return openFile(s.Path)
		}), nil, "secrets stay secret", "cannot log in as <the secret>"},
		{"a secret in the error of Validate", conforming[blabs](), nil, "secrets stay secret", "token: <the secret> is bad"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			found := faultsInBubble(t, tt.f, tt.valid)
			if tt.check == "prepare has no effect" {
				delete(found, "nothing is left") // each opening is prepared
			}
			if checks := slices.Collect(maps.Keys(found)); len(checks) != 1 || checks[0] != tt.check {
				t.Fatalf("faults %q, want one of %q alone", found, tt.check)
			}
			if text := strings.Join(found[tt.check], "\n"); !strings.Contains(text, tt.want) {
				t.Errorf("faults %s\nwant %s", text, tt.want)
			}
		})
	}
}

// faultsInBubble runs every check with the clock of a bubble. What the factories leave waiting for stop ends afterwards.
func faultsInBubble(t *testing.T, f registry.Factory, valid map[string]any) (found map[string][]string) {
	synctest.Test(t, func(*testing.T) {
		stop = make(chan struct{})
		found = registrytest.Faults(f, valid)
		close(stop)
	})
	return found
}

func TestWhatCannotBeCheckedIsReportedAtOnce(t *testing.T) {
	for name, tt := range map[string]struct {
		f     registry.Factory
		valid map[string]any
		want  string
	}{
		"invalid factory": {conforming[struct{ A int }](), nil, "A has no koanf tag"},
		"invalid section": {conforming[blabs](), map[string]any{"tokn": "x"}, `the valid section is refused: tokn: unknown key; did you mean "token"?`},
	} {
		for check, faults := range registrytest.Faults(tt.f, tt.valid) {
			if len(faults) != 1 || !strings.Contains(faults[0], tt.want) {
				t.Errorf("%s: %s: %q, want %s", name, check, faults, tt.want)
			}
		}
	}
}

// unparsable has tags that NewFactory refuses. A plugin registers it in init, as here in the child process.
var unparsable = conforming[struct {
	Port int    `koanf:"port" range:"1-65535" doc:"port"`
	Mode string `koanf:"mode" secret:"maybe" doc:"mode"`
}]()

func init() {
	if os.Getenv("REGISTRYTEST_BROKEN") == "tags" {
		registry.Register(unparsable)
	}
}

// TestRunFailsTheTest runs tests of broken plugins in child processes: Run must fail them and print the reason of the rule.
func TestRunFailsTheTest(t *testing.T) {
	undocumented := conforming[struct {
		A int `koanf:"a"`
	}]()
	switch os.Getenv("REGISTRYTEST_BROKEN") {
	case "doc":
		registrytest.Run(t, undocumented, nil)
		return
	case "tags":
		registrytest.Run(t, unparsable, nil)
		return
	case "section":
		registrytest.Run(t, undocumented, map[string]any{"b": 1})
		return
	}
	for name, wants := range map[string][]string{
		"doc": {
			"--- FAIL: TestRunFailsTheTest/every_key_has_a_doc",
			"a has no doc tag",
			"why: the doc tag is all that `spanroute exporters <name>` can print about a key",
			"--- PASS: TestRunFailsTheTest/nothing_is_left",
		},
		"tags": {
			"--- FAIL: TestRunFailsTheTest/every_key_has_a_doc",
			"--- FAIL: TestRunFailsTheTest/secrets_stay_secret",
			`exporter "x": Port: range tag "1-65535" is not of the form lo..hi`,
			`exporter "x": Mode: secret tag "maybe" is neither true nor false`,
			"why: a factory that cannot be registered",
		},
		"section": {
			"--- FAIL: TestRunFailsTheTest/nothing_is_left",
			"the valid section is refused: b: unknown key",
			"why: a factory that cannot be registered, or does not accept the section given to Run, cannot be checked",
		},
	} {
		cmd := exec.Command(os.Args[0], "-test.run=^TestRunFailsTheTest$", "-test.v")
		cmd.Env = append(os.Environ(), "REGISTRYTEST_BROKEN="+name)
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			t.Fatalf("%s: the test of a broken factory ended with %v, want a failure\n%s", name, err, out)
		}
		for _, want := range wants {
			if !strings.Contains(string(out), want) {
				t.Errorf("%s: the output lacks %q:\n%s", name, want, out)
			}
		}
	}
}
