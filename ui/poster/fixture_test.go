package poster

import (
	"bytes"
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
	l, ok := b.Locale(tag)
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
)

// sample is a poster with everything on it.
func sample(t testing.TB, tag string, size Size) Input {
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
		Case: c, Photo: portrait(t, 800, 1000), Locale: locale(t, tag), Size: size,
		PhotoInfo:    protocol.Photo{Kind: protocol.Portrait, Taken: protocol.Date{Year: 2025, Month: 9}},
		Organisation: "Lighthouse for Missing Children", Hotline: hotline, CaseURL: caseURL,
		Updated: time.Date(2026, 5, 2, 9, 0, 0, 0, time.UTC), ValidUntil: time.Date(2026, 7, 31, 0, 0, 0, 0, time.UTC),
		Fingerprint: "k4tq 9d2m x7vb 3hpa c6we 5ynr",
	}
}
