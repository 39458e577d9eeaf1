package poster

import (
	"bytes"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/ui/i18n"
)

// maxSpent is what one poster may allocate, whatever is in it: the bound of both memory and time that does not hang on how
// busy the machine is.
const maxSpent = 400 << 20

// FuzzRender has any texts in every field that a member fills in, as long as they like, on every format. What cannot be
// drawn is named by the error; without it there is a poster that is as it must be.
func FuzzRender(f *testing.F) {
	for i, s := range []string{"", "Ana M.", "Алёна Щукина", "ميرا", "שרה", "श्रुति", "น้ำผึ้ง", "홍가람새", "\U0001f600", "\U00020bb7野", "葛\U000e0100", "e\u0301\u0323",
		"a\u202eb", "\u2067\u2067+216 71\u2069", "\u202dا116\u202c", "{nb}", "\\(x)\r\n", "\xff\xfe", "\ufeff\u200b", "W\u2060W\u034f",
		strings.Repeat("W", 120), strings.Repeat("ab ", 5000), strings.Repeat("ميرا", 2500), strings.Repeat("\u0300", 10000), strings.Repeat("क्षि", 2500)} {
		f.Add(s, s, s, s, uint32(i)<<3)
		f.Add(s, "", "", "+999 116 000", uint32(i)<<5|uint32(i)%32)
		f.Add("", s, s, "", ^uint32(i))
	}
	tags := languages(f)
	f.Fuzz(func(t *testing.T, name, story, place, phone string, choice uint32) {
		take := func(n int) int { // a part of the choice
			v := int(choice % uint32(n))
			choice /= uint32(n)
			return v
		}
		make := func(choice uint32, clean func(string) string) Input {
			name, story, place, phone := clean(name), clean(story), clean(place), clean(phone)
			yes := func(bit int) bool { return choice>>bit&1 == 1 }
			in := Input{
				Case: &protocol.Case{Number: phone, Kind: protocol.EndangeredMissing, Since: protocol.Date{Year: 2026},
					Children: []protocol.Child{{Name: name, OtherNames: []string{place, story}, Marks: protocol.Text{"en": story}, Clothing: protocol.Text{"ar": place}}},
					From:     protocol.Place{Country: "FR", Locality: place}, What: protocol.Text{"en": story, "ar": name},
					Agency: protocol.Agency{Name: place, Phone: phone}},
				Locales: []*i18n.Locale{locale(t, "en")}, Organisation: protocol.Text{"en": place}, Hotline: phone, CaseURL: caseURL,
				Fingerprint: phone, Emergency: phone, Format: A4, Heading: Heading(choice & 1), TearOff: yes(1), BlackWhite: yes(2), Together: yes(3),
			}
			if yes(4) {
				in.Case.Children = append(in.Case.Children, protocol.Child{Name: place, Appearance: protocol.Text{"en": name}})
			}
			if yes(5) {
				in.Case.Companions = []protocol.Companion{{Name: name, Relation: "mother", Appearance: protocol.Text{"en": story}}}
			}
			if yes(6) {
				in.Photos = []Picture{photoOf(t, 40, 50, protocol.Portrait, 0)}
			}
			if yes(7) {
				in.Case.Kind = protocol.UnidentifiedFound
			}
			if yes(8) {
				in.Others = []protocol.Hotline{{Number: phone, Label: protocol.Text{"en": name}}, {Number: "116 000", Label: protocol.Text{"en": place}}}
			}
			return in
		}
		format, first, second := Formats()[take(len(Formats()))], tags[take(len(tags))], take(len(tags)+1)
		input := func(clean func(string) string) Input {
			in := make(choice, clean)
			in.Format, in.Locales[0] = format, locale(t, first)
			in.Fonts = fontsOf(t, "zh-Hant")
			if second < len(tags) {
				in.Locales = append(in.Locales, locale(t, tags[second]))
			}
			if in.Together && len(in.Locales) == 2 && in.Locales[0].Dir != in.Locales[1].Dir {
				in.Together = false
			}
			return in
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		pdf, err := Render(input(strings.Clone))
		runtime.ReadMemStats(&after)
		if spent := after.TotalAlloc - before.TotalAlloc; spent > maxSpent {
			t.Errorf("%d MiB allocated", spent>>20)
		}
		if err != nil && strings.Contains(err.Error(), "runtime error") {
			t.Fatal(err)
		}
		if (err == nil) != bytes.HasPrefix(pdf, []byte("%PDF-")) {
			t.Fatalf("%d bytes and error %v", len(pdf), err)
		}
		// Without what cannot be drawn it is a poster, unless the number cannot be one.
		drawable := strings.Clone
		var glyphs *GlyphError
		for n := 0; errors.As(err, &glyphs) && n < 3; n++ {
			lacks, inner := glyphs.Missing, drawable
			drawable = func(s string) string {
				return strings.Map(func(r rune) rune {
					for _, m := range lacks {
						if m.Rune == r {
							return -1
						}
					}
					return r
				}, inner(s))
			}
			_, err = Render(input(drawable))
			glyphs = nil
		}
		if err != nil {
			if !strings.Contains(err.Error(), "hotline") {
				t.Fatal(err)
			}
			return
		}
		pages, err := Compose(input(drawable))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range pages {
			check(t, p)
			if err := drawnInside(p); err != nil {
				t.Error(err)
			}
		}
	})
}
