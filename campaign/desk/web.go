package desk

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/freiton/freiton/campaign"
)

// WebConfig is what the desktop over HTTP needs beside Config. Functions that
// are nil are done without.
type WebConfig struct {
	Listen     string // address and port
	Cert, Key  string // files, PEM
	SelfSigned string // folder for a certificate of our own; empty: none
	AllowPlain bool   // beyond loopback without TLS

	Sessions Sessions
	Idle     time.Duration // a session unused so long ends; 0 = 1 h
	Life     time.Duration // and one so old; 0 = 12 h
	// CheckPassword compares a password with an argon2id hash.
	CheckPassword func(plain, hash string) (bool, error)

	Headsets Headsets
	// Headset is how an agent's headset is just now.
	Headset   func(campaign.AgentID) campaign.HeadsetState
	TestCalls TestCalls
	PBX       func() Link
	Quality   func(campaign.AgentID) Quality
	NotReady  []string // reasons an agent may choose from
	Files     fs.FS    // of the page; nil = those built in
	Now       func() time.Time
}

// Headsets are the browsers' microphones and loudspeakers. offer and answer
// are SDP (RFC 8829).
type Headsets interface {
	Open(ctx context.Context, agent, offer string) (answer string, err error)
	Close(agent string)
}

// Link is the state of something the desk depends on.
type Link struct {
	State string    `json:"state" enum:"connecting,live,lost,off"`
	Since time.Time `json:"since,omitzero"`
	Text  string    `json:"text,omitempty" doc:"what is wrong, and the cure"`

	Code campaign.ReasonCode `json:"code,omitempty" doc:"the same for a page that says it in the reader's language"`
}

// Why the PBX is not there.
const (
	CodePBXNone     campaign.ReasonCode = "pbx-none"     // no account is configured
	CodePBXPassword campaign.ReasonCode = "pbx-password" // it refuses user or password
	CodePBXUnknown  campaign.ReasonCode = "pbx-unknown"  // it does not know the address
	CodePBXSilent   campaign.ReasonCode = "pbx-silent"   // it does not answer
)

// Events is the running controller's stream of events.
type Events interface {
	Subscribe(since uint64) (events <-chan campaign.Event, cancel func())
}

// Web is the desktop over HTTP.
//
//	request ─▶ headers ─▶ origin ─▶ session ─▶ limit ─▶ token ─▶ replays ─▶ API, page
type Web struct {
	desk     *Desk
	cfg      WebConfig
	sessions *sessions
	seats    *seats
	replays  *replays
	links    *links
	byUser   *throttle
	byPlace  *throttle
	hashing  chan struct{} // how many passwords are checked at once: each takes 64 MiB
	people   *people
	bells    bells
	invited  invitations
	handler  http.Handler
	rootURL  string
	place    string // the same, as somebody at another machine knows it
	epoch    string // of the numbers of events
	listener net.Listener
	tls      *tls.Config
	stop     chan struct{} // closed: streams end
	stopOnce sync.Once
}

// The defaults of WebConfig.
const (
	defaultIdle = time.Hour
	defaultLife = 12 * time.Hour
)

// ErrPlain says that passwords would cross the network readable.
var ErrPlain = errors.New("beyond this machine without TLS: browsers give no microphone to such a page, and passwords would be readable; " +
	"set web.tls.cert and web.tls.key, or web.tls.self_signed: true, or web.allow_plain: true")

// OpenWeb opens the listener of the desktop; nothing is answered before Serve.
// The desk must have a Control that is also Events.
func (d *Desk) OpenWeb(cfg WebConfig) (*Web, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Idle <= 0 {
		cfg.Idle = defaultIdle
	}
	if cfg.Life <= 0 {
		cfg.Life = defaultLife
	}
	if _, ok := d.cfg.Control.(Events); !ok {
		return nil, errors.New("desk: a desktop needs a running controller")
	}
	if d.web != nil {
		return nil, errors.New("desk: the desktop is open already")
	}
	w := &Web{
		desk: d, cfg: cfg, seats: newSeats(), replays: newReplays(), links: newLinks(), people: &people{store: d.cfg.Store, now: cfg.Now},
		byUser: newThrottle(5, 30*time.Second), byPlace: newThrottle(20, 5*time.Minute),
		hashing: make(chan struct{}, 2), stop: make(chan struct{}), epoch: rand.Text(),
	}
	if err := w.listen(); err != nil {
		return nil, fmt.Errorf("web.listen %s: %w", cfg.Listen, err)
	}
	_, port, _ := net.SplitHostPort(w.listener.Addr().String())
	// A browser does not tell cookies apart by port: two programs on a machine
	// have two names. Where processes share their sessions, one login is for
	// all, by whatever port each is reached.
	cookie := "freiton-" + port
	if _, shared := cfg.Sessions.(*SharedSessions); shared {
		cookie = "freiton"
	}
	if w.tls != nil {
		cookie = "__Host-" + cookie
	}
	w.sessions = newSessions(cfg.Sessions, cookie, w.tls != nil, cfg.Idle, cfg.Life, cfg.Now, d.cfg.Log)
	w.handler = w.chain()
	d.web = w
	return w, nil
}

