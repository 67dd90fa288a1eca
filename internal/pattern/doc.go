// Package pattern writes regular expressions for JSON Schemas, in the syntax that ECMA-262 and RE2 share: without
// look-around, flags and classes such as \s. They are not anchored, so that they can be parts of others; [Whole] anchors
// one.
//
// An expression that stands for a parser accepts nothing that the parser refuses. It may refuse a spelling that is not in
// use. The package that has the parser has its expression too; this package has the common parts.
package pattern
