package tracepage

import (
	"context"
	"encoding/hex"
	"io"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/spanroute/spanroute/exporters/internal/spantext"
)

const (
	// Bytes that are written at once, and bytes of a text that are escaped at once.
	streamBuffer = 32 << 10
	streamPiece  = 1 << 10
	// The time that one write may take. A client that does not read ends its answer.
	writePatience = 10 * time.Second
)

// stream writes one JSON document piece by piece. Its memory does not depend on the length of the document or of the
// texts in it. After the first failed write, or when the context ends, it writes nothing more.
type stream struct {
	ctx     context.Context
	w       io.Writer
	control *http.ResponseController
	buf     []byte
	scratch []byte
	sent    int  // bytes given to w
	follows bool // a value precedes at this level, so the next one needs a comma
	err     error
}

func newStream(ctx context.Context, w http.ResponseWriter) *stream {
	return &stream{ctx: ctx, w: w, control: http.NewResponseController(w), buf: make([]byte, 0, 2*streamBuffer)}
}

// size returns the number of bytes written so far.
func (s *stream) size() int { return s.sent + len(s.buf) }

func (s *stream) flush() {
	if s.err == nil {
		s.err = s.ctx.Err()
	}
	if s.err == nil && len(s.buf) > 0 {
		_ = s.control.SetWriteDeadline(time.Now().Add(writePatience)) // not every writer has deadlines
		_, s.err = s.w.Write(s.buf)
		s.sent += len(s.buf)
	}
	s.buf = s.buf[:0]
}

// wrote flushes a buffer that is full.
func (s *stream) wrote() {
	if len(s.buf) >= streamBuffer {
		s.flush()
	}
}

// next begins a value or a key.
func (s *stream) next() {
	if s.follows {
		s.buf = append(s.buf, ',')
	}
	s.follows = true
}

func (s *stream) begin(bracket byte) {
	s.next()
	s.buf = append(s.buf, bracket)
	s.follows = false
}

func (s *stream) end(bracket byte) {
	s.buf = append(s.buf, bracket)
	s.follows = true
	s.wrote()
}

func (s *stream) key(name string) {
	s.next()
	s.buf = append(append(append(s.buf, '"'), name...), '"', ':')
	s.follows = false
}

func (s *stream) integer(n int64) {
	s.next()
	s.buf = strconv.AppendInt(s.buf, n, 10)
}

func (s *stream) moment(at time.Time) {
	s.next()
	s.buf = append(at.AppendFormat(append(s.buf, '"'), time.RFC3339Nano), '"')
}

func (s *stream) id(id []byte) {
	s.next()
	s.buf = append(hex.AppendEncode(append(s.buf, '"'), id), '"')
}

// text writes text as a JSON string. Above most bytes it is cut and ends in an ellipsis; 0 means no limit.
func (s *stream) text(text string, most int) {
	s.next()
	s.buf = append(s.buf, '"')
	shown := text
	if most > 0 {
		shown = spantext.CutBytes(text, most)
	}
	for rest := shown; rest != "" && s.err == nil; {
		var piece string
		piece, rest = nextPiece(rest)
		s.buf = spantext.AppendEscaped(s.buf, piece)
		s.wrote()
	}
	if len(shown) < len(text) {
		s.buf = append(s.buf, "…"...)
	}
	s.buf = append(s.buf, '"')
}

// nextPiece cuts valid UTF-8 of at most streamPiece bytes off text. A run of other bytes is one U+FFFD.
func nextPiece(text string) (piece, rest string) {
	n := 0
	for n < len(text) && n < streamPiece-utf8.UTFMax {
		size := validRune(text[n:])
		if size == 0 {
			break
		}
		n += size
	}
	if n > 0 {
		return text[:n], text[n:]
	}
	for n < len(text) && validRune(text[n:]) == 0 {
		n++
	}
	return string(utf8.RuneError), text[n:]
}

// validRune returns the size of the first rune of text, or 0 if its first byte does not begin one.
func validRune(text string) int {
	if text[0] < utf8.RuneSelf {
		return 1
	}
	r, size := utf8.DecodeRuneInString(text)
	if r == utf8.RuneError && size == 1 {
		return 0
	}
	return size
}
