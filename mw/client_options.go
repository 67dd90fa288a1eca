package mw

type clientOption func(*clientOptions)

func (f clientOption) applyToClient(o *clientOptions) { f(o) }

// clientOptions are the options of a Transport.
type clientOptions struct {
	common       options
	endOnHeaders bool
}

func newClientOptions(list []ClientOption) (o clientOptions) {
	o.common.isError = isClientError
	for _, option := range list {
		if option != nil {
			option.applyToClient(&o)
		}
	}
	return o
}

// WithEndOnHeaders ends client spans when the response header arrives, instead of at the end of the body. It is for
// callers that may neither read nor close a body.
func WithEndOnHeaders() ClientOption {
	return clientOption(func(o *clientOptions) { o.endOnHeaders = true })
}
