package poster

import "testing"

func BenchmarkRender(b *testing.B) {
	for _, tag := range []string{"en", "ar"} {
		b.Run(tag, func(b *testing.B) {
			in := sample(b, tag, A4)
			in.Photos = append(in.Photos, in.Photos[0])
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Render(in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkExtremes(b *testing.B) {
	for name, in := range extremes(b, "en", A4) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Compose(in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
