package registrytest

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"

	"github.com/spanroute/spanroute/internal/schema"
	"github.com/spanroute/spanroute/registry/settings"
)

// marker is the value of secret keys that secretsStaySecret searches for. It does not occur in other texts.
const marker = "registrytest9secret"

func secretsStaySecret(s *subject) {
	var seen record
	s.refusals(&seen)
	section := copied(s.valid)
	for _, k := range s.secrets() {
		for _, alias := range k.Aliases {
			schema.Remove(section, alias)
		}
		schema.Put(section, k.Path, secretValue(k))
	}
	if _, err := s.prepare(section); err != nil {
		seen.add(err) // the exporter requires another form
	} else {
		s.use(section, &seen)
	}
	s.use(s.valid, &seen)
	for _, secret := range append(s.given(), marker, base64.StdEncoding.EncodeToString([]byte(marker))) {
		if line, found := seen.find(secret); found {
			s.faultf("a secret value shows up: %s", strings.ReplaceAll(line, secret, "<the secret>"))
		}
	}
}

// refusals records errors about sections that contain secrets.
func (s *subject) refusals(seen *record) {
	for _, k := range s.secrets() {
		for _, v := range []any{marker, []any{marker, []any{marker}}, map[string]any{"registrytest": map[string]any{"x": marker}}} {
			section := copied(s.valid)
			schema.Put(section, k.Path, v)
			section["registrytest_no_such_key"] = marker
			_, err := s.prepare(section)
			seen.add(err)
		}
	}
}

// use opens, exports, flushes and shuts down, and records every error and log line.
func (s *subject) use(section map[string]any, seen *record) {
	logger := slog.New(slog.NewTextHandler(seen, &slog.HandlerOptions{Level: slog.LevelDebug - 10}))
	before := len(s.faults)
	x := s.openWith(section, logger)
	if x != nil {
		err, _ := s.export("export", x, ordinary())
		seen.add(err)
		s.flush(x)
		seen.add(s.shut(x))
	}
	for _, fault := range s.faults[before:] {
		seen.add(fmt.Errorf("%s", fault))
	}
	s.faults = s.faults[:before] // other checks report them
}

func (s *subject) secrets() []settings.Key {
	var keys []settings.Key
	for _, k := range s.about.Keys {
		if k.Secret {
			keys = append(keys, k)
		}
	}
	return keys
}

// given lists the secrets of the valid section: values of secret keys, and passwords in URLs. It leaves out those that
// are too short to be recognised in a text.
func (s *subject) given() []string {
	var texts []string
	for _, k := range s.about.Keys {
		v, _ := find(s.valid, k)
		text, _ := v.(string)
		if !k.Secret {
			text = password(text)
		}
		if len(text) >= 6 {
			texts = append(texts, text)
		}
	}
	return texts
}

// password returns the password of a URL, or "".
func password(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.User == nil {
		return ""
	}
	secret, _ := u.User.Password()
	return secret
}

// secretValue returns a value for k that contains the marker, or nil for numbers, which cannot contain it.
func secretValue(k settings.Key) any {
	switch k.Type {
	case "map":
		return map[string]any{"x-registrytest": marker}
	case "list":
		return []any{marker}
	case "string":
		return marker
	}
	return nil
}

// A record collects the lines of errors and of a log.
type record struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer, for a log.
func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.b.Write(p)
}

func (r *record) add(err error) {
	if err != nil {
		fmt.Fprintln(r, err)
	}
}

// find returns the first line that contains text.
func (r *record) find(text string) (line string, found bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for line := range strings.Lines(r.b.String()) {
		if strings.Contains(line, text) {
			return strings.TrimSpace(line), true
		}
	}
	return "", false
}
