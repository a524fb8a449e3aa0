package desk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
)

// Client speaks to a Desk: over the socket of a running server, or to the
// handler in this process.
type Client struct {
	http *http.Client
}

// Dial makes a client for the server that runs on a data folder.
func Dial(dataFolder string) *Client {
	path := filepath.Join(dataFolder, SocketName)
	return &Client{http: &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", path)
		},
	}}}
}

// Local makes a client that calls the handler directly.
func (d *Desk) Local() *Client {
	return &Client{http: &http.Client{Transport: direct{d.Handler()}}}
}

// Error is a problem the server answered with.
type Error struct {
	Status int    `json:"status"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
	Errors []struct {
		Message  string `json:"message"`
		Location string `json:"location"`
	} `json:"errors"`
}

func (e *Error) Error() string {
	text := e.Detail
	if text == "" {
		text = e.Title
	}
	for _, d := range e.Errors {
		text += "; " + d.Message
		if d.Location != "" {
			text += " (" + d.Location + ")"
		}
	}
	return text
}

// Refused tells whether the request itself was wrong (status 4xx).
func (e *Error) Refused() bool { return e.Status >= 400 && e.Status < 500 }

// Get fetches a JSON value.
func (c *Client) Get(ctx context.Context, path string, out any) error {
	return c.JSON(ctx, http.MethodGet, path, nil, out)
}

// JSON sends in (nil: no body) and decodes the answer into out (nil: ignored).
func (c *Client) JSON(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("%s %s: %w", method, path, err)
		}
		body = bytes.NewReader(b)
	}
	r, err := c.Do(ctx, method, path, "application/json", body)
	if err != nil {
		return err
	}
	defer r.Close()
	if out == nil {
		_, err := io.Copy(io.Discard, r)
		return err
	}
	return json.NewDecoder(r).Decode(out)
}

// Do sends a body of any kind and returns the answer's body, to be closed by
// the caller. An answer of 400 and above is an *Error.
func (c *Client) Do(ctx context.Context, method, path, contentType string, body io.Reader) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://freiton"+path, body)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", contentType)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("the running server does not answer: %w", err)
	}
	if res.StatusCode < 400 {
		return res.Body, nil
	}
	defer res.Body.Close()
	e := &Error{Status: res.StatusCode, Title: res.Status}
	if err := json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(e); err != nil && !errors.Is(err, io.EOF) {
		e.Detail = res.Status
	}
	return nil, e
}
