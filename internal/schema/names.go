package schema

import "strings"

// EnvName is the environment variable of a key: EnvName("SPANROUTE_", "jaeger.thrift.agent_port") is
// "SPANROUTE_JAEGER_THRIFT_AGENT_PORT". There is no way back: two paths may share a name.
func EnvName(prefix, path string) string {
	return prefix + strings.ToUpper(strings.ReplaceAll(path, ".", "_"))
}

// FlagName is the command line flag of a key, without dashes in front:
// FlagName("jaeger.thrift.agent_port") is "tracing.jaeger.thrift.agent-port".
func FlagName(path string) string {
	return "tracing." + strings.ReplaceAll(path, "_", "-")
}
