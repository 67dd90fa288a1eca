package grpcmw

import (
	"errors"
	"io"
	"strconv"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// codeNames are the names in the list of gRPC status codes. codes.Code.String has other spellings.
var codeNames = [...]string{
	codes.OK:                 "OK",
	codes.Canceled:           "CANCELLED",
	codes.Unknown:            "UNKNOWN",
	codes.InvalidArgument:    "INVALID_ARGUMENT",
	codes.DeadlineExceeded:   "DEADLINE_EXCEEDED",
	codes.NotFound:           "NOT_FOUND",
	codes.AlreadyExists:      "ALREADY_EXISTS",
	codes.PermissionDenied:   "PERMISSION_DENIED",
	codes.ResourceExhausted:  "RESOURCE_EXHAUSTED",
	codes.FailedPrecondition: "FAILED_PRECONDITION",
	codes.Aborted:            "ABORTED",
	codes.OutOfRange:         "OUT_OF_RANGE",
	codes.Unimplemented:      "UNIMPLEMENTED",
	codes.Internal:           "INTERNAL",
	codes.Unavailable:        "UNAVAILABLE",
	codes.DataLoss:           "DATA_LOSS",
	codes.Unauthenticated:    "UNAUTHENTICATED",
}

func codeName(c codes.Code) string {
	if c < codes.Code(len(codeNames)) { // an int of 32 bits would turn negative: peers may send any code
		return codeNames[c]
	}
	return "CODE(" + strconv.FormatUint(uint64(c), 10) + ")"
}

// statusOf returns the code and message that grpc-go puts on the wire for err.
func statusOf(err error) (codes.Code, string) {
	if err == nil {
		return codes.OK, ""
	}
	st, ok := status.FromError(err)
	if !ok {
		st = status.FromContextError(err)
	}
	return st.Code(), st.Message()
}

// streamError returns err of SendMsg or RecvMsg of a server stream as grpc-go converts it. The conversion differs for
// a message that is cut short.
func streamError(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		if _, ok := status.FromError(err); !ok {
			return status.Error(codes.Internal, err.Error())
		}
	}
	return err
}

// isServerError is the table of the RPC conventions for servers: mistakes of a caller are not errors of the server.
func isServerError(c codes.Code) bool {
	switch c {
	case codes.Unknown, codes.DeadlineExceeded, codes.Unimplemented, codes.Internal, codes.Unavailable, codes.DataLoss:
		return true
	}
	return false
}

// isClientError is the table for clients.
func isClientError(c codes.Code) bool { return c != codes.OK }
