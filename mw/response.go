package mw

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"sync/atomic"
)

// response is what a record learns of the response while the handler writes it. It is safe for concurrent use,
// because handlers write from several goroutines, and from some after they returned.
type response struct {
	w        http.ResponseWriter // the one that was wrapped
	status   atomic.Int32        // final status, 0 until one was sent
	bytes    atomic.Int64        // accepted by Write, WriteString and ReadFrom
	hijacked atomic.Bool
	timedOut atomic.Bool // a write returned http.ErrHandlerTimeout
}

// writer is the ResponseWriter that handlers get, without the optional interfaces: writers.go has a type for each
// subset of those. All are one pointer wide, so that wrapping allocates nothing.
type writer struct{ rec *record }

// Header returns the header of the wrapped writer.
func (w writer) Header() http.Header { return w.rec.w.Header() }

// Unwrap is for http.ResponseController.
func (w writer) Unwrap() http.ResponseWriter { return w.rec.w }

// WriteHeader records the first final status. What is no status at all is left to the wrapped writer, which panics.
func (w writer) WriteHeader(code int) {
	if misuse := w.rec.headerMisuse(); misuse != "" && w.rec.misused(misuse) {
		return
	}
	if code == http.StatusSwitchingProtocols || code >= 200 && code <= 999 {
		w.rec.begin(code)
	}
	w.rec.w.WriteHeader(code)
}

// Write implies 200 if no status was written.
func (w writer) Write(p []byte) (int, error) {
	if w.rec.hijacked.Load() && len(p) > 0 && w.rec.misused(writeOnHijacked) {
		return 0, http.ErrHijacked
	}
	w.rec.begin(http.StatusOK)
	n, err := w.rec.w.Write(p)
	w.rec.wrote(int64(n), err)
	return n, err
}

func (w writer) writeString(s string) (int, error) {
	if w.rec.hijacked.Load() && s != "" && w.rec.misused(writeOnHijacked) {
		return 0, http.ErrHijacked
	}
	w.rec.begin(http.StatusOK)
	n, err := w.rec.w.(io.StringWriter).WriteString(s)
	w.rec.wrote(int64(n), err)
	return n, err
}

// readFrom gives the wrapped writer the reader itself, so that sendfile still works. An error before the first
// byte and before the header is one of the reader: no failed write, and no header was sent.
func (w writer) readFrom(src io.Reader) (int64, error) {
	begun := w.rec.status.Load() != 0
	n, err := w.rec.w.(io.ReaderFrom).ReadFrom(src)
	if n > 0 {
		w.rec.begin(http.StatusOK)
	}
	if n > 0 || begun {
		w.rec.wrote(n, err)
	}
	return n, err
}

func (w writer) flush() { _ = w.flushError() }

func (w writer) flushError() error {
	w.rec.begin(http.StatusOK)
	var err error
	switch f := w.rec.w.(type) {
	case interface{ FlushError() error }:
		err = f.FlushError()
	case http.Flusher:
		f.Flush()
	}
	w.rec.wrote(0, err)
	return err
}

func (w writer) hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := w.rec.w.(http.Hijacker).Hijack()
	if err == nil {
		w.rec.hijacked.Store(true)
	}
	return conn, rw, err
}

func (w writer) push(target string, opts *http.PushOptions) error {
	return w.rec.w.(http.Pusher).Push(target, opts)
}

func (w writer) closeNotify() <-chan bool {
	return w.rec.w.(http.CloseNotifier).CloseNotify() //nolint:staticcheck // deprecated, but callers may still ask for it
}

// begin records the final status and the headers sent with it, once. After a hijack nothing is sent any more.
func (rec *record) begin(code int) {
	if rec.status.Load() != 0 || rec.hijacked.Load() || !rec.status.CompareAndSwap(0, int32(code)) {
		return
	}
	if capture := rec.m.captureResponse; !capture.Empty() {
		sent := capture.AppendRedacted(nil, rec.w.Header().Values, rec.m.redactHeader)
		rec.mu.Lock()
		rec.sent = sent
		rec.mu.Unlock()
	}
}

// wrote records what came of a write.
func (rec *record) wrote(n int64, err error) {
	if rec.m.bodySizes {
		rec.bytes.Add(n)
	}
	if err == nil || errors.Is(err, http.ErrBodyNotAllowed) || errors.Is(err, http.ErrHijacked) {
		return
	}
	if errors.Is(err, http.ErrHandlerTimeout) {
		rec.timedOut.Store(true)
	}
	rec.mu.Lock()
	defer rec.mu.Unlock()
	if rec.fault == nil {
		rec.fault = err
	}
}

// countedBody counts what the handler reads of a request body whose length was not announced.
type countedBody struct {
	io.ReadCloser
	n atomic.Int64
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.n.Add(int64(n))
	return n, err
}
