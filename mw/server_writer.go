package mw

import (
	"bufio"
	"io"
	"net"
	"net/http"
)

// writer is the ResponseWriter that handlers get, without the optional interfaces.
//
// How it works. newWriter, which is generated, returns one of 64 types that embed writer: the one with exactly those
// optional interfaces that the wrapped writer has, so that a handler finds the same interfaces as without the
// middleware. All types are one pointer wide, so that the conversion to an interface does not allocate. The methods
// record what is written in the response of the serverSpan and call the wrapped writer.
type writer struct{ response *response }

// Header returns the header of the wrapped writer.
func (w writer) Header() http.Header { return w.response.w.Header() }

// Unwrap returns the wrapped writer. http.ResponseController calls it.
func (w writer) Unwrap() http.ResponseWriter { return w.response.w }

// WriteHeader records the first final status. The wrapped writer panics for an invalid code.
func (w writer) WriteHeader(code int) {
	if misuse := w.response.headerMisuse(); misuse != "" && w.response.misused(misuse) {
		return
	}
	if code == http.StatusSwitchingProtocols || code >= 200 && code <= 999 {
		w.response.begin(code)
	}
	w.response.w.WriteHeader(code)
}

// Write records the status 200 if no status was written.
func (w writer) Write(p []byte) (int, error) {
	if w.response.hijacked.Load() && len(p) > 0 && w.response.misused(writeOnHijacked) {
		return 0, http.ErrHijacked
	}
	w.response.begin(http.StatusOK)
	n, err := w.response.w.Write(p)
	w.response.wrote(int64(n), err)
	return n, err
}

func (w writer) writeString(s string) (int, error) {
	if w.response.hijacked.Load() && s != "" && w.response.misused(writeOnHijacked) {
		return 0, http.ErrHijacked
	}
	w.response.begin(http.StatusOK)
	n, err := w.response.w.(io.StringWriter).WriteString(s)
	w.response.wrote(int64(n), err)
	return n, err
}

// readFrom passes the reader itself to the wrapped writer, so that sendfile still works. An error before the first
// byte and before the header comes from the reader: it is not a failed write, and no header was sent.
func (w writer) readFrom(src io.Reader) (int64, error) {
	begun := w.response.status.Load() != 0
	n, err := w.response.w.(io.ReaderFrom).ReadFrom(src)
	if n > 0 {
		w.response.begin(http.StatusOK)
	}
	if n > 0 || begun {
		w.response.wrote(n, err)
	}
	return n, err
}

func (w writer) flush() { _ = w.flushError() }

func (w writer) flushError() error {
	w.response.begin(http.StatusOK)
	var err error
	switch f := w.response.w.(type) {
	case interface{ FlushError() error }:
		err = f.FlushError()
	case http.Flusher:
		f.Flush()
	}
	w.response.wrote(0, err)
	return err
}

func (w writer) hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := w.response.w.(http.Hijacker).Hijack()
	if err == nil {
		w.response.hijacked.Store(true)
	}
	return conn, rw, err
}

func (w writer) push(target string, opts *http.PushOptions) error {
	return w.response.w.(http.Pusher).Push(target, opts)
}

func (w writer) closeNotify() <-chan bool {
	return w.response.w.(http.CloseNotifier).CloseNotify() //nolint:staticcheck // deprecated, but handlers may still use it
}
