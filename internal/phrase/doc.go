// Package phrase writes the parts that messages about keys and values share: quoted values, lists of words, and the
// nearest of several names.
package phrase
