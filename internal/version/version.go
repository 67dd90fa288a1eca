// Package version holds the one version number of the module: the scope version of its spans and the
// user agent of its exporters.
package version

// Version is the module's version, without a leading v.
const Version = "0.1.0"

// UserAgent is what the exporters send as User-Agent.
const UserAgent = "spanroute/" + Version
