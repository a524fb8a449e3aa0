package desk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPage(t *testing.T) {
	h := openHouse(t, nil)
	v := h.visitor(t)
	for path, want := range map[string]int{
		"/": 200, "/index.html": 200, "/assets/app.js": 200, "/assets/secret.go": 404, "/assets/app.test.js": 404, "/assets/": 404,
		"/app.js": 404, "/assets/index.html": 404, "/web.go": 404, "/assets/%2e%2e/secret.go": 404, "/assets/..%2f..%2fdesk.go": 404, "/assets//etc/passwd": 404,
		"/assets/%00": 404, "/favicon.ico": 404, "/api/v1/nothing": 404, "/assets/..%5c..%5cdesk.go": 404, "/reference": 200, "/openapi.json": 200, "/docs": 404,
	} {
		a := v.ask("GET", path, "")
		if a.status != want && !(want == 404 && (a.status == 301 || a.status == 307 || a.status == 308)) || strings.Contains(a.text, "package ") || strings.Contains(a.text, "secret") && path != "/reference" && path != "/openapi.json" {
			t.Errorf("%s: %d %.80s", path, a.status, a.text)
		}
		for name, part := range map[string]string{"Content-Security-Policy": "default-src 'self'", "X-Content-Type-Options": "nosniff",
			"X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer"} {
			if !strings.Contains(a.header.Get(name), part) {
				t.Errorf("%s: %s is %q", path, name, a.header.Get(name))
			}
		}
		if csp := a.header.Get("Content-Security-Policy"); strings.Contains(csp, "unsafe") || strings.Contains(csp, "http") {
			t.Errorf("policy %s", csp)
		}
	}
	a := v.ask("GET", "/assets/app.js", "", "Accept-Encoding", "gzip")
	tag := a.header.Get("ETag")
	if a.header.Get("Content-Encoding") != "gzip" || len(a.text) > 200 || tag == "" || a.header.Get("Content-Type") != "text/javascript; charset=utf-8" {
		t.Errorf("%d bytes, %v", len(a.text), a.header)
	}
	if a := v.ask("GET", "/assets/app.js", "", "Accept-Encoding", "gzip", "If-None-Match", tag); a.status != 304 || a.text != "" {
		t.Errorf("again: %d %q", a.status, a.text)
	}
	if a := v.ask("GET", "/assets/app.js", "", "Accept-Encoding", "gzip;q=0"); a.header.Get("Content-Encoding") != "" || !strings.HasPrefix(a.text, "// code") {
		t.Errorf("without: %v", a.header)
	}
	if a := v.ask("GET", "/reference", ""); strings.Contains(a.text, "<script") || strings.Contains(a.text, "//unpkg") || !strings.Contains(a.text, "/api/v1/interactions/{id}/accept") {
		t.Errorf("the reference: %.300s", a.text)
	}
}

func TestBuiltPage(t *testing.T) {
	h := openHouse(t, func(c *WebConfig) { c.Files = nil })
	v := h.visitor(t)
	sub, err := fs.Sub(built, "web")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	err = fs.WalkDir(sub, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		path := "/assets/" + name
		if name == "index.html" {
			path = "/"
		}
		if a := v.ask("GET", path, ""); loadable(name) && a.status != 200 {
			t.Errorf("%s: %d", path, a.status)
		} else if a.status == 200 {
			n++
			for _, bad := range []string{"<script src=\"http", "src=\"//", "from 'http", "@import", "style=\"", "onclick="} {
				if strings.Contains(a.text, bad) && !strings.HasPrefix(name, "vendor/") {
					t.Errorf("%s: %s", name, bad)
				}
			}
		}
		return nil
	})
	if err != nil || n == 0 {
		t.Errorf("%d files, %v", n, err)
	}
}

func TestResponses(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(t.TempDir(), "outside.md")
	for name, text := range map[string]string{
		filepath.Join(dir, "prices.md"): "# Prices\nAll are fair.", filepath.Join(dir, "law", "gdpr.txt"): "Your data", filepath.Join(dir, "x.exe"): "no", out: "outside",
	} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(out, filepath.Join(dir, "link.md")); err != nil {
		t.Fatal(err)
	}
	rs, err := responses(dir, nil)
	if err != nil || fmt.Sprint(rs) != "[{law/gdpr gdpr Your data} {prices Prices All are fair.}]" {
		t.Errorf("%v, %v", rs, err)
	}
	if rs, err = responses(dir, []string{"fair", "price"}); err != nil || len(rs) != 1 {
		t.Errorf("%v, %v", rs, err)
	}
	if rs, err = responses(filepath.Join(dir, "nowhere"), nil); err != nil || len(rs) != 0 {
		t.Errorf("%v, %v", rs, err)
	}
}
