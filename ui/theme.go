package ui

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"
)

// Theme is the colours that a node may choose, each as #RRGGBB. An empty one keeps its default.
type Theme struct {
	Brand  string `toml:"brand"`  // calls to act, the mark of urgent cases
	Accent string `toml:"accent"` // the hotline on ink, the halo of the focus
	Ink    string `toml:"ink"`    // text
}

// What no node may change, and what the stylesheet has as well.
const (
	paper = "#FFFFFF"
	tint  = "#F4F6F8"

	textContrast = 4.5 // WCAG 2.2, 1.4.3
	edgeContrast = 3   // WCAG 2.2, 1.4.11
)

// Preset is a theme with a name.
type Preset struct {
	Name  string
	Theme Theme
}

// Presets returns the themes that we offer; the first is the default.
func Presets() []Preset {
	preset := func(name, brand string) Preset {
		return Preset{name, Theme{Brand: brand, Accent: "#FFC72C", Ink: "#101820"}}
	}
	return []Preset{
		preset("crimson", "#B00020"), preset("ocean", "#003B71"), preset("forest", "#00563F"),
		preset("plum", "#5B2A86"), preset("slate", "#2F3E4E"),
	}
}

// Full returns the theme with the default in place of each empty colour.
func (t Theme) Full() Theme {
	d := Presets()[0].Theme
	if t.Brand == "" {
		t.Brand = d.Brand
	}
	if t.Accent == "" {
		t.Accent = d.Accent
	}
	if t.Ink == "" {
		t.Ink = d.Ink
	}
	return t
}

// ContrastError says that a colour cannot be read, or told apart, on another.
type ContrastError struct {
	Field       string  // "brand", "accent" or "ink"
	Colour, On  string  // #RRGGBB
	Ratio, Need float64 // as WCAG defines them, from 1 to 21
	// Nearest is the nearest colour of the same hue that passes; "" if the hue has none.
	Nearest string
}

// Error gives the ratio and the way out.
func (e *ContrastError) Error() string {
	s := fmt.Sprintf("theme %s: %s on %s has a contrast of %.1f:1, and %.1f:1 is needed", e.Field, e.Colour, e.On,
		math.Floor(e.Ratio*10)/10, e.Need)
	if e.Nearest == "" {
		return s + "; no colour of this hue passes"
	}
	return s + "; the nearest colour that passes is " + e.Nearest
}

// rule is one pair of colours that stand on each other.
type rule struct {
	field    string
	fore, on string
	need     float64
}

func (t Theme) rules() []rule {
	return []rule{
		{"ink", t.Ink, paper, textContrast},
		{"ink", t.Ink, tint, textContrast},
		{"brand", t.Brand, paper, textContrast},
		{"brand", t.Brand, tint, textContrast},
		{"brand", onBrand(t), t.Brand, textContrast},
		{"accent", t.Accent, t.Ink, textContrast},
		// The focus is a ring of ink with a halo of accent: on any ground one of the two stands out.
		{"accent", t.Accent, t.Ink, edgeContrast},
		{"ink", t.Ink, paper, edgeContrast},
	}
}

var colourForm = regexp.MustCompile(`^#[0-9A-Fa-f]{6}$`)

// Check returns nil if every text and edge of the theme can be read: each of its errors is a *ContrastError, or says that
// a value is no colour.
func (t Theme) Check() error {
	t = t.Full()
	var found []error
	for _, f := range []struct{ field, value string }{{"brand", t.Brand}, {"accent", t.Accent}, {"ink", t.Ink}} {
		if !colourForm.MatchString(f.value) {
			found = append(found, fmt.Errorf("theme %s: %q is not a colour: write # and six hexadecimal digits, such as #B00020", f.field, f.value))
		}
	}
	if found != nil {
		return errors.Join(found...)
	}
	seen := map[string]bool{}
	for _, r := range t.rules() {
		if ratio := Contrast(r.fore, r.on); ratio < r.need && !seen[r.field] {
			seen[r.field] = true
			e := &ContrastError{Field: r.field, Colour: t.field(r.field), On: r.on, Ratio: ratio, Need: r.need, Nearest: t.nearest(r.field)}
			if e.On == e.Colour {
				e.On = r.fore
			}
			found = append(found, e)
		}
	}
	return errors.Join(found...)
}

// field returns the colour of a field; with sets it in a copy.
func (t Theme) field(name string) string {
	return map[string]string{"brand": t.Brand, "accent": t.Accent, "ink": t.Ink}[name]
}

