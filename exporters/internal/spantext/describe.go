package spantext

import (
	"encoding/hex"
	"strconv"
)

// maxDescribed is the maximum length of the name in a description, in bytes.
const maxDescribed = 32

// Describe returns the ids and the head of the name of a span, in a form that a log can hold.
func Describe(traceID, spanID []byte, name string) string {
	clean, _ := Clean(name)
	return "trace=" + hex.EncodeToString(traceID) + " span=" + hex.EncodeToString(spanID) + " name=" + strconv.Quote(CutBytes(clean, maxDescribed))
}
