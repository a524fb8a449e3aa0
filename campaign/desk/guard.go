package desk

import (
	"crypto/subtle"
	"net/http"
	"strings"
	"time"
)

// contentPolicy lets the page use what this server gives it and nothing else.
// data: is the tab's icon, blob: recorded sound of the device check.
const contentPolicy = "default-src 'self'; img-src 'self' data:; media-src 'self' blob:; object-src 'none'; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// headers sets what every answer carries.
func headers(strict bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "microphone=(self), speaker-selection=(self), hid=(self), camera=(), geolocation=(), payment=(), usb=()")
		if strict { // only with a certificate browsers accept: else nobody could come back
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if strings.HasPrefix(r.URL.Path, "/api/") {
			h.Set("Cache-Control", "no-store")
		}
		next.ServeHTTP(w, r)
	})
}

// unsafeMethod tells commands from questions. RFC 9110 §9.2.1
func unsafeMethod(m string) bool {
	return m != http.MethodGet && m != http.MethodHead && m != http.MethodOptions
}

// isUpload tells requests that carry a file from all others.
func isUpload(r *http.Request) bool {
	if !unsafeMethod(r.Method) || who(r.Context()).role != "administrator" {
		return false
	}
	p := r.URL.Path
	return r.Method == http.MethodPost && (p == "/api/v1/dnc/import" ||
		strings.HasPrefix(p, "/api/v1/lists/") && strings.HasSuffix(p, "/records")) ||
		r.Method == http.MethodPut && p == "/api/v1/campaigns"
}

// requestTime bounds a request and its answer, but for streams and files.
const requestTime = 30 * time.Second

// isLong tells streams and files from all others.
func isLong(path string) bool {
	for _, end := range []string{"/events", "/records", "/csv", "/export", "/recording", "/attempts"} {
		if strings.HasSuffix(path, end) {
			return true
		}
	}
	return false
}

// limit bounds the bodies and the time of requests.
func limit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isUpload(r) {
			next.ServeHTTP(w, r)
			return
		}
		if r.ContentLength > smallBody {
			tooLarge().write(w)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, smallBody)
		if !isLong(r.URL.Path) {
			c := http.NewResponseController(w)
			_ = c.SetReadDeadline(time.Now().Add(requestTime)) // a recorder in tests has none
			_ = c.SetWriteDeadline(time.Now().Add(requestTime))
			defer func() {
				_ = c.SetReadDeadline(time.Time{})
				_ = c.SetWriteDeadline(time.Time{})
			}()
		}
		next.ServeHTTP(w, r)
	})
}

func tooLarge() *Problem {
	return problem(http.StatusRequestEntityTooLarge, CodeTooLarge, "the request is too large: 64 KiB at most")
}

// sameOrigin refuses commands that a page of somebody else sends, by what the
// browser says of itself: Sec-Fetch-Site, else Origin.
func sameOrigin(next http.Handler) http.Handler {
	check := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := check.Check(r); err != nil {
			problem(http.StatusForbidden, CodeOrigin, "this request comes from another page").write(w)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// ownToken demands the session's token with every command: a page of somebody
// else cannot know it.
func ownToken(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := who(r.Context())
		login := r.Method == http.MethodPost && r.URL.Path == "/api/v1/session"
		if unsafeMethod(r.Method) && p.user != "" && !login &&
			subtle.ConstantTimeCompare([]byte(r.Header.Get("X-CSRF-Token")), []byte(p.csrf)) != 1 {
			problem(http.StatusForbidden, CodeCSRF, "the header X-CSRF-Token is missing or not this session's").write(w)
			return
		}
		next.ServeHTTP(w, r)
	})
}
