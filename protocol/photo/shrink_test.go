package photo

import (
	"fmt"
	"image"
	"image/color"
	"math/rand"
	"testing"

	"golang.org/x/image/draw"

	"github.com/gmcn/gmcn/protocol/protocoltest"
)

// TestAverage compares the two ways to average, on the planes and on RGB, on a picture that changes slowly, for which they
// must agree, and with what the filter makes of the whole picture.
func TestAverage(t *testing.T) {
	for _, ratio := range []image.YCbCrSubsampleRatio{image.YCbCrSubsampleRatio444, image.YCbCrSubsampleRatio422,
		image.YCbCrSubsampleRatio420, image.YCbCrSubsampleRatio440, image.YCbCrSubsampleRatio411, image.YCbCrSubsampleRatio410} {
		m := image.NewYCbCr(image.Rect(0, 0, 601, 403), ratio)
		for y := range 403 {
			for x := range 601 {
				m.Y[m.YOffset(x, y)] = byte(40 + x/8 + y/5)
				m.Cb[m.COffset(x, y)] = byte(90 + x/8)
				m.Cr[m.COffset(x, y)] = byte(90 + y/6)
			}
		}
		whole := image.NewRGBA(m.Rect)
		draw.Draw(whole, m.Rect, m, image.Point{}, draw.Src)
		for n := 1; n <= 7; n++ {
			planes, rgb := average(m, n), average(whole, n)
			filtered := image.NewRGBA(planes.Rect)
			draw.CatmullRom.Scale(filtered, filtered.Rect, whole, image.Rect(0, 0, 601/n*n, 403/n*n), draw.Src, nil)
			if planes.Rect != image.Rect(0, 0, 601/n, 403/n) || rgb.Rect != planes.Rect {
				t.Fatalf("%v by %d: %v and %v", ratio, n, planes.Rect, rgb.Rect)
			}
			differ(t, fmt.Sprintf("%v by %d, planes and RGB", ratio, n), planes, rgb, 3)
			differ(t, fmt.Sprintf("%v by %d, planes and filter", ratio, n), planes, filtered, 4)
		}
	}
}

// TestShrinkPlanes compares the filter on the planes with that of x/image on RGB, and wants what is flat to stay so.
func TestShrinkPlanes(t *testing.T) {
	for _, ratio := range []image.YCbCrSubsampleRatio{image.YCbCrSubsampleRatio444, image.YCbCrSubsampleRatio422,
		image.YCbCrSubsampleRatio420, image.YCbCrSubsampleRatio440, image.YCbCrSubsampleRatio411, image.YCbCrSubsampleRatio410} {
		for _, to := range []image.Point{{600, 401}, {375, 250}, {300, 201}, {75, 50}, {601, 1}, {1, 1}} {
			m, flat := image.NewYCbCr(image.Rect(0, 0, 601, 403), ratio), image.NewYCbCr(image.Rect(0, 0, 601, 403), ratio)
			for y := range 403 {
				for x := range 601 {
					m.Y[m.YOffset(x, y)] = byte(40 + x/8 + y/5)
					m.Cb[m.COffset(x, y)] = byte(90 + x/8)
					m.Cr[m.COffset(x, y)] = byte(90 + y/6)
				}
			}
			for _, plane := range [][]byte{flat.Y, flat.Cb, flat.Cr} {
				for i := range plane {
					plane[i] = 201
				}
			}
			what := fmt.Sprint(ratio, " to ", to)
			for _, plane := range [][]byte{shrinkPlanes(flat, to.X, to.Y).Y, shrinkPlanes(flat, to.X, to.Y).Cr} {
				for i, v := range plane {
					if v != 201 {
						t.Fatalf("%s: flat 201 became %d at %d", what, v, i)
					}
				}
			}
			whole, want, got := image.NewRGBA(m.Rect), image.NewRGBA(image.Rectangle{Max: to}), image.NewRGBA(image.Rectangle{Max: to})
			draw.Draw(whole, m.Rect, m, image.Point{}, draw.Src)
			draw.CatmullRom.Scale(want, want.Rect, whole, whole.Rect, draw.Src, nil)
			draw.Draw(got, got.Rect, shrinkPlanes(m, to.X, to.Y), image.Point{}, draw.Src)
			differ(t, what, got, want, 5)
		}
	}
}

