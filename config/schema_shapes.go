package config

import (
	"math"

	"github.com/spanroute/spanroute/internal/endpoint"
	"github.com/spanroute/spanroute/internal/jsonschema"
	"github.com/spanroute/spanroute/internal/keytable"
	"github.com/spanroute/spanroute/internal/pattern"
	"github.com/spanroute/spanroute/internal/policy"
	"github.com/spanroute/spanroute/registry/settings"
	"github.com/spanroute/spanroute/sampling"
)

// shapes are the schemas of values by the tag format of a key. A shape accepts nothing that the normalizer of the format
// refuses. A format without a shape needs no more than the type and the range of the key.
var shapes = map[string]func(*keytable.Table, settings.Key) jsonschema.Schema{
	"exporters":   exportersShape,
	"propagators": propagatorsShape,

	"url_patterns": func(*keytable.Table, settings.Key) jsonschema.Schema {
		return jsonschema.List(jsonschema.Pattern(policy.BracesInText)).AtMost(policy.MaxPatterns)
	},
	"path_globs": func(*keytable.Table, settings.Key) jsonschema.Schema {
		return jsonschema.List(jsonschema.Pattern(policy.PathGlobsInText), jsonschema.Pattern(policy.PathGlobPattern)).AtMost(policy.MaxPatterns)
	},
	"rpc_globs": func(*keytable.Table, settings.Key) jsonschema.Schema {
		return jsonschema.List(jsonschema.Pattern(policy.RPCGlobsInText), jsonschema.Pattern(policy.RPCGlobPattern)).AtMost(policy.MaxPatterns)
	},
	"query_keys": func(*keytable.Table, settings.Key) jsonschema.Schema {
		return jsonschema.List(jsonschema.AtMostItems(policy.MaxQueryKeys)).AtMost(policy.MaxQueryKeys)
	},
	"networks": func(*keytable.Table, settings.Key) jsonschema.Schema {
		return jsonschema.List(jsonschema.Pattern(pattern.Whole(pattern.List(pattern.Network))),
			jsonschema.Pattern(pattern.Whole(pattern.Space+pattern.Network+pattern.Space)))
	},
	"fsync": func(*keytable.Table, settings.Key) jsonschema.Schema {
		return jsonschema.Text(jsonschema.Enum("always", "none"), jsonschema.PositiveDuration)
	},
	"headers": func(*keytable.Table, settings.Key) jsonschema.Schema {
		return jsonschema.Pairs(jsonschema.Headers(jsonschema.TokenClass))
	},
	"metadata": func(*keytable.Table, settings.Key) jsonschema.Schema {
		return jsonschema.Pairs(jsonschema.Headers(jsonschema.MetadataClass))
	},

	"sampling_endpoint": func(*keytable.Table, settings.Key) jsonschema.Schema { return jsonschema.Text(samplingServers()...) },

	"rules": func(_ *keytable.Table, k settings.Key) jsonschema.Schema {
		return jsonschema.Schema{"type": []string{"array", "null"}, "items": jsonschema.Object(k.Objects, ruleRules()...)}.AtMost(sampling.MaxRules)
	},
	"host":     func(*keytable.Table, settings.Key) jsonschema.Schema { return jsonschema.Text(hostForm) },
	"url":      func(*keytable.Table, settings.Key) jsonschema.Schema { return jsonschema.Text(urlForm) },
	"endpoint": func(*keytable.Table, settings.Key) jsonschema.Schema { return jsonschema.Text(urlForm, targetForm) },
	"target":   func(*keytable.Table, settings.Key) jsonschema.Schema { return jsonschema.Text(targetForm) },
	"ipv4":     func(*keytable.Table, settings.Key) jsonschema.Schema { return packedShape(math.MaxUint32, ipv4Form) },
	"ipv6":     func(*keytable.Table, settings.Key) jsonschema.Schema { return packedShape(maxIPv6, ipv6Form) },
}

// The forms of endpoints and addresses. A packed address is a number, also in quotes.
var (
	hostForm   = withoutLongHost(endpoint.HostPattern)
	urlForm    = withoutLongHost(endpoint.HTTPPattern)
	targetForm = withoutLongHost(endpoint.GRPCPattern)
	ipv4Form   = pattern.Whole(pattern.IPv4, pattern.Between(0, math.MaxUint32))
	ipv6Form   = pattern.Whole(pattern.IPv6, `(0|[1-9][0-9]{0,37})`)
	maxIPv6    = math.Nextafter(math.Ldexp(1, 128), 0)
)

func withoutLongHost(expression string) jsonschema.Schema {
	return jsonschema.AllOf(jsonschema.Pattern(expression), jsonschema.Not(jsonschema.Pattern(endpoint.LongHost)))
}

// packedShape accepts addresses as texts of the given form and as numbers up to highest.
func packedShape(highest float64, form string) jsonschema.Schema {
	s := jsonschema.Text(jsonschema.Pattern(form))
	s["type"], s["minimum"], s["maximum"] = []string{"string", "integer", "null"}, 0, highest
	return s
}

// exportersShape accepts the names and aliases of registered exporters, or none.
func exportersShape(t *keytable.Table, _ settings.Key) jsonschema.Schema {
	return jsonschema.WordListOr("none", t.Names, t.ExporterNames())
}

// propagatorsShape accepts the names of registered propagators, or none.
func propagatorsShape(t *keytable.Table, _ settings.Key) jsonschema.Schema {
	return jsonschema.WordListOr("none", t.Propagators, t.Propagators)
}

// samplingServers returns the forms of the endpoint of a sampling server: a URL for HTTP, or a target for gRPC. A URL with
// a port of gRPC and without a path is a target, which has no user.
func samplingServers() []jsonschema.Schema {
	const grpcPort = `:(5779|14250)/*\??$`
	target := pattern.Whole("(" + pattern.AnyCase("http", "https", "grpc", "grpcs") + "://)?" + endpoint.Authority + "/?")
	return []jsonschema.Schema{
		jsonschema.AllOf(urlForm, jsonschema.Not(jsonschema.Pattern(grpcPort))),
		withoutLongHost(target),
		jsonschema.Pattern(endpoint.ResolverPattern),
	}
}
