package admin

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
)

const (
	sessionLife = 12 * time.Hour
	sessionIdle = time.Hour
	maxSessions = 1000
)

// sessions are who is signed in, kept in memory: a restart signs everybody out.
type sessions struct {
	cookie string

	mu  sync.Mutex // guards what follows
	all map[[32]byte]*session
}

// session is one browser that is signed in. Only the digest of the browser's token is kept.
type session struct {
	csrf   string
	began  time.Time
	seen   time.Time
	notice string // the message to show on the next page, once
}

func newToken() string {
	b := make([]byte, 32)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

func (s *session) ended(now time.Time) bool {
	return now.Sub(s.began) >= sessionLife || now.Sub(s.seen) >= sessionIdle
}

// begin signs a browser in and returns the token for its cookie.
func (ss *sessions) begin() string {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	now := time.Now()
	var oldest [32]byte
	for id, s := range ss.all {
		if s.ended(now) {
			delete(ss.all, id)
		} else if o := ss.all[oldest]; o == nil || s.seen.Before(o.seen) {
			oldest = id
		}
	}
	if len(ss.all) >= maxSessions {
		delete(ss.all, oldest)
	}
	token := newToken()
	ss.all[sha256.Sum256([]byte(token))] = &session{csrf: newToken(), began: now, seen: now}
	return token
}

// find returns the session of a request, nil if it has none or it ended.
func (ss *sessions) find(r *http.Request) *session {
	cookie, err := r.Cookie(ss.cookie)
	if err != nil {
		return nil
	}
	ss.mu.Lock()
	defer ss.mu.Unlock()
	id := sha256.Sum256([]byte(cookie.Value))
	s, now := ss.all[id], time.Now()
	if s == nil {
		return nil
	}
	if s.ended(now) {
		delete(ss.all, id)
		return nil
	}
	s.seen = now
	return s
}

// end signs the browser of a request out.
func (ss *sessions) end(r *http.Request) {
	if cookie, err := r.Cookie(ss.cookie); err == nil {
		ss.mu.Lock()
		defer ss.mu.Unlock()
		delete(ss.all, sha256.Sum256([]byte(cookie.Value)))
	}
}

// tell leaves a message for the next page of the session.
func (ss *sessions) tell(s *session, key string) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	s.notice = key
}

// told returns the message that was left, and forgets it.
func (ss *sessions) told(s *session) string {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	key := s.notice
	s.notice = ""
	return key
}

// knows compares a form's token with the session's own.
func (s *session) knows(token string) bool {
	return subtle.ConstantTimeCompare([]byte(token), []byte(s.csrf)) == 1
}

// setCookie hands the browser its token; "" takes it away.
func (s *console) setCookie(c *gin.Context, token string) {
	cookie := &http.Cookie{
		Name: s.sessions.cookie, Value: token, Path: "/", MaxAge: int(sessionLife / time.Second),
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: s.encrypted(c),
	}
	if token == "" {
		cookie.MaxAge = -1
	}
	http.SetCookie(c.Writer, cookie)
}
