package main

import (
	"fmt"
	"net/http"

	"github.com/go-chi/chi/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// api returns the HTTP handler of the shop. For each order it calls the stock service.
type api struct{ stock stockClient }

func (a api) routes(r chi.Router) {
	r.Get("/healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	r.Route("/orders", func(r chi.Router) {
		r.Get("/{id}", a.order)
		r.Get("/{id}/watch", a.watch)
	})
	r.Post("/checkout", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "the till is jammed", http.StatusInternalServerError)
	})
}

func (a api) order(w http.ResponseWriter, r *http.Request) {
	n, err := a.stock.get(r.Context(), chi.URLParam(r, "id"))
	if err != nil {
		fail(w, err)
		return
	}
	fmt.Fprintf(w, "order %s: %d in stock\n", chi.URLParam(r, "id"), n)
}

func (a api) watch(w http.ResponseWriter, r *http.Request) {
	err := a.stock.watch(r.Context(), chi.URLParam(r, "id"), func(left int64) { fmt.Fprintln(w, left) })
	if err != nil {
		fail(w, err)
	}
}

func fail(w http.ResponseWriter, err error) {
	code := http.StatusBadGateway
	if status.Code(err) == codes.NotFound {
		code = http.StatusNotFound
	}
	http.Error(w, status.Convert(err).Message(), code)
}
