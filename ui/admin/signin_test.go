package admin

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"
)

func TestPasswordHash(t *testing.T) {
	hash := testHash()
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=65536,t=3,p=4$") {
		t.Errorf("hash %s", hash)
	}
	p, err := parsePHC(hash)
	if err != nil {
		t.Fatal(err)
	}
	if !p.matches(testPassword) || p.matches(testPassword+" ") || p.matches("") {
		t.Error("the right password does not match, or a wrong one does")
	}
	if p.matches(testPassword + strings.Repeat("x", 2000)) {
		t.Error("a password beyond the limit matches")
	}
	if _, err := HashPassword("eleven char"); err == nil {
		t.Error("a password of eleven characters was taken")
	}
	if again, _ := HashPassword(testPassword); again == hash {
		t.Error("two hashes of a password are the same: there is no salt")
	}
	accents, _ := HashPassword("déjà vu déjà vu") // as one letter and as two
	if p, _ := parsePHC(accents); !p.matches("de\u0301ja\u0300 vu de\u0301ja\u0300 vu") {
		t.Error("the same password typed on another keyboard does not match")
	}
	for _, bad := range []string{"", "secret", "$2a$10$abcdefghijklmnopqrstuv", strings.Replace(hash, "m=65536", "m=99999999", 1),
		strings.Replace(hash, "t=3", "t=0", 1), strings.Replace(hash, "v=19", "v=16", 1), hash[:60]} {
		if _, err := parsePHC(bad); err == nil {
			t.Errorf("hash %q was taken", bad)
		}
	}
}

func TestSignIn(t *testing.T) {
	d := newDesk(t)
	p := d.get("/en/network?x=1")
	if want := "/en/signin?next=%2Fen%2Fnetwork%3Fx%3D1"; p.path != want {
		t.Fatalf("came to %s, want %s", p.path, want)
	}
	wrong := p.submit("", map[string]string{"password": "three herons on a pond"})
	if wrong.status != http.StatusUnauthorized || !strings.Contains(wrong.text(), "The password is not right") {
		t.Errorf("wrong password: %d %s", wrong.status, wrong.text())
	}
	p = wrong.submit("", map[string]string{"password": testPassword})
	if p.status != 200 || p.path != "/en/network?x=1" {
		t.Errorf("right password: %d %s, want the page that was asked for", p.status, p.path)
	}
	if p = d.get("/ar/"); p.path != "/ar/" {
		t.Errorf("signed in, and sent to %s", p.path)
	}
	out := d.get("/en/").elements("form")[0]
	if !strings.HasSuffix(attr(out, "action"), "/signout") {
		t.Fatalf("first form goes to %s", attr(out, "action"))
	}
	p = d.small("/en/signout", controls(out))
	if !strings.Contains(p.text(), "You are signed out.") {
		t.Errorf("signed out: %s", p.text())
	}
	if p = d.get("/en/"); !strings.HasPrefix(p.path, "/en/signin") {
		t.Errorf("signed out, and can see %s", p.path)
	}
}

// small posts a form that is not multipart.
func (d *desk) small(path string, all []pair) *shown {
	var b []string
	for _, c := range all {
		b = append(b, c.name+"="+c.value)
	}
	req, _ := http.NewRequest("POST", d.server.URL+path, strings.NewReader(strings.Join(b, "&"))) // no error: a good URL
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return d.do(req)
}

func TestSignInIsLimited(t *testing.T) {
	d := newDesk(t)
	for range tryBurst {
		if p := d.small("/en/signin", []pair{{"password", "wrong"}}); p.status != http.StatusUnauthorized {
			t.Fatalf("status %d before the limit", p.status)
		}
	}
	began := time.Now()
	p := d.small("/en/signin", []pair{{"password", strings.ReplaceAll(testPassword, " ", "+")}})
	if p.status != http.StatusTooManyRequests || !strings.Contains(p.text(), "Too many attempts") || p.header.Get("Retry-After") == "" {
		t.Errorf("beyond the limit: %d %s", p.status, p.text())
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("a refused attempt took %s; it must cost nothing", took)
	}
}

func TestAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAttempts()
		for range tryBurst {
			if !a.allow("2001:db8::1") {
				t.Fatal("refused before the limit")
			}
		}
		if a.allow("2001:db8::2") {
			t.Error("a neighbour in the same /64 is counted apart")
		}
		if !a.allow("192.0.2.1") || !a.allow("::ffff:192.0.2.2") {
			t.Error("another address is refused")
		}
		time.Sleep(tryEvery)
		if !a.allow("2001:db8::1") {
			t.Error("still refused after the wait")
		}
		a.forget("2001:db8::1")
		if !a.allow("2001:db8::1") {
			t.Error("refused after a success")
		}
		n := 0
		for i := range 1000 {
			if a.allow("198.51." + string(rune('0'+i%10)) + ".1") {
				n++
			}
		}
		if n > allTryBurst {
			t.Errorf("%d attempts at once from many addresses, want at most %d", n, allTryBurst)
		}
	})
}

func TestSessionsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ss := &sessions{cookie: "c", all: map[[32]byte]*session{}}
		request := func(token string) *http.Request {
			r := httptest.NewRequest("GET", "/", nil)
			r.AddCookie(&http.Cookie{Name: "c", Value: token})
			return r
		}
		idle, busy := ss.begin(), ss.begin()
		for range 14 {
			time.Sleep(50 * time.Minute)
			ss.find(request(busy))
		}
		if ss.find(request(idle)) != nil {
			t.Error("an idle session did not end")
		}
		busy = ss.begin()
		for range 14 {
			time.Sleep(50 * time.Minute) // 11 h 40 min
			if ss.find(request(busy)) == nil {
				t.Fatal("a session in use ended early")
			}
		}
		time.Sleep(25 * time.Minute)
		if ss.find(request(busy)) != nil {
			t.Error("a session in use did not end after twelve hours")
		}
		if ss.find(request("")) != nil || ss.find(httptest.NewRequest("GET", "/", nil)) != nil {
			t.Error("no token, and a session")
		}
		for range maxSessions + 10 {
			ss.begin()
		}
		if len(ss.all) > maxSessions {
			t.Errorf("%d sessions are kept", len(ss.all))
		}
	})
}

func TestCookie(t *testing.T) {
	gin.SetMode(gin.TestMode)
	ss := &sessions{cookie: "c", all: map[[32]byte]*session{}}
	s := &console{sessions: ss}
	for _, c := range []struct {
		url    string
		secure bool
	}{{"http://x/", false}, {"https://x/", true}} {
		w := httptest.NewRecorder()
		ctx, _ := gin.CreateTestContext(w)
		ctx.Request = httptest.NewRequest("GET", c.url, nil) // an https address gets a TLS state
		s.setCookie(ctx, ss.begin())
		got := w.Result().Cookies()[0]
		if !got.HttpOnly || got.SameSite != http.SameSiteStrictMode || got.Path != "/" || got.Secure != c.secure || len(got.Value) < 43 {
			t.Errorf("%s: %+v", c.url, got)
		}
		for id := range ss.all {
			if strings.Contains(got.Value, string(id[:])) {
				t.Error("the map is keyed by the token itself")
			}
		}
	}
}

func TestOwnPath(t *testing.T) {
	for in, want := range map[string]string{
		"/en/": "/en/", "/en/cases/x?page=2": "/en/cases/x?page=2", "": "", "en/": "", "//evil.example/": "", "/\\evil.example": "",
		"https://evil.example/": "", "/en/#x": "/en/", "javascript:alert(1)": "", "/\t/evil.example": "", "///evil.example": "",
		"/%2f/evil.example": "", "/en/\r\nx": "",
	} {
		if got := ownPath(in); got != want {
			t.Errorf("ownPath(%q) is %q, want %q", in, got, want)
		}
	}
}
