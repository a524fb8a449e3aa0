package desk

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
)

// The page's files: index.html, and the rest of the folder as /assets/….
//
//go:embed web
var built embed.FS

// page serves the desktop's files, compressed, and again only when they have
// changed.
type page struct {
	files fs.FS
	keep  bool // the files do not change

	mu   sync.Mutex
	kept map[string]*asset
}

type asset struct {
	kind  string
	plain []byte
	zip   []byte // nil: not worth it
	tag   string
}

// maxAsset is more than any file of the page has.
const maxAsset = 8 << 20

func newPage(files fs.FS) *page {
	if files != nil {
		return &page{files: files}
	}
	sub, err := fs.Sub(built, "web")
	if err != nil {
		panic(err) // the name is a constant
	}
	return &page{files: sub, keep: true, kept: map[string]*asset{}}
}

// ServeHTTP serves / and /assets/…, and only what a page loads.
func (p *page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	name, isAsset := strings.CutPrefix(name, "assets/")
	switch {
	case name == "" && !isAsset:
		name = "index.html"
	case !fs.ValidPath(name) || isAsset != (name != "index.html") || !loadable(name):
		http.NotFound(w, r)
		return
	}
	a, err := p.load(name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("Cache-Control", "no-cache") // ask each time; the answer is mostly 304
	h.Add("Vary", "Accept-Encoding")
	tag, content := `"`+a.tag+`"`, a.plain
	if a.zip != nil && acceptsGzip(r) {
		tag, content = `"`+a.tag+`-gzip"`, a.zip
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("ETag", tag)
	if strings.Contains(r.Header.Get("If-None-Match"), a.tag) { // RFC 9110 §13.1.2, weakly: both forms are the same file
		h.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if r.Method != http.MethodHead {
		_, _ = w.Write(content)
	}
}

// loadable: types, tests and tools that lie beside the page are not part of it.
func loadable(name string) bool {
	if strings.Contains(name, "node_modules/") || strings.Contains(name, ".test.") {
		return false
	}
	return slices.Contains([]string{".html", ".js", ".mjs", ".css", ".svg", ".png", ".ico", ".woff2", ".wav", ".mp3", ".txt"}, path.Ext(name))
}

func acceptsGzip(r *http.Request) bool {
	for _, part := range strings.Split(r.Header.Get("Accept-Encoding"), ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if (name == "gzip" || name == "*") && strings.ReplaceAll(q, " ", "") != "q=0" {
			return true
		}
	}
	return false
}

func (p *page) load(name string) (*asset, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if a := p.kept[name]; a != nil {
		return a, nil
	}
	f, err := p.files.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.IsDir() {
		return nil, fs.ErrNotExist
	}
	b, err := io.ReadAll(io.LimitReader(f, maxAsset))
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b)
	a := &asset{kind: kindOf(name), plain: b, tag: base64.RawURLEncoding.EncodeToString(sum[:12])}
	if compressible(a.kind) && len(b) > 500 {
		a.zip = zipped(b)
	}
	if p.keep {
		p.kept[name] = a
	}
	return a, nil
}

// kindOf is a file's media type; the usual ones are said here, for the
// machine's table may say otherwise.
func kindOf(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".json":
		return "application/json"
	case ".svg":
		return "image/svg+xml"
	case ".wasm":
		return "application/wasm"
	}
	if k := mime.TypeByExtension(path.Ext(name)); k != "" {
		return k
	}
	return "application/octet-stream"
}

func compressible(kind string) bool {
	return strings.HasPrefix(kind, "text/") || strings.Contains(kind, "json") || strings.Contains(kind, "svg") || strings.Contains(kind, "wasm")
}

func zipped(b []byte) []byte {
	var out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&out, gzip.BestCompression) // the level is a valid one
	_, _ = z.Write(b)
	if z.Close() != nil || out.Len() >= len(b) {
		return nil
	}
	return out.Bytes()
}
