package jaegerremote

import (
	"fmt"
	"sync"
	"time"

	"github.com/spanroute/spanroute/internal/escape"
)

// logInterval is the minimum time between two log lines about a server that fails.
const logInterval = 10 * time.Minute

// maxErrorText is the maximum length of the text of an error, which can contain text of the server.
const maxErrorText = 300

// polling is the record of the requests so far. It decides what is logged: the first failure, at most once in
// logInterval, and the first success after a failure that was logged.
type polling struct {
	lock        sync.Mutex
	requests    uint64
	failures    uint64
	lastSuccess time.Time
	lastError   string
	lastErrorAt time.Time

	failing  bool      // the last request failed
	logged   bool      // the current failure was logged
	loggedAt time.Time // time of the last line about a failure
}

// event is what a request changes for the operator.
type event int

const (
	unchanged event = iota
	failed
	recovered
)

// record adds the result of a request and returns the event to log. It limits the lines about failures; a recovery is
// logged only if the failure was.
func (p *polling) record(err error) event {
	p.lock.Lock()
	defer p.lock.Unlock()
	now := time.Now()
	p.requests++
	if err == nil {
		wasLogged := p.failing && p.logged
		p.lastSuccess, p.failing, p.logged = now, false, false
		if wasLogged {
			return recovered
		}
		return unchanged
	}
	p.failures++
	p.failing, p.lastError, p.lastErrorAt = true, errorText(err), now
	if p.logged || !p.loggedAt.IsZero() && now.Sub(p.loggedAt) < logInterval {
		return unchanged
	}
	p.logged, p.loggedAt = true, now
	return failed
}

// State describes a sampler at one time.
type State struct {
	Source      string          // the endpoint, without secrets
	Strategy    string          // the strategy in effect, in words
	Remote      bool            // the strategy is from the server; false while the initial rate is in effect
	Operations  []OperationRate // the operations that the strategy lists, sorted by name; must not be changed
	Observed    int             // count of other operations with rate limits of their own
	Requests    uint64          // count of all requests
	Failures    uint64          // count of requests without a valid response
	LastSuccess time.Time       // zero before the first valid response
	LastError   string          // of the last request that failed, escaped and without secrets; "" if none did
	LastErrorAt time.Time
}

// State returns the state of s.
func (s *Sampler) State() State {
	current := s.current.Load()
	s.polling.lock.Lock()
	defer s.polling.lock.Unlock()
	return State{
		Source:      s.options.Source.String(),
		Strategy:    current.strategy.String(),
		Remote:      !s.polling.lastSuccess.IsZero(),
		Operations:  current.strategy.operations,
		Observed:    len(current.observed.load()),
		Requests:    s.polling.requests,
		Failures:    s.polling.failures,
		LastSuccess: s.polling.lastSuccess,
		LastError:   s.polling.lastError,
		LastErrorAt: s.polling.lastErrorAt,
	}
}

// String describes the state in one line.
func (s State) String() string {
	text := fmt.Sprintf("%s from %s", s.Strategy, s.Source)
	if !s.Remote {
		text = fmt.Sprintf("%s (initial; no valid response from %s yet)", s.Strategy, s.Source)
	}
	if s.Remote {
		text += ", last success " + s.LastSuccess.UTC().Format(time.RFC3339)
	}
	if s.LastError != "" {
		text += fmt.Sprintf(", last error %s: %s", s.LastErrorAt.UTC().Format(time.RFC3339), s.LastError)
	}
	return text
}

// errorText returns the text of err, escaped and cut.
func errorText(err error) string {
	var b []byte
	for text := err.Error(); text != ""; {
		if len(b) >= maxErrorText {
			return string(b) + "..."
		}
		var n int
		b, n = escape.First(b, text)
		text = text[n:]
	}
	return string(b)
}
