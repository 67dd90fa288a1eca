package main

import (
	"bytes"
	"fmt"
	"testing"
)

func TestScreen(t *testing.T) {
	draw := func(terminal bool) string {
		var out bytes.Buffer
		s := &screen{out: &out, terminal: terminal}
		fmt.Fprint(s, "first\n")
		s.show("0 ended")
		s.show("0 ended")
		fmt.Fprint(s, "tree\n")
		s.show("3 ended")
		s.leave()
		fmt.Fprint(s, "stopping\n")
		return out.String()
	}
	if got, want := draw(false), "first\n0 ended\ntree\n3 ended\nstopping\n"; got != want {
		t.Errorf("into a file: %q, want %q", got, want)
	}
	if got, want := draw(true), "first\n\r\x1b[K0 ended\r\x1b[Ktree\n0 ended\r\x1b[K3 ended\nstopping\n"; got != want {
		t.Errorf("on a terminal: %q, want %q", got, want)
	}
}
