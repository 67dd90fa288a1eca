// Package guard runs a function and reports how it ended, without changing how it ends: a panic continues with the
// same value, and so does runtime.Goexit.
package guard

// An End is the way in which a function ended.
type End int

// The ways in which a function ends.
const (
	Exited   End = iota // by runtime.Goexit
	Returned            // by returning
	Panicked            // by a panic
)

// Run calls f and then, once, over with the way in which f ended and the value of a panic. The panic is raised again
// in the deferred function that calls over, so that the frames that panicked are on the stack of over and of the
// function that recovers. The exception is panic(nil) with GODEBUG=panicnil=1, whose value is nil: recover cannot
// distinguish it from Goexit before its frames are gone. A panic of over replaces the end of f.
func Run(f func(), over func(end End, value any)) {
	end := Exited
	defer func() {
		if end == Exited {
			over(Exited, nil)
		}
	}()
	call(f, over, &end)
	if end == Returned {
		over(Returned, nil)
		return
	}
	end = Panicked // recovered: otherwise this line is not reached
	over(Panicked, nil)
	panic(nil)
}

func call(f func(), over func(end End, value any), end *End) {
	defer func() {
		if *end == Returned {
			return
		}
		if v := recover(); v != nil {
			*end = Panicked
			over(Panicked, v)
			panic(v)
		}
	}()
	f()
	*end = Returned
}
