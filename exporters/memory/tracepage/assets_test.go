package tracepage_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spanroute/spanroute/exporters/memory"
)

// maxAssets is the size of all files of the page together, in bytes.
const maxAssets = 60_000

func TestPageFiles(t *testing.T) {
	t.Parallel()
	targets := map[string]string{"/debug/traces": "text/html", "/?data=traces": "application/json"}
	names, err := filepath.Glob("assets/*")
	if err != nil {
		t.Fatal(err)
	}
	types := map[string]string{".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
	for _, name := range names {
		targets["/debug/traces?asset="+filepath.Base(name)] = types[filepath.Ext(name)]
	}
	for target, want := range targets {
		response := get(t, memory.NewStore(memory.Limits{}), target)
		body, _ := io.ReadAll(response.Body)
		if got := response.Header.Get("Content-Type"); response.StatusCode != 200 || !strings.HasPrefix(got, want) {
			t.Errorf("GET %s: %d %s, want %s", target, response.StatusCode, got, want)
		}
		policy := response.Header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") || response.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("GET %s: headers %v", target, response.Header)
		}
		for _, forbidden := range []string{"innerHTML", "http://", "https://", " style=", " onclick", "eval("} {
			if strings.Contains(string(body), forbidden) {
				t.Errorf("GET %s: the file holds %s", target, forbidden)
			}
		}
	}
}

func TestPageFilesAreSmall(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("assets/*")
	if err != nil || len(names) == 0 {
		t.Fatalf("%d files: %v", len(names), err)
	}
	total := int64(0)
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		total += info.Size()
	}
	if total >= maxAssets {
		t.Errorf("the files of the page have %d bytes, want less than %d", total, maxAssets)
	}
}
