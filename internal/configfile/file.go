package configfile

import "github.com/spanroute/spanroute/internal/keytable"

// Input is one file and all that reading it depends on. Parse reads nothing else: no file, no variable of the process
// and no clock.
type Input struct {
	Data     []byte
	Section  string            // dotted path of the section; "." for a bare section, "" for the usual places
	Env      map[string]string // for ${VAR}
	Table    *keytable.Table
	Selected []string      // exporters that files before this one select, for hints
	Report   func(Problem) // receives each problem
	Secret   func(string)  // receives each value of a secret-looking variable, before problems that could show it
}

// A File holds the entries of one file.
type File struct {
	Entries  []*Entry // in the order of the file
	Selected []string // Input.Selected and the exporters that the file selects
}

// Parse reads one file. A file that is not YAML, or that exceeds a bound, has no entries.
//
// How it works: the encoding and the size of the tree are checked; the parser makes
// nodes; the nodes are counted, and keys that occur twice are found. If a step fails, its fault is the only problem of the
// file. Then the lines that belong to secrets are marked, so that no excerpt shows them, the section is found in one of its
// places, and each member becomes an entry: the key table gives its type, variables are put in, and the text is converted.
// A file that sets nothing is reported with the most likely reason.
func Parse(in Input) File {
	r := &report{emit: in.Report}
	root, text, fault := parseYAML(in.Data, in.Table)
	r.text = text
	if fault != nil {
		text.unparsed = true
		r.reject(fault)
		return File{Selected: in.Selected}
	}
	w := &walker{table: in.Table, report: r, convert: converter{report: r, expander: &expander{report: r, env: in.Env, secret: in.Secret}}, selected: in.Selected}
	d := &document{path: in.Section, table: in.Table, report: r, walker: w}
	if root != nil {
		w.hidden = newSecretLines(text, root)
	}
	if root != nil && !isNull(resolve(root)) {
		d.read(resolve(root))
		d.keysBeside(resolve(root))
	}
	if !r.touched && len(w.entries) == 0 {
		d.setsNothing(root)
	}
	return File{Entries: w.entries, Selected: w.selected}
}
