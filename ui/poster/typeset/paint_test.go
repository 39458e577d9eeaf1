package typeset

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/image/vector"
)

// paint draws a block at 2 pixels to the point. The line that emboldens is drawn as the glyph moved about.
func paint(dst *image.RGBA, b *Block, x0, y0 float64) {
	const scale = 2
	for _, l := range b.Lines {
		for _, run := range l.Runs {
			s := run.Size / float64(run.Face.UnitsPerEm())
			moves := []Point{{}}
			for i := 0; run.Embolden > 0 && i < 8; i++ {
				sin, cos := math.Sincos(float64(i) * math.Pi / 4)
				moves = append(moves, Point{int(cos * run.Embolden / 2 / s), int(sin * run.Embolden / 2 / s)})
			}
			for _, move := range moves {
				r := vector.NewRasterizer(dst.Rect.Dx(), dst.Rect.Dy())
				for _, g := range run.Glyphs {
					at := func(p Point) (float32, float32) {
						return float32(scale * (x0 + g.X + float64(p.X+move.X)*s)), float32(scale * (y0 + g.Y - float64(p.Y+move.Y)*s))
					}
					for _, seg := range run.Face.Outline(g.ID) {
						ax, ay := at(seg.P[0])
						bx, by := at(seg.P[1])
						cx, cy := at(seg.P[2])
						switch seg.Op {
						case MoveTo:
							r.MoveTo(ax, ay)
						case LineTo:
							r.LineTo(ax, ay)
						case CurveTo:
							r.CubeTo(ax, ay, bx, by, cx, cy)
						case Close:
							r.ClosePath()
						}
					}
				}
				r.Draw(dst, dst.Rect, image.NewUniform(color.Black), image.Point{})
			}
		}
	}
}

// TestPaint writes pictures of the samples, and of what is hard, into the folder that TYPESET_PICTURES names, for people to
// look at.
func TestPaint(t *testing.T) {
	dir := os.Getenv("TYPESET_PICTURES")
	if dir == "" {
		t.Skip("TYPESET_PICTURES names no folder")
	}
	e := engine(t)
	hard := []sample{
		{"ar", true, "اتصل على الرقم +216 71 123 456 (خط ساخن) أو Help line 116 000 الآن: https://example.org/x"},
		{"he", true, "התקשרו 116 000, מקרה XA-2026-0001 (Mia O’Neill), 3.5 ק״מ"},
		{"en", false, "Known as ليلى (١١ سنة), נועה 12, 葛城さくら; call +216 71 123 456"},
		{"ur", true, "فون +92 21 111 222 پر کال کریں، Case XA-12، چھٹی، لمحہ، نستعلیق"},
		{"th", false, "เด็ก\u200bหาย\u200bไป\u200bแล้ว\u200bที่\u200bสถานี\u200bรถไฟ\u200bเข้าใกล้ โทร 1300 ป้า ปั๊ม ญี่ปุ่น ฐิติ"},
		{"my", false, "ရန်ကုန်မြို့ဘူတာကြီးတွင်နောက်ဆုံးတွေ့ရှိခဲ့သည် က္ကဿ ဩဇာ"},
		{"ja", false, "葛葛\U000e0100葛\U000e0101 骨直 日眼 東京都葛飾区で、2026年11月23日（月）に「最後」"},
		{"zh-Hant", false, "葛 骨直 日眼 東京都，2026年（一）「最後」"},
		{"ko", false, "한글 눈 홍가람 어린이는 부산역에서 마지막으로 목격되었습니다 (112)"},
		{"vi", false, "Nguyễn Thị Ngọc Ánh Ế Ộ Ữ ậ \u0045\u0302\u0323 o\u031b\u0301"},
		{"hi", false, "र्\u200dय र्क्ष स्त्री द्ध ह्म कृ ट्रक श्री ॐ १२३ (कार्तिक)"},
		{"km", false, "ខ្ញុំ ស្រី្ត កម្ពុជា ភ្នំពេញ ក្រុង"},
	}
	const per = 6
	for name, all := range map[string][]sample{"samples": samples, "hard": hard} {
		for page := 0; page*per < len(all); page++ {
			img := image.NewRGBA(image.Rect(0, 0, 1200, per*200))
			draw.Draw(img, img.Rect, image.White, image.Point{}, draw.Src)
			for i, s := range all[page*per : min(len(all), page*per+per)] {
				st := s.style(17)
				paint(img, e.Layout(s.text, st, 350, 3), 12, float64(i*100)+4)
				st.Bold = true
				paint(img, e.Fit(s.text, st, 6, 200, 80, 4), 380, float64(i*100)+4)
			}
			f, err := os.Create(filepath.Join(dir, fmt.Sprintf("%s-%d.png", name, page)))
			if err != nil {
				t.Fatal(err)
			}
			if err := png.Encode(f, img); err != nil {
				t.Fatal(err)
			}
			f.Close()
		}
	}
}
