package mw

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"sync/atomic"
)

// response is the state of a response while the handler writes it. It is safe for concurrent use, because handlers may
// write from several goroutines, and after they returned.
type response struct {
	w        http.ResponseWriter // the wrapped one
	status   atomic.Int32        // final status, 0 until it is sent
	bytes    atomic.Int64        // accepted by Write, WriteString and ReadFrom
	hijacked atomic.Bool
	timedOut atomic.Bool // a write returned http.ErrHandlerTimeout
}

// writer is the ResponseWriter that handlers get, without the optional interfaces.
//
// How it works. newWriter, which is generated, returns one of 64 types that embed writer: the one with exactly those
// optional interfaces that the wrapped writer has, so that a handler finds the same interfaces as without the
// middleware. All types are one pointer wide, so that the conversion to an interface does not allocate. The methods
// record what is written in the serverSpan and call the wrapped writer.
type writer struct{ span *serverSpan }

// Header returns the header of the wrapped writer.
func (w writer) Header() http.Header { return w.span.w.Header() }

// Unwrap returns the wrapped writer. http.ResponseController calls it.
func (w writer) Unwrap() http.ResponseWriter { return w.span.w }

// WriteHeader records the first final status. The wrapped writer panics for an invalid code.
func (w writer) WriteHeader(code int) {
	if misuse := w.span.headerMisuse(); misuse != "" && w.span.misused(misuse) {
		return
	}
	if code == http.StatusSwitchingProtocols || code >= 200 && code <= 999 {
		w.span.begin(code)
	}
	w.span.w.WriteHeader(code)
}

// Write records the status 200 if no status was written.
func (w writer) Write(p []byte) (int, error) {
	if w.span.hijacked.Load() && len(p) > 0 && w.span.misused(writeOnHijacked) {
		return 0, http.ErrHijacked
	}
	w.span.begin(http.StatusOK)
	n, err := w.span.w.Write(p)
	w.span.wrote(int64(n), err)
	return n, err
}

func (w writer) writeString(s string) (int, error) {
	if w.span.hijacked.Load() && s != "" && w.span.misused(writeOnHijacked) {
		return 0, http.ErrHijacked
	}
	w.span.begin(http.StatusOK)
	n, err := w.span.w.(io.StringWriter).WriteString(s)
	w.span.wrote(int64(n), err)
	return n, err
}

// readFrom passes the reader itself to the wrapped writer, so that sendfile still works. An error before the first
// byte and before the header comes from the reader: it is not a failed write, and no header was sent.
func (w writer) readFrom(src io.Reader) (int64, error) {
	begun := w.span.status.Load() != 0
	n, err := w.span.w.(io.ReaderFrom).ReadFrom(src)
	if n > 0 {
		w.span.begin(http.StatusOK)
	}
	if n > 0 || begun {
		w.span.wrote(n, err)
	}
	return n, err
}

func (w writer) flush() { _ = w.flushError() }

func (w writer) flushError() error {
	w.span.begin(http.StatusOK)
	var err error
	switch f := w.span.w.(type) {
	case interface{ FlushError() error }:
		err = f.FlushError()
	case http.Flusher:
		f.Flush()
	}
	w.span.wrote(0, err)
	return err
}

func (w writer) hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := w.span.w.(http.Hijacker).Hijack()
	if err == nil {
		w.span.hijacked.Store(true)
	}
	return conn, rw, err
}

func (w writer) push(target string, opts *http.PushOptions) error {
	return w.span.w.(http.Pusher).Push(target, opts)
}

func (w writer) closeNotify() <-chan bool {
	return w.span.w.(http.CloseNotifier).CloseNotify() //nolint:staticcheck // deprecated, but handlers may still use it
}

// begin records the final status and the headers that are sent with it, once. After a hijack nothing is sent.
func (s *serverSpan) begin(code int) {
	if s.status.Load() != 0 || s.hijacked.Load() || !s.status.CompareAndSwap(0, int32(code)) {
		return
	}
	if capture := s.m.captureResponse; !capture.Empty() {
		sent := capture.AppendRedacted(nil, s.w.Header().Values, s.m.redactHeader)
		s.mu.Lock()
		s.sent = sent
		s.mu.Unlock()
	}
}

// wrote records the result of a write.
func (s *serverSpan) wrote(n int64, err error) {
	if s.m.bodySizes {
		s.bytes.Add(n)
	}
	if err == nil || errors.Is(err, http.ErrBodyNotAllowed) || errors.Is(err, http.ErrHijacked) {
		return
	}
	if errors.Is(err, http.ErrHandlerTimeout) {
		s.timedOut.Store(true)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fault == nil {
		s.fault = err
	}
}

// countedBody counts the bytes that the handler reads from a request body of unknown length.
type countedBody struct {
	io.ReadCloser
	n atomic.Int64
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.n.Add(int64(n))
	return n, err
}
