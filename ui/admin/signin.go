package admin

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"
)

// signInPage asks for the password.
type signInPage struct {
	page
	Next  string
	Wrong string // the message to show at the field
}

func (s *console) showSignIn(c *gin.Context) error {
	p := signInPage{page: s.page(c, s.locale(c).T("admin.signin")), Next: ownPath(c.Query("next"))}
	if sessionOf(c) != nil {
		return s.seeOther(c, "/")
	}
	if c.Query("out") != "" {
		p.Notice = "admin.signedout"
	}
	return s.pages.Render(c, http.StatusOK, "signin", &p)
}

func (s *console) signIn(c *gin.Context) error {
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, 64<<10)
	p := signInPage{page: s.page(c, s.locale(c).T("admin.signin")), Next: ownPath(c.PostForm("next"))}
	again := func(status int, key string) error {
		p.Wrong = p.T(key)
		return s.pages.Render(c, status, "signin", &p)
	}
	if !s.attempts.allow(c.ClientIP()) {
		c.Header("Retry-After", "60")
		return again(http.StatusTooManyRequests, "admin.toomany")
	}
	select {
	case s.attempts.hashing <- struct{}{}:
	case <-c.Request.Context().Done():
		return nil
	}
	right := s.password.matches(c.PostForm("password"))
	<-s.attempts.hashing
	if !right {
		s.Log.Warn("sign-in to the console refused")
		return again(http.StatusUnauthorized, "admin.wrongpassword")
	}
	s.attempts.forget(c.ClientIP())
	s.sessions.end(c.Request)
	s.setCookie(c, s.sessions.begin())
	if p.Next == "" {
		return s.seeOther(c, "/")
	}
	c.Redirect(http.StatusSeeOther, p.Next)
	return nil
}

func (s *console) signOut(c *gin.Context) error {
	if _, err := s.form(c); err != nil {
		return err
	}
	s.sessions.end(c.Request)
	s.setCookie(c, "")
	return s.seeOther(c, "/signin?out=1")
}

// ownPath returns the path and query of an address on this very host, "" for any other.
func ownPath(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || u.Opaque != "" || !strings.HasPrefix(u.Path, "/") ||
		strings.HasPrefix(u.Path, "//") || strings.ContainsAny(s, "\\\t\r\n") {
		return ""
	}
	return u.RequestURI()
}
