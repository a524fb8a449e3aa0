package desk

import (
	"errors"
	"io"
	"maps"
	"net/http"
)

// direct is a transport without a network: the answer is piped, not collected,
// so that a million records need no more memory than ten.
type direct struct{ h http.Handler }

// RoundTrip implements http.RoundTripper. Who closes the body has waited for the
// handler.
func (t direct) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body == nil {
		req.Body = http.NoBody
	}
	in, out := io.Pipe()
	w := &pipedAnswer{header: http.Header{}, out: out, began: make(chan struct{})}
	done := make(chan struct{})
	go func() { // ends with the handler, which finds out when nobody reads on
		defer close(done)
		defer func() { _ = req.Body.Close() }()
		w.end(t.serve(w, req))
	}()
	<-w.began
	return &http.Response{
		Status: http.StatusText(w.status), StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, ContentLength: -1, Body: pipedBody{in, done}, Request: req,
	}, nil
}

// serve gives the error with which the answer ends: a handler that gives up says
// so with a panic, as net/http has it.
func (t direct) serve(w http.ResponseWriter, req *http.Request) (err error) {
	defer func() {
		p := recover()
		if cause, ok := p.(error); ok && (errors.Is(cause, http.ErrAbortHandler) || errors.Is(cause, io.ErrClosedPipe)) {
			err = io.ErrUnexpectedEOF
		} else if p != nil {
			panic(p)
		}
	}()
	t.h.ServeHTTP(w, req)
	return nil
}

// pipedAnswer is an http.ResponseWriter into a pipe.
type pipedAnswer struct {
	header, sent http.Header
	status       int // 0: not begun
	out          *io.PipeWriter
	began        chan struct{}
}

// Header implements http.ResponseWriter.
func (w *pipedAnswer) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *pipedAnswer) WriteHeader(status int) {
	if w.status != 0 || status < http.StatusOK {
		return
	}
	w.status, w.sent = status, maps.Clone(w.header)
	close(w.began)
}

// Write implements http.ResponseWriter.
func (w *pipedAnswer) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.out.Write(b)
}

// end ends the answer. What broke off before it began is the server's fault.
func (w *pipedAnswer) end(err error) {
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
	}
	w.WriteHeader(http.StatusOK)
	_ = w.out.CloseWithError(err) // nil: the end of the answer
}

// pipedBody is the reading end.
type pipedBody struct {
	*io.PipeReader
	done <-chan struct{}
}

// Close implements io.Closer.
func (b pipedBody) Close() error {
	err := b.PipeReader.Close()
	<-b.done
	return err
}
