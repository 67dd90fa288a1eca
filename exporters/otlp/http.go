package otlp

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"sync"

	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/internal/transport"
)

const (
	typeProto = "application/x-protobuf"
	typeJSON  = "application/json"
)

// An httpSender posts requests.
type httpSender struct {
	http     *transport.HTTP
	json     bool
	compress bool
}

// newHTTPSender prepares a sender. It does not dial.
func newHTTPSender(o transport.HTTPOptions, json, compress bool) (*httpSender, error) {
	o.ContentType = typeProto
	if json {
		o.ContentType = typeJSON
	}
	if compress {
		o.ContentEncoding = "gzip"
	}
	o.Accepts = accepts
	post, err := transport.NewHTTP(o)
	return &httpSender{http: post, json: json, compress: compress}, err
}

// Send makes one request.
func (s *httpSender) Send(ctx context.Context, p *payload) delivery.Outcome {
	body, err := s.body(p)
	if err != nil {
		return delivery.Outcome{Verdict: delivery.Rejected, Err: err}
	}
	o, answer := s.http.Exchange(ctx, body)
	if o.Verdict == delivery.Delivered {
		o.Rejected, o.Err = partial(reply(answer), s.http.Excerpt)
	}
	return o
}

// body returns what is posted. Each attempt encodes JSON and compresses again, so that a payload in the queue is held once.
func (s *httpSender) body(p *payload) (body []byte, err error) {
	body = p.bytes
	if s.json {
		body = appendRequest(nil, body)
	}
	if s.compress {
		return compressed(body)
	}
	return body, nil
}

var writers = sync.Pool{New: func() any { return gzip.NewWriter(io.Discard) }}

// compressed returns body in gzip. Compressors are reused, because a new one takes several hundred kilobytes.
func compressed(body []byte) ([]byte, error) {
	w := writers.Get().(*gzip.Writer)
	defer writers.Put(w)
	var out bytes.Buffer
	w.Reset(&out)
	if _, err := w.Write(body); err != nil {
		return nil, err
	}
	err := w.Close()
	return out.Bytes(), err
}

// reply decodes the body of the answer. It returns nil if the body is missing or cannot be decoded. A success whose
// body cannot be decoded stays a success, since sending the spans again would store them twice.
func reply(a transport.Answer) *coltracepb.ExportTraceServiceResponse {
	out := new(coltracepb.ExportTraceServiceResponse)
	var err error
	switch a.MediaType() {
	case typeProto:
		err = proto.Unmarshal(a.Body, out)
	case typeJSON:
		err = fromJSON(a.Body, out)
	default:
		return nil
	}
	if err != nil {
		return nil
	}
	return out
}

// fromJSON decodes a response and ignores fields of later versions.
func fromJSON(body []byte, out proto.Message) error {
	return protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(body, out)
}

// accepts reports whether an OTLP receiver can have sent a success (OTLP 1.5.0, "OTLP/HTTP Response"): its two types,
// no body, or a body of another or no type that is nevertheless a response. A success counts also if a body of the two
// types cannot be decoded.
func accepts(a transport.Answer) bool {
	switch kind := a.MediaType(); {
	case kind == typeProto, kind == typeJSON, len(bytes.TrimSpace(a.Body)) == 0:
		return true
	}
	out := new(coltracepb.ExportTraceServiceResponse)
	return fromJSON(a.Body, out) == nil || proto.Unmarshal(a.Body, out) == nil
}

// Close ends every connection; running requests fail.
func (s *httpSender) Close(context.Context) error {
	s.http.Close()
	return nil
}
