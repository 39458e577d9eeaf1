package admin

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestProxyIsBelievedOnlyIfNamed: the address of the browser and its TLS are taken from a proxy that the configuration names,
// and from nobody else.
func TestProxyIsBelievedOnlyIfNamed(t *testing.T) {
	signIn := func(d *desk, peer, browser, password string) *http.Response {
		r := httptest.NewRequest("POST", "/en/signin", strings.NewReader("password="+strings.ReplaceAll(password, " ", "+")))
		r.RemoteAddr = peer
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("X-Forwarded-For", browser)
		r.Header.Set("X-Real-IP", "203.0.113.77")
		r.Header.Set("X-Forwarded-Proto", "https")
		w := httptest.NewRecorder()
		d.server.Config.Handler.ServeHTTP(w, r)
		return w.Result()
	}
	for _, c := range []struct {
		peer    string
		trusted bool
	}{{"192.0.2.80:1", true}, {"[2001:db8::7]:1", true}, {"192.0.2.81:1", false}} {
		d := newDeskBehind(t, []string{"192.0.2.80", "2001:db8::/64"})
		for i := range tryBurst {
			if r := signIn(d, c.peer, "198.51.100.1", "wrong"); r.StatusCode != http.StatusUnauthorized {
				t.Fatalf("%s, attempt %d: %d", c.peer, i, r.StatusCode)
			}
		}
		if r := signIn(d, c.peer, "203.0.113.9, 198.51.100.1", "wrong"); r.StatusCode != http.StatusTooManyRequests {
			t.Errorf("%s, past the limit under an address that the browser made up: %d", c.peer, r.StatusCode)
		}
		r := signIn(d, c.peer, "198.51.100.2", testPassword)
		if !c.trusted {
			if r.StatusCode != http.StatusTooManyRequests {
				t.Errorf("%s gave itself another address: %d", c.peer, r.StatusCode)
			}
			r = signIn(d, "192.0.2.82:1", "", testPassword)
		}
		if cookies := r.Cookies(); r.StatusCode != http.StatusSeeOther || len(cookies) != 1 || cookies[0].Secure != c.trusted {
			t.Errorf("%s: %d, cookies %v", c.peer, r.StatusCode, cookies)
		}
	}
	for _, bad := range []string{"proxy.example", "0.0.0.0/0", "10.0.0.0/33", ""} {
		if _, err := ParseProxies([]string{bad}); err == nil {
			t.Errorf("%q was taken for a proxy", bad)
		}
	}
}