// TestShrinkPlane makes the sums one by one, of lines of every length and of samples that bring them below 0 and past 255.
func TestShrinkPlane(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	past := 0
	for range 200 {
		fromW, fromH := 1+rng.Intn(60), 1+rng.Intn(60)
		w, h, stride := 1+rng.Intn(fromW), 1+rng.Intn(fromH), fromW+rng.Intn(5)
		plane, got := make([]byte, stride*(fromH-1)+fromW), make([]byte, w*h)
		for i := range plane {
			plane[i] = byte(-rng.Intn(2)) // 0 or 255
		}
		shrinkPlane(got, w, h, plane, stride, fromW, fromH)
		rows, columns := taps(fromH, h), taps(fromW, w)
		sum := func(f *filter, i int, at func(int) int64) int64 {
			total := int64(1 << (weightBits - 1))
			for j, weight := range f.of(i) {
				total += int64(weight) * at(f.first[i]+j)
			}
			if total>>weightBits < 0 || total>>weightBits > 255 {
				past++
			}
			return min(max(total>>weightBits, 0), 255)
		}
		for i, v := range got {
			want := sum(columns, i%w, func(x int) int64 {
				return sum(rows, i/w, func(y int) int64 { return int64(plane[y*stride+x]) })
			})
			if int64(v) != want {
				t.Fatalf("%d by %d to %d by %d: sample %d is %d, want %d", fromW, fromH, w, h, i, v, want)
			}
		}
	}
	if past < 1000 {
		t.Errorf("%d sums had to be cut: the test shows little", past)
	}
}

func TestAverageRounds(t *testing.T) {
	m := image.NewYCbCr(image.Rect(0, 0, 4, 2), image.YCbCrSubsampleRatio444)
	m.Y = []byte{0, 1, 9, 8, 1, 1, 8, 8}
	got := make([]byte, 2)
	averagePlane(got, 2, m.Y, m.YStride, 1, 1, 2)
	if got[0] != 1 || got[1] != 8 { // three quarters, and eight and a quarter
		t.Errorf("got %d", got)
	}
}

func differ(t *testing.T, what string, a, b *image.RGBA, most int) {
	t.Helper()
	for i := range a.Pix {
		if d := int(a.Pix[i]) - int(b.Pix[i]); d < -most || d > most {
			t.Errorf("%s: byte %d of %d is %d and %d", what, i, len(a.Pix), a.Pix[i], b.Pix[i])
			return
		}
	}
}

func TestStretch(t *testing.T) {
	m := image.NewYCbCr(image.Rect(0, 0, 3, 1), image.YCbCrSubsampleRatio444)
	copy(m.Y, []byte{16, 126, 235})
	copy(m.Cb, []byte{16, 128, 240})
	copy(m.Cr, []byte{0, 128, 255})
	stretch(m)
	for x, want := range []color.YCbCr{{0, 1, 0}, {128, 128, 128}, {255, 255, 255}} {
		if got := m.YCbCrAt(x, 0); got != want {
			t.Errorf("%d: got %v, want %v", x, got, want)
		}
	}
}

func TestFit(t *testing.T) {
	for _, c := range []struct{ w, h, maxW, maxH, wantW, wantH int }{
		{100, 50, 100, 50, 100, 50}, {101, 50, 100, 50, 100, 50}, {100, 51, 100, 50, 98, 50},
		{65535, 1, 100, 100, 100, 1}, {1, 65535, 100, 100, 1, 100}, {1000, 1000, 320, 400, 320, 320},
	} {
		if w, h := fit(c.w, c.h, c.maxW, c.maxH); w != c.wantW || h != c.wantH {
			t.Errorf("%d by %d in %d by %d: got %d by %d", c.w, c.h, c.maxW, c.maxH, w, h)
		}
	}
}

func BenchmarkResize(b *testing.B) {
	for _, s := range []image.Point{{1200, 1500}, {1600, 1200}, {800, 1000}} {
		full := encode(protocoltest.Portrait(protocoltest.Invent(7, 12), s.X, s.Y), 85)
		b.Run(s.String(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Resize(full, 800, 1000, 78); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
