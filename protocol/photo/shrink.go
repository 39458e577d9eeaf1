package photo

import (
	"encoding/binary"
	"image"
	"image/color"
	"math"

	"golang.org/x/image/draw"
)

// fit returns the largest size in the proportions of w by h that fits in maxW by maxH, and w by h if that fits.
func fit(w, h, maxW, maxH int) (int, int) {
	switch {
	case w <= maxW && h <= maxH:
		return w, h
	case w*maxH >= h*maxW:
		return maxW, max(1, (h*maxW+w/2)/w)
	}
	return max(1, (w*maxH+h/2)/h), maxH
}

// shrink returns m at w by h pixels, on white; m is no smaller. Whole multiples are averaged first, which is fast and
// needs little memory, and the filter does the rest: it decides how sharp the picture is.
func shrink(m image.Image, w, h int) *image.RGBA {
	b := m.Bounds()
	small := average(m, min(b.Dx()/w, b.Dy()/h))
	if small.Rect.Dx() == w && small.Rect.Dy() == h {
		return small
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.CatmullRom.Scale(out, out.Rect, small, small.Rect, draw.Src, nil)
	return out
}

// shrinkPlanes is shrink for the planes of a decoded JPEG, colours at half of the resolution each way, as the encoder has
// them: a third of the time, for nothing is turned into RGB and back.
func shrinkPlanes(m *image.YCbCr, w, h int) *image.YCbCr {
	out := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
	across, down := subsampling(m.SubsampleRatio)
	sw, sh := m.Rect.Dx(), m.Rect.Dy()
	shrinkPlane(out.Y, w, h, m.Y, m.YStride, sw, sh)
	cw, ch := (w+1)/2, (h+1)/2
	fromW, fromH := (sw+across-1)/across, (sh+down-1)/down
	shrinkPlane(out.Cb, cw, ch, m.Cb, m.CStride, fromW, fromH)
	shrinkPlane(out.Cr, cw, ch, m.Cr, m.CStride, fromW, fromH)
	return out
}

// Sums of weights times samples are made two at a time, in the halves of a word: one multiplication does both. Weights may
// be negative, so each half begins at bias, from which no sum gets below zero and borrows from its neighbour.
const (
	both        = 1<<32 | 1
	bias        = 1 << 30
	zero uint64 = both * (bias + 1<<(weightBits-1)) // a half more, so that cutting the sum rounds it
)

// sample is what a half of a word that began as zero has come to.
func sample(half uint32) uint64 {
	return uint64(min(max(int32(half>>weightBits)-bias>>weightBits, 0), 255))
}

// shrinkPlane fills small, of w by h samples, from a plane, two rows at a time.
func shrinkPlane(small []byte, w, h int, plane []byte, stride, fromW, fromH int) {
	rows, columns := taps(fromH, h), taps(fromW, w)
	line := make([]uint64, fromW) // of a row in the lower halves, of the next in the upper ones
	beyond := make([]byte, w)     // where a row after the last goes
	for y := 0; y < h; y += 2 {
		clear(line)
		upper, lower := small[y*w:][:w], beyond
		shrinkDown(line, 0, plane[rows.first[y]*stride:], stride, rows.of(y))
		if y+1 < h {
			lower = small[(y+1)*w:][:w]
			shrinkDown(line, 32, plane[rows.first[y+1]*stride:], stride, rows.of(y+1))
		}
		for x := range upper {
			weights := columns.of(x)
			from := line[columns.first[x]:][:len(weights)]
			sums := zero
			for i, weight := range weights {
				sums += weight * from[i]
			}
			upper[x], lower[x] = byte(sample(uint32(sums))), byte(sample(uint32(sums>>32)))
		}
	}
}

// shrinkDown adds to each word of line, shifted, the weighted sum of the samples below one another in a plane.
func shrinkDown(line []uint64, shift int, plane []byte, stride int, weights []uint64) {
	const spread = 255 * both
	x := 0
	for ; x+8 <= len(line); x += 8 { // sums of eight columns: 0 and 4, 1 and 5, and so on
		a, b, c, d := zero, zero, zero, zero
		at := x
		for _, weight := range weights {
			v := binary.LittleEndian.Uint64(plane[at:])
			a += (v & spread) * weight
			b += (v >> 8 & spread) * weight
			c += (v >> 16 & spread) * weight
			d += (v >> 24 & spread) * weight
			at += stride
		}
		to := line[x:][:8]
		to[0] |= sample(uint32(a)) << shift
		to[1] |= sample(uint32(b)) << shift
		to[2] |= sample(uint32(c)) << shift
		to[3] |= sample(uint32(d)) << shift
		to[4] |= sample(uint32(a>>32)) << shift
		to[5] |= sample(uint32(b>>32)) << shift
		to[6] |= sample(uint32(c>>32)) << shift
		to[7] |= sample(uint32(d>>32)) << shift
	}
	for ; x < len(line); x++ {
		sums, at := zero, x
		for _, weight := range weights {
			sums += uint64(plane[at]) * weight
			at += stride
		}
		line[x] |= sample(uint32(sums)) << shift
	}
}

// weightBits are behind the point of a weight.
const weightBits = 14

// filter is which samples make each sample of a smaller line, and with which weights, n of them one behind the other.
type filter struct {
	first   []int
	weights []uint64 // negative ones as they are in two's complement
	n       int
}

func (f *filter) of(i int) []uint64 { return f.weights[i*f.n:][:f.n] }

// taps is the filter from a line of so many samples to one of fewer, or as many: Catmull-Rom, as wide as the step is.
func taps(from, to int) *filter {
	step := max(float64(from)/float64(to), 1)
	f := &filter{n: min(int(math.Ceil(4*step)), from)}
	at := make([]float64, f.n)
	for i := range to {
		centre := (float64(i)+0.5)*float64(from)/float64(to) - 0.5
		first := min(max(int(math.Ceil(centre-2*step)), 0), from-f.n)
		f.first = append(f.first, first)
		total := 0.0
		for j := range at {
			at[j] = 0
			if far := math.Abs(float64(first+j)-centre) / step; far < draw.CatmullRom.Support {
				at[j] = draw.CatmullRom.At(far)
			}
			total += at[j]
		}
		left, most := int64(1<<weightBits), 0
		for j, v := range at {
			weight := int64(math.Round(v / total * (1 << weightBits)))
			f.weights = append(f.weights, uint64(weight))
			left -= weight
			if v > at[most] {
				most = j
			}
		}
		f.weights[i*f.n+most] += uint64(left) // together they are one
	}
	return f
}

// average returns m, on white, with each square of n by n pixels made one. What is left over at the right and the bottom,
// under n pixels of a picture many times as large, is dropped.
func average(m image.Image, n int) *image.RGBA {
	if y, ok := m.(*image.YCbCr); ok && n > 1 {
		return averageYCbCr(y, n)
	}
	b := m.Bounds()
	if n == 1 {
		out := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
		draw.Draw(out, out.Rect, image.White, image.Point{}, draw.Src)
		draw.Draw(out, out.Rect, m, b.Min, draw.Over)
		return out
	}
	out := image.NewRGBA(image.Rect(0, 0, b.Dx()/n, b.Dy()/n))
	rows := image.NewRGBA(image.Rect(0, 0, b.Dx(), n))
	area := uint32(n * n)
	for y := range out.Rect.Dy() {
		draw.Draw(rows, rows.Rect, image.White, image.Point{}, draw.Src)
		draw.Draw(rows, rows.Rect, m, image.Pt(b.Min.X, b.Min.Y+y*n), draw.Over)
		for x := range out.Rect.Dx() {
			red, green, blue := area/2, area/2, area/2
			for j := range n {
				for p := rows.Pix[j*rows.Stride+4*x*n:][:4*n]; len(p) >= 4; p = p[4:] {
					red += uint32(p[0])
					green += uint32(p[1])
					blue += uint32(p[2])
				}
			}
			out.SetRGBA(x, y, color.RGBA{uint8(red / area), uint8(green / area), uint8(blue / area), 255})
		}
	}
	return out
}

// averageYCbCr is average on the planes of a decoded JPEG or WebP, whose bounds begin at the origin: a quarter of the
// pixels or fewer are then turned into RGB.
func averageYCbCr(m *image.YCbCr, n int) *image.RGBA {
	across, down := subsampling(m.SubsampleRatio)
	small := image.NewYCbCr(image.Rect(0, 0, m.Rect.Dx()/n, m.Rect.Dy()/n), image.YCbCrSubsampleRatio444)
	w := small.Rect.Dx()
	averagePlane(small.Y, w, m.Y, m.YStride, 1, 1, n)
	averagePlane(small.Cb, w, m.Cb, m.CStride, across, down, n)
	averagePlane(small.Cr, w, m.Cr, m.CStride, across, down, n)
	return average(small, 1)
}

// averagePlane fills small, of w pixels a row, with the means of the samples of a plane that lie in each square of n by n
// pixels, where across by down pixels share a sample. It adds up rows first, the only loop that sees every sample.
func averagePlane(small []byte, w int, plane []byte, stride, across, down, n int) {
	left, right := make([]int, w), make([]int, w)
	for x := range w {
		left[x], right[x] = x*n/across, (x*n+n-1)/across+1
	}
	columns := make([]uint32, right[w-1])
	for y := range len(small) / w {
		clear(columns)
		top, bottom := y*n/down, (y*n+n-1)/down+1
		for row := top; row < bottom; row++ {
			for i, v := range plane[row*stride:][:len(columns)] {
				columns[i] += uint32(v)
			}
		}
		for x, from := range left {
			area := uint32((bottom - top) * (right[x] - from))
			sum := area / 2
			for _, v := range columns[from:right[x]] {
				sum += v
			}
			small[y*w+x] = uint8(sum / area)
		}
	}
}

// subsampling returns how many pixels across and down share a sample of colour.
func subsampling(r image.YCbCrSubsampleRatio) (across, down int) {
	switch r {
	case image.YCbCrSubsampleRatio422:
		return 2, 1
	case image.YCbCrSubsampleRatio420:
		return 2, 2
	case image.YCbCrSubsampleRatio440:
		return 1, 2
	case image.YCbCrSubsampleRatio411:
		return 4, 1
	case image.YCbCrSubsampleRatio410:
		return 4, 2
	}
	return 1, 1
}

// orient turns and mirrors m as an Exif orientation of 1 to 8 says, so that it is upright.
func orient(m *image.RGBA, o int) *image.RGBA {
	if o == 1 {
		return m
	}
	w, h := m.Rect.Dx(), m.Rect.Dy()
	turned := o >= 5 // rows become columns
	mirrored := o == 2 || o == 3 || o == 7 || o == 8
	flipped := o == 3 || o == 4 || o == 6 || o == 7
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	if turned {
		out = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			fromX, fromY := x, y
			if turned {
				fromX, fromY = y, x
			}
			if mirrored {
				fromX = w - 1 - fromX
			}
			if flipped {
				fromY = h - 1 - fromY
			}
			out.SetRGBA(x, y, m.RGBAAt(fromX, fromY))
		}
	}
	return out
}
