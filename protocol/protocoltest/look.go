package protocoltest

import "math/rand/v2"

// Look describes an invented face. The zero Look can be drawn, but is black
// all over; Invent gives one in which the parts go together.
type Look struct {
	// Seed settles what the other fields leave open: the small differences
	// between two faces, the garment, the pattern of the background.
	Seed       int64
	Age        int // in years; moves the proportions from infant to adult
	Skin       Tint
	Hair       Tint
	Eyes       Tint
	Style      Style
	Top        Tint // the garment
	Cloth      Tint // headscarf, scarf, hair ties and the frame of the glasses
	Background Tint
	Smile      bool // a smile; otherwise a calm, closed mouth
	Glasses    bool
	Freckles   bool
	Scarf      bool // around the neck
	Beard      bool
}

// Style is how the hair is worn.
type Style uint8

const (
	Short Style = iota
	Cropped
	Fringe
	Curls
	Bob
	Long
	Ponytail
	Plaits
	Bun
	Afro
	Headscarf
)

// Invent gives a Look of somebody of that age. Any int64 is a good seed;
// neighbouring seeds give people who look nothing alike.
func Invent(seed int64, age int) Look {
	r := rand.New(rand.NewPCG(uint64(seed), 0x1007))
	people := []struct {
		skin, hair, eyes []Tint
		styles           []Style
	}{
		{[]Tint{SkinPorcelain, SkinFair}, []Tint{HairGinger, HairBlond, HairFair, HairChestnut, HairBrown},
			[]Tint{EyesBlue, EyesGreen, EyesGrey, EyesHazel}, []Style{Short, Short, Fringe, Curls, Bob, Long, Ponytail, Plaits, Bun}},
		{[]Tint{SkinFair, SkinSand, SkinHoney}, []Tint{HairBlack, HairDark},
			[]Tint{EyesDark, EyesBrown}, []Style{Short, Short, Fringe, Bob, Long, Ponytail, Plaits, Bun}},
		{[]Tint{SkinSand, SkinHoney, SkinOlive}, []Tint{HairBlack, HairDark, HairBrown, HairAuburn},
			[]Tint{EyesBrown, EyesDark, EyesHazel, EyesGreen}, []Style{Short, Short, Cropped, Curls, Bob, Long, Ponytail, Plaits, Headscarf}},
		{[]Tint{SkinOlive, SkinBronze, SkinUmber}, []Tint{HairBlack, HairDark},
			[]Tint{EyesDark, EyesBrown}, []Style{Short, Short, Fringe, Curls, Long, Plaits, Bun, Headscarf}},
		{[]Tint{SkinUmber, SkinCocoa, SkinEbony}, []Tint{HairBlack, HairBlack, HairDark},
			[]Tint{EyesDark, EyesBrown}, []Style{Cropped, Cropped, Short, Curls, Afro, Afro, Plaits, Bun, Headscarf}},
	}
	tops := []Tint{0xe4572e, 0xf2a541, 0x2a9d8f, 0x3d6fb6, 0x7b5ea7, 0xd1495b, 0x4f772d, 0xf4e9d8, 0x264653, 0xe78fb3}
	cloths := []Tint{0x2b4c7e, 0xc8553d, 0x5b8e7d, 0x8e5572, 0xe0a526, 0x3a7ca5, 0xa23b72}
	grounds := []Tint{0xbfe0e2, 0xf7dcb4, 0xd6dcf5, 0xf6cfc4, 0xcfe6c8, 0xe6d3ee, 0xf3e3a9, 0xc9dbe8}
	p := people[r.IntN(len(people))]
	l := Look{
		Seed: seed, Age: age,
		Skin: p.skin[r.IntN(len(p.skin))], Hair: p.hair[r.IntN(len(p.hair))], Eyes: p.eyes[r.IntN(len(p.eyes))],
		Style: p.styles[r.IntN(len(p.styles))], Top: tops[r.IntN(len(tops))], Cloth: cloths[r.IntN(len(cloths))],
		Background: grounds[r.IntN(len(grounds))],
		Smile:      r.IntN(3) > 0, Glasses: r.IntN(5) == 0, Scarf: r.IntN(9) == 0,
	}
	l.Freckles = l.Skin.light() > .75 && r.IntN(3) == 0
	manly := l.Style == Short || l.Style == Cropped
	l.Beard = age >= 25 && manly && r.IntN(2) == 0
	if age >= 55 {
		l.Hair = HairGrey
	}
	return l
}
