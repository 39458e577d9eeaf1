package ui

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"
)

func stylesheet(t *testing.T) string {
	t.Helper()
	raw, err := fs.ReadFile(embeddedStatic, "static/gmcn.css")
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestStylesheetFitsItsBudget(t *testing.T) {
	s, err := NewStatic()
	if err != nil {
		t.Fatal(err)
	}
	if n := len(s.files["gmcn.css"].gz); n == 0 || n > 8<<10 {
		t.Errorf("gmcn.css is %d bytes compressed; the budget is %d", n, 8<<10)
	}
}

// The tokens are the one place for colours and pixels, and a page in Arabic is the same file mirrored.
func TestStylesheetIsLogicalAndTokened(t *testing.T) {
	css := regexp.MustCompile(`(?s)/\*.*?\*/`).ReplaceAllString(stylesheet(t), "")
	_, afterTokens, ok := strings.Cut(css, "@layer base {")
	if !ok {
		t.Fatal("no layer base")
	}
	for what, form := range map[string]string{
		"a physical side":         `\b(left|right)\b`,
		"a physical box property": `(margin|padding|border|inset)-(top|bottom)|[{;]\s*(top|bottom|width|height|min-width|max-width|min-height|max-height)\s*:`,
		"a colour literal":        `#[0-9A-Fa-f]{3,8}\b|\b(rgb|hsl|oklch)a?\(`,
		"pixels":                  `[0-9]px`,
		"an import or address":    `@import|url\(`,
	} {
		if found := regexp.MustCompile(form).FindString(afterTokens); found != "" {
			t.Errorf("%s outside the tokens: %q", what, found)
		}
	}
}

// The stylesheet stands alone until the theme is loaded, and has the colours that no node may change.
func TestTokensAgreeWithTheTheme(t *testing.T) {
	css := stylesheet(t)
	full := Theme{}.Full()
	for token, value := range map[string]string{
		"--brand": full.Brand, "--accent": full.Accent, "--ink": full.Ink, "--paper": paper, "--tint": tint,
	} {
		if !strings.Contains(css, token+": "+value+";") {
			t.Errorf("the stylesheet does not have %s: %s", token, value)
		}
	}
	for _, pair := range [][3]string{
		{"--muted", paper, "text"}, {"--muted", tint, "text"}, {"--edge", paper, "edge"}, {"--edge", tint, "edge"}, {"--ok", paper, "text"},
		{"--ok", "#EAF5EF", "text"}, {"--link", paper, "text"}, {"--link", tint, "text"},
	} {
		m := regexp.MustCompile(pair[0] + `: (#[0-9A-F]{6});`).FindStringSubmatch(css)
		if m == nil {
			t.Fatalf("no token %s", pair[0])
		}
		need := map[string]float64{"text": textContrast, "edge": edgeContrast}[pair[2]]
		if got := Contrast(m[1], pair[1]); got < need {
			t.Errorf("%s on %s: %.1f", pair[0], pair[1], got)
		}
	}
}
