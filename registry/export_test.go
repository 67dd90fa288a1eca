package registry

// RegisterIn adds f to r as [Register] adds it to the default registry.
func RegisterIn(r *Registry, f Factory) { r.mustRegister(f) }
