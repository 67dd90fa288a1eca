// Package settings is the vocabulary in which an exporter and its operator speak about settings: keys, pairs
// of free-form maps, and faults that name a key.
//
// A factory that checks more than types returns faults from its Validate method or from its completion hook:
//
//	func (s Settings) Validate() error {
//		if s.Table == "" {
//			return &settings.KeyError{Key: "table", Err: settings.Errorf(settings.ErrMissing, "no table is set")}
//		}
//		return nil
//	}
//
// Package config adds the place where the operator wrote the key and prints all faults together. A value of
// this package is immutable once made and may be shared by goroutines.
package settings
