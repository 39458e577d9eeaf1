package poster

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"sync"
	"testing"
	"time"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/protocol/protocoltest"
	"github.com/gmcn/gmcn/ui/i18n"
)

var bundle = sync.OnceValues(func() (*i18n.Bundle, error) { return i18n.Load(nil) })

func locale(t testing.TB, tag string) *i18n.Locale {
	t.Helper()
	b, err := bundle()
	if err != nil {
		t.Fatal(err)
	}
	l, ok := b.PosterLocale(tag)
	if !ok {
		t.Fatalf("no language %s", tag)
	}
	return l
}

// portrait is a drawn face, as a JPEG. It is drawn once a size.
func portrait(t testing.TB, width, height int) []byte {
	t.Helper()
	size := image.Pt(width, height)
	if drawn, ok := portraits.Load(size); ok {
		return drawn.([]byte)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, protocoltest.Portrait(protocoltest.Invent(7, 12), width, height), &jpeg.Options{Quality: 85}); err != nil {
		t.Fatal(err)
	}
	portraits.Store(size, b.Bytes())
	return b.Bytes()
}

var portraits sync.Map

const (
	caseURL = "https://missing.example/c/xa-0193f2c4d5e67890"
	hotline = "+999 116 000"
	code    = "HTTPS://MISSING.EXAMPLE/V/AEBAGBAFAYDQQCIKBMGA2DQPCAIREEYUCULBOGAZDINRYHI6D4QCCIRDEQSSMJZIFEVCWLBNFYXTAMJSGM2DKNRXHA4TUOZ4HU7D6QCBIJBUIRKGI5EESSSLJRGU4T2QKFJFGVCV"
)

// sample is a poster with everything on it.
func sample(t testing.TB, tag string, format Format) Input {
	t.Helper()
	names := map[string]string{"en": "Mira Aldenhoven", "fr": "Chloé Bérangère-Noël", "el": "Ελένη Παπαδοπούλου", "ru": "Алёна Щукина"}
	story := protocol.Text{
		"en": "Mira left school at about four in the afternoon and did not come home. She may have taken the bus towards the lake. She likes drawing and often sits in parks.",
		"fr": "Chloé a quitté l’école vers seize heures et n’est pas rentrée chez elle. Elle a peut-être pris le bus en direction du lac. Elle aime dessiner et s’assoit souvent dans les parcs.",
		"el": "Η Ελένη έφυγε από το σχολείο γύρω στις τέσσερις το απόγευμα και δεν επέστρεψε στο σπίτι. Ίσως πήρε το λεωφορείο προς τη λίμνη. Της αρέσει να ζωγραφίζει και κάθεται συχνά σε πάρκα.",
	}
	c := &protocol.Case{
		Number: "XA-2026-014",
		Kind:   protocol.EndangeredMissing,
		Children: []protocol.Child{{
			Name: names[tag], OtherNames: []string{"ميرا", "Мира Алденховен"}, BirthYear: 2013,
			Age: protocol.Age{Min: 12, Max: 12, Unit: protocol.Years}, Sex: "female", Eyes: "hazel", Hair: []protocol.HairColour{"brown"},
			HairDyed: true, Height: protocol.Height{Min: 147, Max: 152}, Weight: protocol.Weight{Min: 385, Max: 420},
			Languages: []string{"en", "el"},
			Marks: protocol.Text{"en": "Small scar above the left eyebrow", "fr": "Petite cicatrice au-dessus du sourcil gauche",
				"el": "Μικρή ουλή πάνω από το αριστερό φρύδι"},
			Clothing: protocol.Text{"en": "Yellow raincoat, blue jeans, white trainers with green laces"},
		}},
		Since:  protocol.Date{Year: 2026, Month: 3, Day: 9},
		From:   protocol.Place{Country: "FR", Area: "Lower Lakes", Locality: "Port Avel"},
		What:   story,
		Agency: protocol.Agency{Name: "Lake Police", Phone: "+999 20 555 0100"},
	}
	if c.Children[0].Name == "" {
		c.Children[0].Name = names["en"]
	}
	return Input{
		Case: c, Photos: []Picture{
			{JPEG: portrait(t, 800, 1000), Info: protocol.Photo{Kind: protocol.Portrait, Taken: protocol.Date{Year: 2025, Month: 9}}},
		},
		Locales: []*i18n.Locale{locale(t, tag)}, Format: format,
		Organisation: protocol.Text{"en": "Lighthouse for Missing Children"}, Hotline: hotline, CaseURL: caseURL,
		Code: code, CheckURL: "missing.example/verify", Emergency: "112",
		Updated: time.Date(2026, 5, 2, 9, 0, 0, 0, time.UTC), ValidUntil: time.Date(2026, 7, 31, 0, 0, 0, 0, time.UTC),
		Fingerprint: "k4tq 9d2m x7vb 3hpa c6we 5ynr",
	}
}

// drawn is the photo of a look. It is drawn once.
func drawn(t testing.TB, look protocoltest.Look) []byte {
	if photo, ok := portraits.Load(look); ok {
		return photo.([]byte)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, protocoltest.Portrait(look, 800, 1000), &jpeg.Options{Quality: 80}); err != nil {
		t.Fatal(err)
	}
	portraits.Store(look, b.Bytes())
	return b.Bytes()
}

// demo returns posters of the cases of the demonstration, by the name of the case's first photo look or its number.
func demo(t testing.TB, tag string, format Format) []Input {
	t.Helper()
	now := time.Date(2026, 5, 2, 9, 0, 0, 0, time.UTC)
	var all []Input
	for _, country := range protocoltest.Countries(now) {
		for i := range country.Cases {
			seed := &country.Cases[i]
			seed.Case.Number = fmt.Sprintf("%s-2026-%03d", country.Code, i+1)
			in := Input{Case: &seed.Case, Locales: []*i18n.Locale{locale(t, tag)}, Format: format, Organisation: country.Names, CountryNames: country.CountryNames,
				Hotline: country.Hotlines[0].Number, Others: country.Hotlines[1:], Emergency: "112", CaseURL: caseURL, Code: code, CheckURL: "missing.example/verify",
				Brand: country.Brand, Accent: country.Accent, Updated: now, ValidUntil: now.AddDate(0, 3, 0), Fingerprint: "k4tq 9d2m x7vb 3hpa c6we 5ynr"}
			for _, p := range seed.Photos {
				in.Photos = append(in.Photos, Picture{JPEG: drawn(t, p.Look), Info: protocol.Photo{Kind: p.Kind, Who: p.Who, Taken: p.Taken}})
			}
			all = append(all, in)
		}
	}
	return all
}
