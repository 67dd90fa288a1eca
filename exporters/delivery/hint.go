package delivery

// Seen is what an attempt met, as far as it is known; it is what HintFor judges by.
type Seen struct {
	Err       error  // without an answer; may be nil
	Text      string // the receiver's or grpc's text; may be empty
	Status    int    // HTTP status; 0 without an answer or for gRPC
	Endpoint  string // URL or host:port, without userinfo
	Key       string // settings key the endpoint came from, such as "zipkin.endpoint"
	UsualPath string // path such receivers listen at, such as "/api/v2/spans"
	UDP       bool
}

// HintFor says what to do about an answer or an error, or "".
func HintFor(s Seen) string { return "" }
