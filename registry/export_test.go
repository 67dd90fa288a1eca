package registry

// RegisterIn adds f to r as [Register] adds it to the default registry, in a program or in a test binary.
func RegisterIn(r *Registry, f Factory, testing bool) { r.mustRegister(f, testing) }
