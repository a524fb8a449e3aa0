package desk

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"log/slog"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/freiton/freiton/campaign"
)

// sessions are the logins of the web. scs keeps the token and the data; when a
// session ends is decided here, for it never does in a call.
type sessions struct {
	scs        *scs.SessionManager
	now        func() time.Time
	idle, life time.Duration
}

// What a session keeps.
const (
	keptUser  = "user"
	keptCSRF  = "csrf"
	keptBorn  = "born"  // Unix seconds
	keptSeen  = "seen"  // the same; at most a minute behind
	keptPrint = "print" // of the password: a new one ends all sessions
)

// seenEvery is how often the last use is written down.
const seenEvery = time.Minute

// longestCall is what a session may outlive its end by: nobody is in one call
// so long.
const longestCall = 24 * time.Hour

func newSessions(store Sessions, cookie string, secure bool, idle, life time.Duration, now func() time.Time, log *slog.Logger) *sessions {
	// Not scs.New: that begins a store of its own, with a goroutine nobody ends.
	m := &scs.SessionManager{
		Store: store, Lifetime: life + longestCall, HashTokenInStore: true, Codec: scs.GobCodec{},
		Cookie: scs.SessionCookie{Name: cookie, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: secure},
		ErrorFunc: func(w http.ResponseWriter, _ *http.Request, err error) {
			log.Error("sessions", "err", err)
			problem(http.StatusServiceUnavailable, CodeUnavailable, "logins cannot be read or kept now").write(w)
		},
	}
	return &sessions{scs: m, now: now, idle: idle, life: life}
}

// begin rotates the token and logs a user in.
func (s *sessions) begin(ctx context.Context, u campaign.User) error {
	if err := s.scs.RenewToken(ctx); err != nil {
		return err
	}
	now := s.now().Unix()
	s.scs.Put(ctx, keptUser, string(u.Name))
	s.scs.Put(ctx, keptCSRF, secret())
	s.scs.Put(ctx, keptBorn, now)
	s.scs.Put(ctx, keptSeen, now)
	s.scs.Put(ctx, keptPrint, fingerprint(u.Hash))
	return nil
}

func (s *sessions) user(ctx context.Context) campaign.AgentID {
	return campaign.AgentID(s.scs.GetString(ctx, keptUser))
}

// name identifies the session without opening it.
func (s *sessions) name(ctx context.Context) string { return fingerprint(s.scs.Token(ctx)) }

// last is when the session ends at the latest.
func (s *sessions) last(ctx context.Context) time.Time {
	return time.Unix(s.scs.GetInt64(ctx, keptBorn), 0).Add(s.life)
}

// end is when the session runs out unless it is used.
func (s *sessions) end(ctx context.Context) time.Time {
	idle := time.Unix(s.scs.GetInt64(ctx, keptSeen), 0).Add(s.idle)
	if last := s.last(ctx); last.Before(idle) {
		return last
	}
	return idle
}

// used writes down that the session is in use.
func (s *sessions) used(ctx context.Context) {
	if now := s.now(); now.Sub(time.Unix(s.scs.GetInt64(ctx, keptSeen), 0)) >= seenEvery {
		s.scs.Put(ctx, keptSeen, now.Unix())
	}
}

// secret is 256 random bits as text.
func secret() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// fingerprint stands for a secret where the secret itself must not be.
func fingerprint(s string) string {
	h := sha256.Sum256([]byte(s))
	return base64.RawURLEncoding.EncodeToString(h[:12])
}
