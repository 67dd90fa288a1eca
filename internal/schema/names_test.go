package schema_test

import (
	"testing"

	"github.com/spanroute/spanroute/internal/schema"
)

func TestNames(t *testing.T) {
	if got := schema.EnvName("SPANROUTE_", "jaeger.thrift.agent_port"); got != "SPANROUTE_JAEGER_THRIFT_AGENT_PORT" {
		t.Errorf("EnvName = %s", got)
	}
	if got := schema.FlagName("jaeger.thrift.agent_port"); got != "tracing.jaeger.thrift.agent-port" {
		t.Errorf("FlagName = %s", got)
	}
}
