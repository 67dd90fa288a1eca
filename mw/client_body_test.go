package mw_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/spanroute/spanroute/internal/spantest"
	"github.com/spanroute/spanroute/mw"
)

func TestClientBodyEnd(t *testing.T) {
	start := func(t *testing.T, opts ...mw.ClientOption) (*spantest.Recorder, *http.Response) {
		rec := spantest.NewRecorder(t)
		res, err := mw.NewTransport(answer(200, "body"), append(opts, mw.With(rec.Tracing()))...).RoundTrip(outgoing(t, "GET", "http://h/", nil))
		if err != nil {
			t.Fatal(err)
		}
		return rec, res
	}
	t.Run("at EOF", func(t *testing.T) {
		rec, res := start(t)
		if len(rec.Spans()) != 0 {
			t.Error("ended before the body was read")
		}
		_, _ = io.ReadAll(res.Body)
		rec.Wait(t, 1)
		_ = errors.Join(res.Body.Close(), res.Body.Close())
		rec.Wait(t, 1)
	})
	t.Run("closed unread", func(t *testing.T) {
		rec, res := start(t)
		_ = res.Body.Close()
		rec.Wait(t, 1)
	})
	t.Run("neither read nor closed", func(t *testing.T) {
		rec, _ := start(t)
		rec.LeavesOpen(1)
		rec.Wait(t, 0)
	})
	t.Run("WithEndOnHeaders", func(t *testing.T) {
		rec, _ := start(t, mw.WithEndOnHeaders())
		rec.Wait(t, 1)
	})
}

func TestClientEndsWithHeaders(t *testing.T) {
	body := func(b io.ReadCloser, code int) tripper {
		return func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: code, Body: b, Request: r, Header: http.Header{}}, nil
		}
	}
	conn := struct {
		io.Reader
		io.Writer
		io.Closer
	}{strings.NewReader("x"), io.Discard, io.NopCloser(nil)}
	tests := []struct {
		name, method string
		base         tripper
	}{
		{"a response to HEAD", "HEAD", body(io.NopCloser(strings.NewReader("")), 200)},
		{"status 204", "GET", body(io.NopCloser(strings.NewReader("")), 204)},
		{"status 304", "GET", body(io.NopCloser(strings.NewReader("")), 304)},
		{"NoBody", "GET", body(http.NoBody, 200)},
		{"nil body", "GET", body(nil, 200)},
		{"status 101", "GET", body(conn, 101)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec := spantest.NewRecorder(t)
			res, err := mw.NewTransport(tt.base, mw.With(rec.Tracing())).RoundTrip(outgoing(t, tt.method, "http://h/", nil))
			if err != nil || res.Body == nil {
				t.Fatalf("body %v, error %v", res.Body, err)
			}
			if _, ok := res.Body.(io.ReadWriteCloser); !ok && res.StatusCode == http.StatusSwitchingProtocols {
				t.Errorf("body is %T, want an io.ReadWriteCloser", res.Body)
			}
			wantAttrs(t, rec.Wait(t, 1)[0], map[string]string{"error.type": ""})
		})
	}
}

func TestUpgradeHasNoBodySize(t *testing.T) {
	got, _ := call(t, answer(101, "frames"), outgoing(t, "GET", "http://h/", nil), mw.WithBodySizes())
	wantAttrs(t, got, map[string]string{"http.response.body.size": "", "http.request.body.size": "0"})
}

type unknownLength struct{ io.Reader }

func TestRewoundBodyIsCountedOnce(t *testing.T) {
	base := tripper(func(r *http.Request) (*http.Response, error) {
		_, _ = io.ReadAll(r.Body)
		again, err := r.GetBody()
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.ReadAll(again)
		return answer(200, "")(r)
	})
	r := outgoing(t, "POST", "http://h/", unknownLength{strings.NewReader("hello")})
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("hello")), nil }
	got, _ := call(t, base, r, mw.WithBodySizes())
	wantAttrs(t, got, map[string]string{"http.request.body.size": "5"})
}