// listen opens the socket, with TLS or where none is needed.
func (w *Web) listen() error {
	host, _, err := net.SplitHostPort(w.cfg.Listen)
	if err != nil {
		return err
	}
	scheme := "http"
	switch {
	case w.cfg.Cert != "":
		cert, err := tls.LoadX509KeyPair(w.cfg.Cert, w.cfg.Key)
		if err != nil {
			return err
		}
		w.tls = tlsConfig(cert)
	case w.cfg.SelfSigned != "":
		cert, err := ownCertificate(w.cfg.SelfSigned, host, w.cfg.Now())
		if err != nil {
			return err
		}
		w.tls = tlsConfig(cert)
	case !w.cfg.AllowPlain && !loopback(host):
		return ErrPlain
	}
	if w.listener, err = net.Listen("tcp", w.cfg.Listen); err != nil {
		return err
	}
	if w.tls != nil {
		scheme = "https"
	}
	w.rootURL = scheme + "://" + shown(w.listener.Addr().String())
	w.place = scheme + "://" + known(w.listener.Addr().String())
	return nil
}

func tlsConfig(cert tls.Certificate) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
}

// loopback reports whether a host is this machine only. A name is resolved: it
// may be anything.
func loopback(host string) bool {
	if ip := net.ParseIP(host); ip != nil {
		return ip.IsLoopback()
	}
	ips, err := net.LookupIP(host)
	if err != nil || len(ips) == 0 || host == "" {
		return false
	}
	for _, ip := range ips {
		if !ip.IsLoopback() {
			return false
		}
	}
	return true
}

// shown is an address one can open: a wildcard is this machine.
func shown(addr string) string {
	host, port, _ := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// known is the address for who is at another machine: a wildcard is this
// machine's name.
func known(addr string) string {
	host, port, _ := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		if name, err := os.Hostname(); err == nil {
			return net.JoinHostPort(name, port)
		}
	}
	return shown(addr)
}

// URL is where the desktop is.
func (w *Web) URL() string { return w.rootURL }

func (w *Web) chain() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/api/", w.desk.mux)
	mux.Handle("/openapi.json", w.desk.mux)
	mux.Handle("/openapi.yaml", w.desk.mux)
	mux.HandleFunc("GET /login", w.byLink)
	mux.Handle("GET /reference", w.desk.reference())
	page := newPage(w.cfg.Files)
	mux.Handle("GET /{$}", page)
	mux.Handle("GET /index.html", page)
	mux.Handle("GET /assets/", page)
	var h http.Handler = mux
	h = w.replays.wrap(w.cfg.Now, h)
	h = ownToken(h)
	h = limit(h)
	h = w.authenticate(h)
	h = w.sessions.scs.LoadAndSave(h)
	h = sameOrigin(h)
	return headers(w.tls != nil && w.cfg.Cert != "", h)
}

// socketBuffer is what the kernel keeps for a reader that sleeps: its own
// growth would be megabytes for each.
const socketBuffer = 64 << 10

// Serve answers until the context ends.
func (w *Web) Serve(ctx context.Context) error {
	srv := &http.Server{
		Handler: w.handler, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
		TLSConfig: w.tls, ErrorLog: quiet(w.desk.cfg.Log),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			if t, ok := c.(*tls.Conn); ok {
				c = t.NetConn()
			}
			if t, ok := c.(*net.TCPConn); ok {
				_ = t.SetWriteBuffer(socketBuffer)
			}
			return ctx
		},
	}
	var both sync.WaitGroup
	done := make(chan error, 1)
	both.Go(func() { // ended by Shutdown
		if w.tls != nil {
			done <- srv.ServeTLS(w.listener, "", "")
		} else {
			done <- srv.Serve(w.listener)
		}
	})
	both.Go(func() { w.watch(ctx) }) // ends with ctx, or Close
	post, endPost := context.WithCancel(ctx)
	both.Go(func() { w.post(post) })     // ended below
	both.Go(func() { w.accounts(post) }) // ended below
	defer both.Wait()
	defer endPost()
	defer w.end()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	w.end()
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	err := srv.Shutdown(stop)
	if errors.Is(err, context.DeadlineExceeded) {
		err = srv.Close()
	}
	return err
}

func (w *Web) end() { w.stopOnce.Do(func() { close(w.stop) }) }

// Close frees the listener of a Web that was not served.
func (w *Web) Close() error {
	w.end()
	if err := w.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// watchEvery is how often lost desks are looked for.
const watchEvery = 5 * time.Second

// watch makes agents whose desk is gone not ready; in a call the headset's
// rules hold.
func (w *Web) watch(ctx context.Context) {
	tick, soon := time.NewTicker(watchEvery), time.NewTicker(awaitEvery)
	defer tick.Stop()
	defer soon.Stop()
	for {
		select {
		case <-soon.C:
			w.await(ctx)
			continue
		case <-tick.C:
		case <-ctx.Done():
			return
		case <-w.stop:
			return
		}
		for _, user := range w.seats.lost(w.cfg.Now()) {
			w.away(ctx, user)
		}
	}
}

// away is what becomes of an agent without a desk: a record must not ring in
// an empty room.
func (w *Web) away(ctx context.Context, user campaign.AgentID) {
	snap, err := w.desk.cfg.Control.Snapshot(ctx, campaign.Viewer{Agent: user, Role: campaign.RoleAgent})
	if err != nil {
		return
	}
	for _, a := range snap.Agents {
		if a.Agent == user && a.Status == campaign.AgentReady && a.Interaction == "" {
			err := w.desk.cfg.Control.Do(ctx, campaign.ClickStatus{Agent: user, Status: campaign.AgentNotReady, Reason: "Technik"})
			w.desk.cfg.Log.Info("the desk is gone: not ready", "agent", user, "err", err)
		}
	}
}
