// Package configfile reads configuration files: bytes become entries with positions.
//
// It reads YAML, of which JSON is a part, as nodes, and a scalar by the type of its key, never by YAML's guess: "0.30" stays a
// header value, and yes is not a sample rate. What keys exist and which of them are secret comes from the key table that the
// caller passes in. Other layers, defaults and the meaning of values are outside of this package.
//
// A problem has the place of the mistake. The YAML parser reports the line where it stopped, in its own terms; a second,
// tolerant reader of lines finds the usual mistakes and names them in plain words.
package configfile
