package otlp

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"mime"
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

// httpSender posts requests.
type httpSender struct {
	http     *transport.HTTP
	json     bool
	compress bool
}

func newHTTPSender(o transport.HTTPOptions, json, compress bool) (*httpSender, error) {
	o.ContentType = typeProto
	if json {
		o.ContentType = typeJSON
	}
	if compress {
		o.ContentEncoding = "gzip"
	}
	post, err := transport.NewHTTP(o)
	return &httpSender{http: post, json: json, compress: compress}, err
}

// Send makes one request.
func (s *httpSender) Send(ctx context.Context, p *Payload) delivery.Outcome {
	body, err := s.body(p)
	if err != nil {
		return delivery.Outcome{Verdict: delivery.Rejected, Err: err}
	}
	o, answer := s.http.Exchange(ctx, body)
	if o.Verdict == delivery.Delivered {
		o.Refused, o.Err = partial(reply(answer))
	}
	return o
}

func (s *httpSender) body(p *Payload) (body []byte, err error) {
	if s.json {
		body = appendRequest(nil, p.resources)
	} else if body, err = proto.Marshal(p.request()); err != nil {
		return nil, err
	}
	if s.compress {
		return compressed(body)
	}
	return body, nil
}

var writers = sync.Pool{New: func() any { return gzip.NewWriter(io.Discard) }}

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

// reply reads the answer's body; nil if there is none, or it is of another type.
func reply(a transport.Answer) *coltracepb.ExportTraceServiceResponse {
	if len(a.Body) == 0 {
		return nil
	}
	out := new(coltracepb.ExportTraceServiceResponse)
	var err error
	switch kind, _, _ := mime.ParseMediaType(a.Header.Get("Content-Type")); kind {
	case typeProto:
		err = proto.Unmarshal(a.Body, out)
	case typeJSON:
		err = protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(a.Body, out)
	default:
		return nil
	}
	if err != nil {
		return nil
	}
	return out
}

// Close ends every connection; running requests fail.
func (s *httpSender) Close(context.Context) error {
	s.http.Close()
	return nil
}
