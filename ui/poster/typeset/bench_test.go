package typeset

import (
	"slices"
	"testing"
)

// BenchmarkPoster sets what a poster has to say in one language, with warm fonts.
func BenchmarkPoster(b *testing.B) {
	e := engine(b)
	for _, lang := range []string{"en", "ar", "hi", "th", "ur", "ja", "ko"} {
		s := samples[slices.IndexFunc(samples, func(s sample) bool { return s.lang == lang })]
		b.Run(lang, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				bold := s.style(70)
				bold.Bold = true
				e.Fit(s.text[:len(s.text)/3], bold, 18, 515, 64, 2)
				e.Fit(s.text, bold, 15, 515, 80, 2)
				e.Fit(s.text+" "+s.text+" "+s.text, s.style(16), 10.5, 515, 120, 5)
				for range 10 {
					e.Layout(s.text, s.style(9), 300, 1)
				}
				e.Fit(Isolate("+216 71 123 456"), bold, 8, 380, 0, 1)
			}
		})
	}
}

// BenchmarkLongest sets the longest text that there is.
func BenchmarkLongest(b *testing.B) {
	e := engine(b)
	for _, lang := range []string{"en", "ar", "ur", "my"} {
		s := samples[slices.IndexFunc(samples, func(s sample) bool { return s.lang == lang })]
		text := s.text
		for len(text) < 40_000 {
			text += " " + s.text
		}
		b.Run(lang, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				e.Fit(text, s.style(40), 8, 515, 200, 5)
			}
		})
	}
}

// BenchmarkFamily unpacks and parses one weight of each family.
func BenchmarkFamily(b *testing.B) {
	for _, name := range append(familyNames(), "NotoSansKR") {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := embedded(name+"-Regular", false).load(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func familyNames() (names []string) {
	for _, f := range families {
		names = append(names, f.name)
	}
	return names
}

// BenchmarkNew loads the packs that releases carry.
func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		engine(b)
	}
}
