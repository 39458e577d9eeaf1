package site

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// The first is the ruler: what the machine and net/http give at most.
func BenchmarkPages(b *testing.B) {
	w := newWorld(b, "XA", languages, true)
	bare := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok\n") })
	ref := w.refs["XA-2026-001"].String()
	for _, run := range []struct {
		name, path string
		handler    http.Handler
	}{
		{"bare", "/", bare}, {"home", "/en/", w.site}, {"list", "/en/cases?tab=network", w.site}, {"case", "/ar/cases/" + ref, w.site},
		{"thumbnail", w.thumb(), w.site}, {"photo640", "/photos/" + photoOf(w, ref) + "/640.jpg", w.site}, {"poster", "/en/cases/" + ref + "/poster.pdf", w.site},
	} {
		b.Run(run.name, func(b *testing.B) {
			server := httptest.NewServer(run.handler)
			defer server.Close()
			client := server.Client()
			client.Transport.(*http.Transport).MaxIdleConnsPerHost = 64
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					r, _ := http.NewRequest(http.MethodGet, server.URL+run.path, nil)
					r.Header.Set("Accept-Encoding", "gzip")
					resp, err := client.Do(r)
					if err != nil || resp.StatusCode != 200 {
						b.Errorf("%v, %v", resp, err)
						return
					}
					io.Copy(io.Discard, resp.Body)
					resp.Body.Close()
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "pages/s")
		})
	}
}
