package spool

// Kill releases the locks of s and leaves everything else as a process does that dies.
func (s *Spool) Kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, l := range s.logs() {
		l.close()
	}
	_ = s.parent.Close()
}

// CheckOwner is the check of OpenDir for the owner and the mode.
var CheckOwner = checkOwner
