// Package oracle compares the JSON Schema of a configuration file with what package config makes of the file.
//
// The schema is compiled by a validator that is independent of spanroute, and the files are parsed as an editor parses
// them. The package is a module of its own, so that programs that use spanroute do not get the validator.
package oracle
