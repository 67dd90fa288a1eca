package schema

import "strings"

// EnvName returns the environment variable of a key: EnvName("SPANROUTE_", "jaeger.thrift.agent_port") is
// "SPANROUTE_JAEGER_THRIFT_AGENT_PORT". Two paths may have the same variable. Package keytable reports such a pair.
func EnvName(prefix, path string) string {
	return prefix + strings.ToUpper(strings.ReplaceAll(path, ".", "_"))
}

// FlagName returns the command line flag of a key, without leading dashes:
// FlagName("jaeger.thrift.agent_port") is "tracing.jaeger.thrift.agent-port".
func FlagName(path string) string {
	return "tracing." + strings.ReplaceAll(path, "_", "-")
}
