package jaegerremote

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/spanroute/spanroute/internal/phrase"
)

// grpcPort is the port of Jaeger's gRPC server.
const grpcPort = "5779"

const getSamplingStrategy = "/jaeger.api_v2.SamplingManager/GetSamplingStrategy"

// framePrefix is the size of what precedes a message of gRPC: a byte for the compression, and the length.
const framePrefix = 5

// grpcProtocols returns HTTP/2 with and without TLS.
func grpcProtocols() *http.Protocols {
	p := new(http.Protocols)
	p.SetHTTP2(true)
	p.SetUnencryptedHTTP2(true)
	return p
}

// dialed returns the address of a gRPC server. Jaeger's port is the default.
func (e Endpoint) dialed() (network, address string) {
	scheme, rest, _ := strings.Cut(e.Target, "://")
	switch scheme {
	case "unix":
		return "unix", rest
	case "dns", "passthrough":
		return "tcp", withPort(strings.TrimPrefix(rest, "/"))
	}
	return "tcp", withPort(e.Target)
}

func withPort(address string) string {
	if _, _, err := net.SplitHostPort(address); err == nil {
		return address
	}
	return net.JoinHostPort(strings.Trim(address, "[]"), grpcPort)
}

// callURL returns the URL of the procedure.
func (e Endpoint) callURL() string {
	u := url.URL{Scheme: "http", Host: "localhost", Path: getSamplingStrategy} // gRPC uses localhost for sockets
	if e.TLS {
		u.Scheme = "https"
	}
	if network, address := e.dialed(); network == "tcp" {
		u.Host = address
	}
	return u.String()
}

// call requests the strategy over gRPC.
//
// How it works. A unary call of gRPC is a request of HTTP/2 with one framed message in each direction and its status in
// the trailers. net/http does that without the package grpc-go, which would add about 65 packages to programs that export
// without gRPC, and generated code for one message.
func (s source) call(ctx context.Context, t http.RoundTripper) (response, error) {
	message := appendParameters(make([]byte, framePrefix), s.service)
	binary.BigEndian.PutUint32(message[1:], uint32(len(message)-framePrefix))
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.endpoint.callURL(), bytes.NewReader(message))
	if err != nil {
		return response{}, err
	}
	s.setHeader(request)
	request.Header.Set("Content-Type", "application/grpc")
	request.Header.Set("Te", "trailers")
	answer, err := t.RoundTrip(request)
	if err != nil {
		return response{}, err
	}
	defer func() { _ = answer.Body.Close() }()
	if err := checkCall(answer); err != nil {
		return response{}, err
	}
	body, err := readMessage(answer.Body)
	if err := callStatus(answer, err); err != nil {
		return response{}, err
	}
	return parseProto(body)
}

// checkCall rejects answers of servers that do not use gRPC.
func checkCall(answer *http.Response) error {
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the server responds with status %d, want 200", answer.StatusCode)
	}
	if t := answer.Header.Get("Content-Type"); !strings.HasPrefix(t, "application/grpc") {
		return fmt.Errorf("the response has the content type %s, want application/grpc", phrase.Quote(t))
	}
	return nil
}

// readMessage reads one message and the end of the body.
func readMessage(body io.Reader) ([]byte, error) {
	var prefix [framePrefix]byte
	if _, err := io.ReadFull(body, prefix[:]); errors.Is(err, io.EOF) {
		return nil, errors.New("the response contains no message")
	} else if err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(prefix[1:])
	switch {
	case prefix[0] != 0:
		return nil, errors.New("the response is compressed")
	case size > maxResponse:
		return nil, fmt.Errorf("the response is larger than %d bytes", maxResponse)
	}
	message := make([]byte, size)
	if _, err := io.ReadFull(body, message); err != nil {
		return nil, err
	}
	switch n, err := io.ReadFull(body, prefix[:1]); {
	case n > 0:
		return nil, errors.New("the response contains more than one message")
	case !errors.Is(err, io.EOF):
		return nil, err
	}
	return message, nil
}

// statusNames are the names of the status codes of gRPC.
var statusNames = [...]string{
	"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
	"RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE",
	"DATA_LOSS", "UNAUTHENTICATED",
}

// callStatus returns the error of a call whose body was read with the error read. The status of the call takes precedence.
// It is in the trailers, or in the header of a response without a body.
func callStatus(answer *http.Response, read error) error {
	fields := answer.Trailer
	if answer.Header.Get("Grpc-Status") != "" {
		fields = answer.Header
	}
	status := fields.Get("Grpc-Status")
	switch {
	case status == "0", status == "" && read != nil:
		return read
	case status == "":
		return errors.New("the response ends without a status")
	}
	if code, err := strconv.Atoi(status); err == nil && code > 0 && code < len(statusNames) {
		status = statusNames[code]
	}
	text := fields.Get("Grpc-Message")
	if plain, err := url.PathUnescape(text); err == nil {
		text = plain
	}
	return fmt.Errorf("the server responds with status %s: %s", status, text)
}
