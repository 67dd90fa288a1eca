package semattr

import "strings"

// maxMembers is the number of list members that a tracestate may have (W3C Trace Context, section 3.3.1.1).
const maxMembers = 32

// TraceState returns the lines of a tracestate as one value. A propagator keeps the members as parts of it, so it has
// at most a few bytes of padding: more than that, blanks around members and empty members are removed. A value with
// too many members is returned unchanged, because parsers reject it.
func TraceState(lines []string) string {
	text := strings.Join(lines, ",") // the line itself, if there is only one
	if !OwnerOf(len(text), 0).Copies() {
		return text
	}
	size, members := 0, 0
	for member := range strings.SplitSeq(text, ",") {
		if member = trimMember(member); member != "" {
			size += len(member) + 1
			members++
		}
	}
	if members > maxMembers || !OwnerOf(len(text), size).Copies() {
		return text
	}
	return withoutPadding(text, size)
}

func withoutPadding(text string, size int) string {
	var out strings.Builder
	out.Grow(size)
	for member := range strings.SplitSeq(text, ",") {
		if member = trimMember(member); member == "" {
			continue
		}
		if out.Len() > 0 {
			out.WriteByte(',')
		}
		out.WriteString(member)
	}
	return out.String()
}

// trimMember removes the blanks around a list member. A member of blanks only is invalid, not empty, and stays
// invalid.
func trimMember(member string) string {
	if trimmed := strings.Trim(member, " \t"); trimmed != "" {
		return trimmed
	}
	return member[:min(len(member), 1)]
}
