// Package mw traces net/http.
package mw

//go:generate go run writers_gen.go
