// Package settings defines the types that describe an exporter's settings: keys, pairs of free-form maps, and faults
// with the key that they are about.
//
// Settings that check more than types return faults from their Validate method, or add them in a completion hook:
//
//	func (s Settings) Validate() error {
//		if s.Table == "" {
//			return &settings.KeyError{Key: "table", Err: settings.Errorf(settings.ErrMissing, "no table is set")}
//		}
//		return nil
//	}
//
// Package config adds the place where the key was set and reports all faults together. Values of this package must not
// be changed after they are passed on; then they are safe for concurrent use.
package settings
