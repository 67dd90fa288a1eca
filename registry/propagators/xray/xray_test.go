package xray_test

import (
	"context"
	"testing"

	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/propagators/internal/headertest"
	"github.com/spanroute/spanroute/registry/propagators/xray"
)

const (
	root = "Root=1-5759e988-bd862e3fe1be46a994272793"
	id   = "5759e988bd862e3fe1be46a994272793"
	span = "53995c3f42cd8ad8"
)

func TestHeaderIsRead(t *testing.T) {
	t.Parallel()
	p, err := registry.Default().Propagator("xray")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, header, want string }{
		{"sampled", root + ";Parent=" + span + ";Sampled=1", id + " " + span + " sampled"},
		{"unsampled", root + ";Parent=" + span + ";Sampled=0", id + " " + span + " unsampled"},
		{"without a decision", root + ";Parent=" + span + ";Sampled=?", id + " " + span + " unsampled"},
		{"with a lineage", root + ";Parent=" + span + ";Sampled=1;Lineage=a87bd80c:1|68fd508a:5", id + " " + span + " sampled"},
		{"of a load balancer", "Self=1-67891234-12456789abcdef012345678;" + root, ""},
		{"a root alone", root, ""},
		{"another version", "Root=2-5759e988-bd862e3fe1be46a994272793;Parent=" + span + ";Sampled=1", ""},
		{"not a header of X-Ray", "x", ""},
	} {
		if got := headertest.Describe(headertest.Read(t, p, "X-Amzn-Trace-Id: "+tt.header), t); got != tt.want {
			t.Errorf("%s: read %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestHeaderIsWritten(t *testing.T) {
	t.Parallel()
	p := xray.New()
	caller := headertest.Read(t, p, "X-Amzn-Trace-Id: "+root+";Parent="+span+";Sampled=1")
	for sampled, want := range map[bool]string{true: "1", false: "0"} {
		headertest.WantWritten(headertest.Below(caller, t, "", sampled), t, p, "x-amzn-trace-id: "+root+";Parent="+headertest.Own+";Sampled="+want)
	}
	headertest.WantWritten(context.Background(), t, p)
}
