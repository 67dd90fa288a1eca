package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/registry/settings"
)

// Flags have three sources: the command's own flags, --config, and one flag for each key of the configuration. Values of
// the last two are not parsed here. They are collected as text and passed to config.Load, which checks them like values
// of any other source and reports them with the name of the flag.

// keyFlag is the prefix of the flag of a key.
const keyFlag = "tracing."

// newFlagSet returns a set that accepts flags before, between and after the arguments, up to "--". The name of a key's
// flag may contain _ instead of -, as the key does.
func newFlagSet(name string) *pflag.FlagSet {
	fs := pflag.NewFlagSet(name, pflag.ContinueOnError)
	fs.Usage = func() {} // run prints the usage
	fs.SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		if strings.HasPrefix(name, keyFlag) {
			name = strings.ReplaceAll(name, "_", "-")
		}
		return pflag.NormalizedName(name)
	})
	return fs
}

// keyValue holds the values of --config or of the flag of a key. Package config converts and checks them. A repeated flag
// keeps all of its values: the last one of a key counts, and each --config names a file.
type keyValue []string

func (v *keyValue) String() string         { return strings.Join(*v, ",") }
func (v *keyValue) Set(value string) error { *v = append(*v, value); return nil }
func (v *keyValue) Type() string           { return "string" }

// defineKeys adds --config and a flag for each key.
func defineKeys(fs *pflag.FlagSet) {
	fs.Var(new(keyValue), "config", "")
	for _, k := range config.Table(nil) {
		f := fs.VarPF(new(keyValue), k.Flag, "", "")
		if k.Type == settings.TypeBool {
			f.NoOptDefVal = "true"
		}
	}
}

// keysOf returns the flags defined by defineKeys that are set, with each of their values. A bool without a value is
// true, as for package flag.
func keysOf(fs *pflag.FlagSet) config.FlagSource {
	return func(yield func(name, value string) bool) {
		more := true // Visit cannot be stopped
		fs.Visit(func(f *pflag.Flag) {
			values, ok := f.Value.(*keyValue)
			for i := 0; ok && more && i < len(*values); i++ {
				more = yield(f.Name, (*values)[i])
			}
		})
	}
}

// doubleDashes writes the known flags among args with two dashes. Package flag accepts one dash, and so do the commands.
func doubleDashes(fs *pflag.FlagSet, args []string) []string {
	args = slices.Clone(args)
	for i, arg := range args {
		if arg == "--" {
			break
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(arg, "-"), "=")
		if len(name) > 1 && arg[0] == '-' && fs.Lookup(name) != nil {
			args[i] = "-" + arg
		}
	}
	return args
}

// describeFlagError returns the text of an error of package pflag. For an unknown flag it adds the nearest flag: pflag
// has no suggestions. A flag with one dash that is not known is an unknown group of one-letter flags to pflag.
func describeFlagError(fs *pflag.FlagSet, err error) string {
	unknown, ok := errors.AsType[*pflag.NotExistError](err)
	if !ok {
		return err.Error()
	}
	name := unknown.GetSpecifiedName()
	if letters := unknown.GetSpecifiedShortnames(); letters != "" { // written with one dash
		name, _, _ = strings.Cut(letters, "=")
	}
	fault := "unknown flag " + phrase.Quote("--"+name)
	if near := nearestFlag(fs, strings.ReplaceAll(name, "_", "-")); near != "" {
		return fault + "; did you mean " + phrase.Quote("--"+near) + "?"
	}
	return fault
}

// nearestFlag returns the flag that name is likely to mean, or "". A key without the prefix of its flag counts too. A
// mistake of one letter is more likely than a forgotten prefix, so the full names are compared first.
func nearestFlag(fs *pflag.FlagSet, name string) string {
	if fs.Lookup(keyFlag+name) != nil {
		return keyFlag + name
	}
	var names, keys []string
	fs.VisitAll(func(f *pflag.Flag) {
		names = append(names, f.Name)
		keys = append(keys, strings.TrimPrefix(f.Name, keyFlag))
	})
	if near, ok := phrase.Nearest(name, names); ok {
		return near
	}
	near, ok := phrase.Nearest(name, keys)
	if ok && fs.Lookup(near) == nil {
		return keyFlag + near
	}
	return near
}

// describeFlags lists the flags of a command itself. Call it before defineKeys. pflag would sort the flags of all keys
// among them.
func describeFlags(fs *pflag.FlagSet) string {
	var b strings.Builder
	fs.VisitAll(func(f *pflag.Flag) {
		fmt.Fprintf(&b, "  --%-14s %s\n", f.Name, f.Usage)
	})
	return b.String() + "  --config         a file; may be repeated\n  --tracing.<key>  a key of the section\n"
}
