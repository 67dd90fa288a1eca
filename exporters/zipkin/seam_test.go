package zipkin

// Body is what is posted.
func Body(p *Payload) []byte { return p.body }
