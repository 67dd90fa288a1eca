package mw

import (
	"github.com/spanroute/spanroute/internal/forwarded"
)

// A ForwardedFamily is one of the two sets of headers in which proxies report the client of a request.
type ForwardedFamily int

const (
	// ForwardedBoth reads both families. If both are sent, a value counts only if they agree, because a proxy that
	// writes one of them passes on a forged header of the other. It is the default.
	ForwardedBoth = ForwardedFamily(forwarded.Both)
	// ForwardedRFC7239 reads only the header Forwarded of RFC 7239.
	ForwardedRFC7239 = ForwardedFamily(forwarded.RFC7239)
	// ForwardedX reads only X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Host.
	ForwardedX = ForwardedFamily(forwarded.X)
)
