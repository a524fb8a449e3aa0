package desk

import (
	"bytes"
	"container/list"
	"crypto/sha256"
	"io"
	"net/http"
	"sync"
	"time"
)

// replays answer a repeated command, known by its Idempotency-Key, as the
// first time, and do nothing.
type replays struct {
	mu    sync.Mutex
	by    map[string]*list.Element
	order *list.List // of *replay, oldest first
	bytes int
}

type replay struct {
	name   string
	print  [sha256.Size]byte // of the request
	at     time.Time
	done   chan struct{} // closed: the answer is there
	status int
	header http.Header
	body   []byte
	size   int // of body, as counted; the lock's
}

const (
	replayFor   = 10 * time.Minute
	maxReplays  = 5000
	maxReplayed = 16 << 20 // bytes of answers
	maxKey      = 200
)

func newReplays() *replays { return &replays{by: map[string]*list.Element{}, order: list.New()} }

// wrap is the middleware. A body here is small: see web.limit.
func (r *replays) wrap(now func() time.Time, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		key, p := req.Header.Get("Idempotency-Key"), who(req.Context())
		if key == "" || p.user == "" || !unsafeMethod(req.Method) || isUpload(req) {
			next.ServeHTTP(w, req)
			return
		}
		if len(key) > maxKey {
			problem(http.StatusBadRequest, CodeKeyReused, "Idempotency-Key: 200 characters at most").write(w)
			return
		}
		body, err := io.ReadAll(req.Body)
		if err != nil {
			tooLarge().write(w)
			return
		}
		req.Body = io.NopCloser(bytes.NewReader(body))
		print := sha256.Sum256(append([]byte(req.Method+" "+req.URL.RequestURI()+"\n"), body...))
		e, mine := r.begin(string(p.user)+"\n"+key, print, now())
		if !mine {
			r.again(e, print, w, req)
			return
		}
		rec := &recorder{w: w, status: http.StatusOK}
		kept := false
		defer func() { // also where the handler panics
			if !kept {
				r.drop(e)
			}
			close(e.done)
		}()
		next.ServeHTTP(rec, req)
		if rec.status < 500 && !rec.over {
			e.status, e.header, e.body = rec.status, rec.Header().Clone(), rec.body.Bytes()
			e.header.Del("Set-Cookie")
			kept = true
			r.keep(e)
		}
	})
}

// begin finds the entry of a key, or makes it: then it is the caller's to fill.
func (r *replays) begin(name string, print [sha256.Size]byte, now time.Time) (*replay, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for front := r.order.Front(); front != nil; front = r.order.Front() {
		old := front.Value.(*replay)
		if now.Sub(old.at) < replayFor && len(r.by) < maxReplays && r.bytes < maxReplayed {
			break
		}
		r.remove(front)
	}
	if el := r.by[name]; el != nil {
		return el.Value.(*replay), false
	}
	e := &replay{name: name, print: print, at: now, done: make(chan struct{})}
	r.by[name] = r.order.PushBack(e)
	return e, true
}

func (r *replays) remove(el *list.Element) {
	e := r.order.Remove(el).(*replay)
	delete(r.by, e.name)
	r.bytes -= e.size
}

func (r *replays) drop(e *replay) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if el := r.by[e.name]; el != nil && el.Value == e {
		r.order.Remove(el)
		delete(r.by, e.name)
	}
}

// keep counts an answer, unless its entry had to make room meanwhile.
func (r *replays) keep(e *replay) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if el := r.by[e.name]; el != nil && el.Value == e {
		e.size = len(e.body)
		r.bytes += e.size
	}
}

// again answers as the first time.
func (r *replays) again(e *replay, print [sha256.Size]byte, w http.ResponseWriter, req *http.Request) {
	if e.print != print {
		problem(http.StatusUnprocessableEntity, CodeKeyReused, "this Idempotency-Key was used for another request").write(w)
		return
	}
	select {
	case <-e.done:
	case <-req.Context().Done():
		return
	}
	if e.status == 0 { // the first one failed: let it be tried again
		problem(http.StatusServiceUnavailable, CodeUnavailable, "the same request failed a moment ago: try again").write(w)
		return
	}
	for k, v := range e.header {
		w.Header()[k] = v
	}
	w.Header().Set("Idempotent-Replayed", "true")
	w.WriteHeader(e.status)
	_, _ = w.Write(e.body)
}

// recorder keeps a copy of a small answer.
type recorder struct {
	w      http.ResponseWriter
	status int
	body   bytes.Buffer
	over   bool // too large to keep
}

func (r *recorder) Header() http.Header { return r.w.Header() }

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.w.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.over = r.over || r.body.Len()+len(b) > smallBody; !r.over {
		r.body.Write(b)
	}
	return r.w.Write(b)
}

// Unwrap lets http.ResponseController through.
func (r *recorder) Unwrap() http.ResponseWriter { return r.w }
