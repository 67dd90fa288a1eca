// Package version has the version of the module, which is the scope version of its spans and part of the user agent of
// its exporters.
package version

// Version is the module's version, without a leading v.
const Version = "0.1.0"

// UserAgent is the User-Agent of the exporters.
const UserAgent = "spanroute/" + Version