func (t Theme) with(name, colour string) Theme {
	switch name {
	case "brand":
		t.Brand = colour
	case "accent":
		t.Accent = colour
	case "ink":
		t.Ink = colour
	}
	return t
}

// passes says whether the rules of a field hold, "" for all.
func (t Theme) passes(field string) bool {
	for _, r := range t.rules() {
		if (r.field == field || field == "") && Contrast(r.fore, r.on) < r.need {
			return false
		}
	}
	return true
}

// nearest returns a colour that makes the whole theme pass; where another field prevents that, one that passes itself.
func (t Theme) nearest(field string) string {
	if colour := t.search(field, ""); colour != "" {
		return colour
	}
	return t.search(field, field)
}

// search goes from the field's lightness down and up, in the steps of 8-bit colours.
func (t Theme) search(field, rules string) string {
	h, s, l := hsl(t.field(field))
	for step := 1; step <= 256; step++ {
		for _, sign := range []float64{-1, 1} {
			at := l + sign*float64(step)/256
			if at < 0 || at > 1 {
				continue
			}
			if colour := fromHSL(h, s, at); t.with(field, colour).passes(rules) {
				return colour
			}
		}
	}
	return ""
}

// onBrand is the colour of text on the brand colour: white or ink, whichever reads better.
func onBrand(t Theme) string {
	if Contrast(paper, t.Brand) >= Contrast(t.Ink, t.Brand) {
		return paper
	}
	return t.Ink
}

// CSS returns the stylesheet with the theme's tokens. The theme must have passed Check.
func (t Theme) CSS() string {
	t = t.Full()
	return fmt.Sprintf(":root{--brand:%s;--on-brand:%s;--brand-deep:%s;--brand-soft:%s;--accent:%s;--ink:%s}\n",
		strings.ToUpper(t.Brand), onBrand(t), mix(t.Brand, "#000000", .22), mix(t.Brand, paper, .93),
		strings.ToUpper(t.Accent), strings.ToUpper(t.Ink))
}

// Contrast returns the contrast ratio of two colours, #RRGGBB each, as WCAG 2.2 defines it.
func Contrast(a, b string) float64 {
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + .05) / (min(la, lb) + .05)
}

func luminance(colour string) float64 {
	r, g, b := rgb(colour)
	linear := func(c float64) float64 {
		if c <= .04045 {
			return c / 12.92
		}
		return math.Pow((c+.055)/1.055, 2.4)
	}
	return .2126*linear(r) + .7152*linear(g) + .0722*linear(b)
}

// rgb reads #RRGGBB as three numbers from 0 to 1.
func rgb(colour string) (r, g, b float64) {
	var n [3]uint8
	fmt.Sscanf(colour, "#%02x%02x%02x", &n[0], &n[1], &n[2])
	return float64(n[0]) / 255, float64(n[1]) / 255, float64(n[2]) / 255
}

func toHex(r, g, b float64) string {
	eight := func(c float64) int { return int(math.Round(min(max(c, 0), 1) * 255)) }
	return fmt.Sprintf("#%02X%02X%02X", eight(r), eight(g), eight(b))
}

// mix goes from a (at 0) to b (at 1).
func mix(a, b string, at float64) string {
	ar, ag, ab := rgb(a)
	br, bg, bb := rgb(b)
	return toHex(ar+(br-ar)*at, ag+(bg-ag)*at, ab+(bb-ab)*at)
}

// hsl returns hue (0 to 6), saturation and lightness (0 to 1).
func hsl(colour string) (h, s, l float64) {
	r, g, b := rgb(colour)
	hi, lo := max(r, g, b), min(r, g, b)
	l = (hi + lo) / 2
	d := hi - lo
	if d == 0 {
		return 0, 0, l
	}
	s = d / (1 - math.Abs(2*l-1))
	switch hi {
	case r:
		h = math.Mod((g-b)/d+6, 6)
	case g:
		h = (b-r)/d + 2
	default:
		h = (r-g)/d + 4
	}
	return h, s, l
}

func fromHSL(h, s, l float64) string {
	c := (1 - math.Abs(2*l-1)) * s
	x := c * (1 - math.Abs(math.Mod(h, 2)-1))
	base := l - c/2
	r, g, b := [6]float64{c, x, 0, 0, x, c}[int(h)%6], [6]float64{x, c, c, x, 0, 0}[int(h)%6], [6]float64{0, 0, x, c, c, x}[int(h)%6]
	return toHex(r+base, g+base, b+base)
}
