package configfile

import (
	"go.yaml.in/yaml/v3"

	"github.com/spanroute/spanroute/registry/settings"
)

// MaxBytes is the size up to which a file is read.
const MaxBytes = 1 << 20

// Bounds of one file, so that every input costs less than a second and little memory.
const (
	maxDepth     = 32
	maxNodes     = 50_000 // aliases are followed and counted each time
	maxTokens    = 4 * maxNodes
	maxTextBytes = 2 * MaxBytes // of all values together, aliases followed and variables put in
)

// A fileFault is a reason not to use a file at all.
//
// Its related nodes are the other end of a duplicate. Further problems of the file are not reported, since they would
// be consequences of this one. The place can only be one of the file itself, so that a line number of the parser needs
// no translation.
type fileFault struct {
	*settings.Fault
	line, column, width int
	related             []*yaml.Node
}

// faultAt returns a fault at a place. A place that is not known is the beginning of the file.
func faultAt(line, column, width int, f *settings.Fault) *fileFault {
	return &fileFault{Fault: f, line: max(line, 1), column: max(column, 1), width: max(width, 1)}
}

// nodeFault returns a fault that underlines the first line of a node.
func nodeFault(n *yaml.Node, f *settings.Fault) *fileFault {
	return faultAt(n.Line, n.Column, nodeWidth(n), f)
}
