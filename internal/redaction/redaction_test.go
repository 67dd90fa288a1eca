package redaction_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/spanroute/spanroute/internal/redaction"
)

// Package transport tests all forms in which a server can repeat a secret.
func TestText(t *testing.T) {
	sent := http.Header{"Authorization": {"Bearer hunter2-token"}, "X-Tenant": {"ab"}}
	to, err := url.Parse("http://user:hunter3@h/?api_key=hunter4&page=1")
	if err != nil {
		t.Fatal(err)
	}
	r := redaction.New(sent, to, nil)
	for text, want := range map[string]string{
		"no token Bearer hunter2-token here": "no token *** here",
		"token hunter2-token":                "token ***",
		"GET http://h/?api_key=hunter4":      "GET http://h/?api_key=***",
		"hunter3":                            "***",
		"tenant ab, not cab":                 "tenant ***, not cab",
		"a text without secrets, page 1":     "a text without secrets, page 1",
	} {
		if got := r.Text(text); got != want {
			t.Errorf("Text(%q) = %q, want %q", text, got, want)
		}
	}
	const cut = "a long text that may end in the beginning of a secret, such as these words and Bearer hunt"
	if got := r.Head(cut); len(got) > len(cut)-len("Bearer hunter2-token") {
		t.Errorf("Head = %q, want a text without the end that can be a secret", got)
	}
}
