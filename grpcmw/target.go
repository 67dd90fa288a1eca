package grpcmw

import (
	"net/netip"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"weak"

	"google.golang.org/grpc"

	"github.com/spanroute/spanroute/internal/semattr"
)

// target is the server that a dial target or an :authority names.
type target struct {
	host string
	port int
}

// authorities caches the last :authority: most clients of one server send the same.
type authorities struct {
	last atomic.Pointer[knownAuthority]
}

type knownAuthority struct {
	text   string
	target target
}

// of parses host, host:port, [v6] or [v6]:port. For any other text it returns the zero target.
func (a *authorities) of(text string) target {
	if text == "" {
		return target{}
	}
	if last := a.last.Load(); last != nil && last.text == text {
		return last.target
	}
	var found target
	if host, port, ok := semattr.HostPort(text); ok {
		found = target{semattr.Text(host), port}
	}
	if len(text) <= semattr.MaxText {
		a.last.Store(&knownAuthority{text, found})
	}
	return found
}

// targets caches the targets of connections: the last one in a field, all of them in a map. Connections are not kept
// alive, and a collected one is removed from the map.
type targets struct {
	last atomic.Pointer[knownTarget]
	all  *knownTargets
}

// knownTargets refers to nothing from which a connection can be reached. The cleanup of a connection refers to it, and
// would otherwise keep the connection in memory.
type knownTargets struct{ sync.Map } // weak.Pointer[grpc.ClientConn] to *knownTarget

type knownTarget struct {
	cc     weak.Pointer[grpc.ClientConn]
	target target
}

func (t *targets) of(cc *grpc.ClientConn) target {
	if last := t.last.Load(); last != nil && last.cc.Value() == cc {
		return last.target
	}
	key := weak.Make(cc)
	known, ok := t.all.Load(key)
	if !ok {
		found, loaded := parseTarget(cc.CanonicalTarget(), cc.Target()), false
		found.host = semattr.Own(found.host)
		known, loaded = t.all.LoadOrStore(key, &knownTarget{key, found})
		if !loaded {
			all := t.all
			runtime.AddCleanup(cc, func(key weak.Pointer[grpc.ClientConn]) { all.Delete(key) }, key)
		}
	}
	found := known.(*knownTarget)
	t.last.Store(found)
	return found.target
}

// parseTarget parses a target in the form scheme://authority/endpoint that grpc-go gives it. The authority is that of
// a name server and is ignored. For a form that is not supported it returns the whole dialled target.
func parseTarget(canonical, dialled string) target {
	scheme, rest, _ := strings.Cut(canonical, "://")
	_, endpoint, found := strings.Cut(rest, "/")
	if !found {
		return target{host: dialled}
	}
	switch scheme {
	case "dns", "passthrough":
		if host, port, ok := splitEndpoint(endpoint); ok {
			return target{host, port}
		}
	case "unix":
		return target{host: socketPath(scheme, endpoint, dialled)}
	case "unix-abstract":
		return target{host: "@" + socketPath(scheme, endpoint, dialled)}
	}
	return target{host: dialled}
}

// splitEndpoint accepts host, host:port, v6, [v6] and [v6]:port.
func splitEndpoint(endpoint string) (host string, port int, ok bool) {
	if addr, err := netip.ParseAddr(endpoint); err == nil && addr.Is6() {
		return endpoint, 0, true
	}
	return semattr.HostPort(endpoint)
}

// socketPath returns the path that the unix resolver dials. The endpoint has lost its first slash, so the path is
// taken from the dialled target; a scheme that was added by default means an absolute path.
func socketPath(scheme, endpoint, dialled string) string {
	u, err := url.Parse(dialled)
	if err != nil || u.Scheme != scheme {
		return "/" + endpoint
	}
	if u.Path != "" {
		return u.Path
	}
	return u.Opaque
}
