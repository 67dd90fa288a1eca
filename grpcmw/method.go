package grpcmw

import (
	"strings"

	"go.opentelemetry.io/otel/attribute"

	"github.com/spanroute/spanroute/internal/semattr"
)

// method holds the span name and rpc.method. original is the full method as called; it is recorded only if name is
// _OTHER.
type method struct{ span, name, original string }

// methodOf returns the method of fullMethod, which is registered or chosen by local code unless other is true. Names
// are cleaned like all other values.
func (in *rpcInstrumentation) methodOf(fullMethod string, other bool) method {
	if in.known != nil {
		other = !in.known(fullMethod)
	} else {
		other = other || !wellFormed(fullMethod)
	}
	return named(fullMethod, other)
}

func named(fullMethod string, other bool) method {
	name := semattr.Text(strings.TrimPrefix(fullMethod, "/"))
	if other || name == "" {
		return method{span: "grpc", name: semattr.Other, original: name}
	}
	return method{span: name, name: name}
}

// wellFormed reports whether fullMethod is /service/method, cut at the last slash as grpc-go does.
func wellFormed(fullMethod string) bool {
	slash := strings.LastIndexByte(fullMethod, '/')
	return slash > 1 && fullMethod[0] == '/' && fullMethod[1] != '/' && slash < len(fullMethod)-1
}

func (m method) append(attrs []attribute.KeyValue) []attribute.KeyValue {
	attrs = append(attrs, semattr.RPCSystemGRPC(), semattr.RPCMethod.String(m.name))
	if m.name == semattr.Other {
		attrs = append(attrs, semattr.RPCMethodOriginal.String(m.original))
	}
	return attrs
}
