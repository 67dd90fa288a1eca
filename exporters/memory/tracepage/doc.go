// Package tracepage serves a page that shows the traces of a memory store: a list, newest first, and each trace as a
// waterfall. [Handler] has the details and the rules about who may read it.
//
// # How it works
//
// The page is embedded files without a build step. Its modules read the JSON that the same handler serves under
// the same path with a query, and a long poll reports news. Answers are written piece by piece: a stream holds
// at most one piece of JSON, flushes it and goes on, so that an answer of any length needs constant memory. A span is
// cut where the answer would get too long; the download has everything.
package tracepage
