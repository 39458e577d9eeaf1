package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestWhoMayMeasure(t *testing.T) {
	for _, c := range []struct {
		name, from, token, header, value string
		want                             bool
	}{
		{"this machine", "127.0.0.1:1", "", "", "", true},
		{"this machine by IPv6", "[::1]:1", "", "", "", true},
		{"another machine", "192.0.2.1:1", "", "", "", false},
		{"another machine through a proxy here", "127.0.0.1:1", "", "X-Forwarded-For", "192.0.2.1", false},
		{"this machine without the token", "127.0.0.1:1", "sixteen letters!", "", "", false},
		{"a wrong token", "192.0.2.1:1", "sixteen letters!", "Authorization", "Bearer sixteen letters?", false},
		{"the token", "192.0.2.1:1", "sixteen letters!", "Authorization", "Bearer sixteen letters!", true},
	} {
		r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
		r.RemoteAddr = c.from
		if c.header != "" {
			r.Header.Set(c.header, c.value)
		}
		if got := mayMeasure(r, c.token); got != c.want {
			t.Errorf("%s: %t, want %t", c.name, got, c.want)
		}
	}
}
