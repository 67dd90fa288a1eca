package tracepage

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strconv"
)

// answer writes the JSON document that write makes, and nothing but the header for a HEAD request.
func answer(w http.ResponseWriter, r *http.Request, write func(*stream)) {
	w.Header().Set("Content-Type", "application/json")
	if r.Method == http.MethodHead {
		return
	}
	s := newStream(r.Context(), w)
	write(s)
	s.buf = append(s.buf, '\n')
	s.flush()
	if s.err != nil && r.Context().Value(http.ServerContextKey) != nil {
		panic(http.ErrAbortHandler) // closes the connection, or the part that was written would look like the whole
	}
}

func fault(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": text}) // what fails is the connection
}

// position returns the number of spans that the parameter called name holds, 0 if it is absent. If it is not a number of
// spans, position writes the fault.
func position(w http.ResponseWriter, name, text string) (n int, ok bool) {
	n, err := strconv.Atoi(cmp.Or(text, "0"))
	if err != nil || n < 0 {
		fault(w, http.StatusBadRequest, name+" is not a number of spans")
		return 0, false
	}
	return n, true
}
