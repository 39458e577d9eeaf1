package ui

import (
	"errors"
	"math"
	"strings"
	"testing"
)

func TestContrastIsThatOfWCAG(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want float64
	}{
		{"#000000", "#FFFFFF", 21}, {"#FFFFFF", "#FFFFFF", 1}, {"#777777", "#FFFFFF", 4.48}, {"#B00020", "#FFFFFF", 7.33},
		{"#FFC72C", "#101820", 11.49}, {"#003B71", "#FFFFFF", 11.3}, {"#4A5560", "#F4F6F8", 7.0},
	} {
		if got := Contrast(c.a, c.b); math.Abs(got-c.want) > .05 {
			t.Errorf("Contrast(%s, %s) = %.2f, want %.2f", c.a, c.b, got, c.want)
		}
	}
}

func TestEveryPresetPasses(t *testing.T) {
	for _, p := range Presets() {
		if err := p.Theme.Check(); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
	}
	if err := (Theme{}).Check(); err != nil {
		t.Errorf("the empty theme: %v", err)
	}
}

func TestWeakColoursAreRefusedWithAWayOut(t *testing.T) {
	for _, c := range []struct {
		field string
		theme Theme
	}{
		{"brand", Theme{Brand: "#FF6F61"}},
		{"brand", Theme{Brand: "#FFC72C"}},
		{"accent", Theme{Accent: "#5B2A86"}},
		{"ink", Theme{Ink: "#8899AA"}},
	} {
		err := c.theme.Check()
		var e *ContrastError
		if !errors.As(err, &e) || e.Field != c.field {
			t.Errorf("%+v: got %v, want a ContrastError for %s", c.theme, err, c.field)
			continue
		}
		if e.Nearest == "" || !strings.Contains(e.Error(), e.Nearest) || !strings.Contains(e.Error(), ":1") {
			t.Errorf("%v: names no ratio or no colour that passes", e)
		}
		if err := c.theme.with(c.field, e.Nearest).Check(); err != nil {
			t.Errorf("the nearest colour of %+v does not pass: %v", c.theme, err)
		}
		wantHue, _, _ := hsl(c.theme.field(c.field))
		if hue, s, _ := hsl(e.Nearest); s > .1 && math.Abs(hue-wantHue) > .1 {
			t.Errorf("%s became %s: another hue", c.theme.field(c.field), e.Nearest)
		}
		// One step back towards the colour that was asked for must not pass, or it was not the nearest.
		h, s, l := hsl(e.Nearest)
		_, _, from := hsl(c.theme.field(c.field))
		back := fromHSL(h, s, l+2.0/256*math.Copysign(1, from-l))
		if c.theme.Full().with(c.field, back).passes("") {
			t.Errorf("%s is nearer than %s and passes", back, e.Nearest)
		}
	}
}

func TestOnlyColoursReachTheStylesheet(t *testing.T) {
	for _, evil := range []string{"red", "#fff", "#12345g", "#123456;} body{display:none", "url(x)"} {
		if err := (Theme{Accent: evil}).Check(); err == nil {
			t.Errorf("%q was taken for a colour", evil)
		}
	}
	css := Theme{Brand: "#003b71"}.CSS()
	for _, want := range []string{"--brand:#003B71;", "--on-brand:#FFFFFF;", "--accent:#FFC72C;", "--ink:#101820}"} {
		if !strings.Contains(css, want) {
			t.Errorf("no %s in %s", want, css)
		}
	}
}
