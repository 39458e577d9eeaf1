package protocoltest

import (
	"bytes"
	"image"
	"image/png"
	"testing"
)

// plain is a face on which each single field can be seen.
var plain = Look{Seed: 2, Age: 9, Skin: SkinFair, Hair: HairBrown, Eyes: EyesBlue, Style: Short,
	Top: 0x3d6fb6, Cloth: 0xc8553d, Background: 0xbfe0e2}

func TestPortraitIsTheSameEachTime(t *testing.T) {
	for seed := range int64(20) {
		l := Invent(seed, int(seed)*3)
		if again := Invent(seed, int(seed)*3); again != l {
			t.Fatalf("Invent(%d) gave %+v, then %+v", seed, l, again)
		}
		if !bytes.Equal(PortraitPNG(l, 160, 200), PortraitPNG(l, 160, 200)) {
			t.Errorf("seed %d: two pictures of one Look differ", seed)
		}
	}
}

func TestEveryFieldShows(t *testing.T) {
	changes := map[string]func(*Look){
		"Seed":       func(l *Look) { l.Seed = 3 },
		"Age":        func(l *Look) { l.Age = 10 },
		"Skin":       func(l *Look) { l.Skin = SkinCocoa },
		"Hair":       func(l *Look) { l.Hair = HairBlack },
		"Eyes":       func(l *Look) { l.Eyes = EyesDark },
		"Top":        func(l *Look) { l.Top = 0xe4572e },
		"Background": func(l *Look) { l.Background = 0xf7dcb4 },
		"Smile":      func(l *Look) { l.Smile = true },
		"Glasses":    func(l *Look) { l.Glasses = true },
		"Freckles":   func(l *Look) { l.Freckles = true },
		"Scarf":      func(l *Look) { l.Scarf = true },
		"Beard":      func(l *Look) { l.Beard = true },
		"Cloth":      func(l *Look) { l.Scarf, l.Cloth = true, 0x5b8e7d },
	}
	for s := Cropped; s <= Headscarf; s++ {
		changes["Style "+string('0'+rune(s))] = func(l *Look) { l.Style = s }
	}
	seen := map[string]string{string(PortraitPNG(plain, 160, 200)): "no change"}
	for name, change := range changes {
		l := plain
		change(&l)
		picture := string(PortraitPNG(l, 160, 200))
		if other, ok := seen[picture]; ok {
			t.Errorf("%s looks like %s", name, other)
		}
		seen[picture] = name
	}
}

// The text of a case is written from its Look, so the picture must have those
// colours, whatever is drawn over them.
func TestPortraitHasTheColoursOfItsLook(t *testing.T) {
	for style := Short; style <= Headscarf; style++ {
		for _, age := range []int{2, 8, 16, 40} {
			l := plain
			l.Style, l.Age = style, age
			m := Portrait(l, 160, 200).(*image.RGBA)
			count := map[Tint]int{}
			for i := 0; i < len(m.Pix); i += 4 {
				if m.Pix[i+3] != 255 {
					t.Fatalf("style %d age %d: a pixel is not opaque", style, age)
				}
				count[Tint(m.Pix[i])<<16|Tint(m.Pix[i+1])<<8|Tint(m.Pix[i+2])]++
			}
			want := map[string]Tint{"skin": l.Skin, "hair": l.Hair, "background": l.Background, "top": l.Top}
			if style == Headscarf {
				want["hair"] = l.Cloth
			}
			for part, tint := range want {
				if n := count[tint]; n < 160*200/100 {
					t.Errorf("style %d age %d: %s covers %d pixels", style, age, part, n)
				}
			}
		}
	}
}

func TestPortraitFillsAnyFrame(t *testing.T) {
	for _, size := range []image.Point{{1, 1}, {7, 300}, {300, 7}, {90, 90}, {600, 200}} {
		m, err := png.Decode(bytes.NewReader(PortraitPNG(plain, size.X, size.Y)))
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Bounds().Size(); got != size {
			t.Errorf("asked for %v, got %v", size, got)
		}
		for _, at := range []image.Point{{0, 0}, {size.X - 1, 0}, {0, size.Y - 1}, {size.X - 1, size.Y - 1}} {
			if _, _, _, a := m.At(at.X, at.Y).RGBA(); a != 0xffff {
				t.Errorf("%v: the corner %v is bare", size, at)
			}
		}
	}
}

func BenchmarkPortrait(b *testing.B) {
	for b.Loop() {
		Portrait(plain, 800, 1000)
	}
}
