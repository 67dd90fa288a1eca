package grpcmw

import (
	"maps"
	"strings"
	"sync/atomic"

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
	if other {
		return unknown(fullMethod)
	}
	return in.names.of(fullMethod)
}

// unknown is the method of a call that is named by nothing but what the peer sent.
func unknown(fullMethod string) method {
	return method{span: "grpc", name: semattr.Other, original: semattr.Own(strings.TrimPrefix(fullMethod, "/"))}
}

// methodNames remembers methods that are known, because there are few. A name is a copy: behind an HTTP server a full
// method is the path of a request, a part of the request line, which a span must not keep alive.
type methodNames struct {
	known atomic.Pointer[map[string]method]
}

// maxNames bounds the methods that one side remembers. It pays a copy for each call of the others.
const maxNames = 256

func (n *methodNames) of(fullMethod string) method {
	known := n.known.Load()
	if known != nil {
		if m, ok := (*known)[fullMethod]; ok {
			return m
		}
	}
	name := semattr.Own(strings.TrimPrefix(fullMethod, "/"))
	if name == "" {
		return unknown(fullMethod)
	}
	m := method{span: name, name: name}
	n.add(known, strings.Clone(fullMethod), m)
	return m
}

// add remembers m. When two goroutines do so at the same time, one of them tries again with its next call.
func (n *methodNames) add(known *map[string]method, fullMethod string, m method) {
	if len(fullMethod) > semattr.MaxText {
		return
	}
	next := map[string]method{fullMethod: m}
	if known != nil {
		if len(*known) >= maxNames {
			return
		}
		maps.Copy(next, *known)
	}
	n.known.CompareAndSwap(known, &next)
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
