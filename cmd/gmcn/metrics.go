package main

import (
	"crypto/subtle"
	"net"
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/gmcn/gmcn/node"
)

// withMetrics puts /metrics, for Prometheus, before the console. They name members, never a case or a person.
func withMetrics(console http.Handler, n *node.Node, token string) http.Handler {
	all := prometheus.NewRegistry()
	all.MustRegister(n.Metrics(), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	metrics := promhttp.HandlerFor(all, promhttp.HandlerOpts{})
	mux := http.NewServeMux()
	mux.Handle("/", console)
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		if !mayMeasure(r, token) {
			http.Error(w, "metrics are for this machine, or for who has console.metrics_token", http.StatusForbidden)
			return
		}
		metrics.ServeHTTP(w, r)
	})
	return mux
}

// mayMeasure says whether a request has the token or, where none is set, comes from this machine and through no proxy, for
// which everybody is here.
func mayMeasure(r *http.Request, token string) bool {
	if token != "" {
		sent, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		return ok && subtle.ConstantTimeCompare([]byte(sent), []byte(token)) == 1
	}
	for _, h := range []string{"Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via"} {
		if r.Header.Get(h) != "" {
			return false
		}
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	return err == nil && net.ParseIP(host).IsLoopback()
}
