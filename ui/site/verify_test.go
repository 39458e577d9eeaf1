package site

import (
	"crypto/ed25519"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

// stamp returns the stamp of a case that is shown.
func (w *world) stamp(number string) protocol.Stamp {
	w.Helper()
	shown, err := w.store.Public().Case(w.refs[number])
	w.check(err)
	return shown.Stamp
}

// sign makes a record of the country's own case with the number as its node key would, without storing it.
func (w *world) sign(country, number string, change func(*protocol.Header)) *protocol.Record {
	w.Helper()
	shown, err := w.store.Public().Case(w.refs[number])
	w.check(err)
	h := protocol.Header{Origin: shown.Origin, Epoch: 1, Seq: 500, Case: w.ids[number], Rev: shown.Rev + 1, Prev: shown.Record,
		At: time.Now(), ReviewBy: time.Now().Add(protocol.ReviewAfter)}
	if change != nil {
		change(&h)
	}
	r, err := protocol.Sign(keyOf("node "+country), protocol.Entry{Header: h, Case: plain(shown.Case)})
	w.check(err)
	return r
}

// plain is a case with the least that it must have, known for long.
func plain(c *protocol.Case) *protocol.Case {
	return &protocol.Case{Number: c.Number, Kind: c.Kind, Children: []protocol.Child{{Name: c.Children[0].Name, Sex: "unknown"}},
		Since: protocol.Date{Year: 2024}, From: c.From}
}

func stampOf(r *protocol.Record) protocol.Stamp {
	s, _ := r.Stamp()
	return s
}

// verify asks the site about what somebody pasted.
func (w *world) verify(lang, pasted string) answer {
	return w.get("/" + lang + "/verify?code=" + url.QueryEscape(pasted))
}

// found asserts what the site says about a code, and that it tells of the child only what it may.
func (w *world) found(what, pasted string, want finding, child string) answer {
	w.Helper()
	title := "verify." + string(want) + ".title"
	if want == closed {
		title = "error.gone.title"
	}
	var english answer
	for _, lang := range languages {
		l, _ := w.cfg.Bundle.Locale(lang)
		a := w.verify(lang, pasted)
		if a.Code != answers[want].status || !strings.Contains(a.body, "<h1>"+l.T(title)+"</h1>") || strings.Contains(a.body, "⟦") {
			heading, _, _ := strings.Cut(a.body[strings.Index(a.body, "<h1>"):], "</h1>")
			w.Errorf("%s, %s: %d, %s, want %s", what, lang, a.Code, heading, l.T(title))
		}
		if a.Header().Get("Cache-Control") != "no-store" || !strings.Contains(a.body, "noindex") {
			w.Errorf("%s, %s: kept as %q, or offered to search engines", what, lang, a.Header().Get("Cache-Control"))
		}
		may := want == open || want == newer || want == number
		if shows := strings.Contains(a.body, child); shows != may {
			w.Errorf("%s, %s: names the child: %t, want %t", what, lang, shows, may)
		}
		if photo := strings.Contains(a.body, "/photos/"); photo && !may {
			w.Errorf("%s, %s: a photo", what, lang)
		}
		if lang == "en" {
			english = a
		}
	}
	return english
}

// Each thing that can be true of a poster, asked at the site of XA about a case of its own and one of XB.
func TestPosterIsGenuine(t *testing.T) {
	for country, number := range map[string]string{"XA": "XA-2026-001", "XB": "XB-2026-001"} {
		t.Run(country, func(t *testing.T) {
			w := newWorld(t, "XA", languages, true)
			shown, err := w.store.Public().Case(w.refs[number])
			w.check(err)
			child, code := shown.Case.Children[0].Name, shown.Stamp.Code()
			owner, err := w.store.Public().Card(shown.Origin)
			w.check(err)
			_, name := owner.Names.Pick("en")

			a := w.found("the poster of today", code, open, child)
			for _, want := range []string{name, "/en/cases/" + w.refs[number].String(), hotline(shown.Case, owner), shown.Origin.Fingerprint()} {
				if !strings.Contains(a.body, want) {
					t.Errorf("open: no %s", want)
				}
			}
			for _, pasted := range []string{"https://xb.example/v/" + strings.ToLower(code), " " + code[:50] + "\r\n" + code[50:] + "\n"} {
				w.found("pasted otherwise", pasted, open, child)
			}

			// Signed by the owner, and of a revision that is still on its way here, or of one that nobody here has heard of.
			w.found("a poster of the revision to come", codeOf(w.sign(country, number, nil)), open, child)
			old := func(h *protocol.Header) { h.At, h.ReviewBy = h.At.AddDate(0, 0, -40), h.At.AddDate(0, 0, -3) }
			w.found("one whose day is over", codeOf(w.sign(country, number, old)), notCurrent, child)
			other := func(h *protocol.Header) { h.Case = protocol.CaseID{1} }
			w.found("one of a case that is not held here", codeOf(w.sign(country, number, other)), notCurrent, child)

			// Not signed by the owner.
			for _, at := range []int{len(code) - 100, len(code) - 2} {
				w.found("one letter changed", flip(code, at), forged, child)
			}
			w.found("signed by another member in the owner's name", codeOf(w.sign("XC", number, nil)), forged, child)
			later := shown.Stamp
			later.Until = protocol.DateOf(later.Until.First().AddDate(1, 0, 0))
			w.found("a later day", later.Code(), forged, child)
			stranger, epoch := shown.Stamp, shown.Stamp
			stranger.Member[0] ^= 1
			epoch.Epoch++
			w.found("nobody's", stranger.Code(), unknown, child)
			w.found("of an epoch that we have no card of", epoch.Code(), unknown, child)
			w.found("half a code", code[:len(code)/2], unread, child)
			w.found("nonsense", "<script>alert(1)</script>", unread, child)
			w.found("too much", strings.Repeat(code, 9), unread, child)

			// Superseded, then closed.
			if country == "XA" {
				_, err = w.store.Append(w.ids[number], 1, func(h protocol.Header) (*protocol.Record, error) {
					h.At, h.ReviewBy = time.Now(), time.Now().Add(protocol.ReviewAfter)
					return protocol.Sign(w.key, protocol.Entry{Header: h, Case: shown.Case, Photos: shown.Photos})
				})
			} else {
				err = w.store.Put(w.sign(country, number, nil))
				vouch(w, owner)
			}
			w.check(err)
			a = w.found("the poster of yesterday", code, newer, child)
			if !strings.Contains(a.body, "/en/cases/"+w.refs[number].String()+"/poster.pdf") {
				t.Error("newer: no link to the new poster")
			}
			today := w.stamp(number)
			w.found("the new poster", today.Code(), open, child)
			if country == "XA" {
				w.close(number)
			} else {
				down, err := protocol.Sign(keyOf("node "+country), protocol.Entry{Header: protocol.Header{Origin: shown.Origin, Epoch: 1, Seq: 501,
					Case: w.ids[number], Rev: 3, Prev: protocol.CIDOf(nil), At: time.Now()}, Takedown: &protocol.Takedown{LastRev: 2}})
				w.check(err)
				w.check(w.store.Put(down))
			}
			for _, code := range []string{code, today.Code()} {
				a := w.found("a closed appeal", code, closed, child)
				if strings.Contains(a.body, w.refs[number].String()) || strings.Contains(a.body, number) {
					t.Error("closed: the page tells which case it was")
				}
			}
			w.found("one letter changed, closed", flip(code, 60), forged, child)
			if w.log.Len() > 0 {
				t.Errorf("logged: %s", w.log)
			}
		})
	}
}

func codeOf(r *protocol.Record) string { return stampOf(r).Code() }

// flip changes one letter of a code.
func flip(code string, at int) string {
	other := "A"
	if code[at] == 'A' {
		other = "B"
	}
	return code[:at] + other + code[at+1:]
}

// vouch signs a head of a foreign log as it is here.
func vouch(w *world, owner *protocol.Card) {
	w.Helper()
	state, err := w.store.LogState(owner.Origin())
	w.check(err)
	now := time.Now()
	head, err := protocol.SignHead(keyOf("node "+owner.Country), protocol.Head{Origin: owner.Origin(), Epoch: 1, Seq: state.Seq, Root: state.Root,
		Live: state.Live, At: now, Until: now.Add(72 * time.Hour)})
	w.check(err)
	w.check(w.store.SetHead(head))
}

// A case that may not be shown is confirmed to nobody, and a member that is removed is nobody's word.
func TestHiddenPosterIsNotConfirmed(t *testing.T) {
	w := newWorld(t, "XA", languages, true)
	own, foreign := "XA-2026-001", "XB-2026-001"
	shown, err := w.store.Public().Case(w.refs[foreign])
	w.check(err)
	stamp, child := shown.Stamp, shown.Case.Children[0].Name
	owner, err := w.store.Public().Card(shown.Origin)
	w.check(err)
	w.check(w.store.Suspend(shown.Origin, false, time.Now()))
	w.found("suspended, its lease running", stamp.Code(), open, child)
	w.check(w.store.Suspend(shown.Origin, true, time.Now()))
	a := w.found("hidden", stamp.Code(), notCurrent, child)
	if !strings.Contains(a.body, owner.Hotlines[0].Number) {
		t.Error("hidden: nobody to ask")
	}
	w.check(w.store.SetMember(owner, protocol.Removed, time.Now()))
	w.found("removed", stamp.Code(), unknown, child)

	ours, err := w.store.Public().Case(w.refs[own])
	w.check(err)
	past := time.Now().AddDate(0, 0, -100)
	r, err := w.store.Append(w.ids[own], 1, func(h protocol.Header) (*protocol.Record, error) {
		h.At, h.ReviewBy = past, past.AddDate(0, 0, 90)
		return protocol.Sign(w.key, protocol.Entry{Header: h, Case: plain(ours.Case)})
	})
	w.check(err)
	w.found("past its review", codeOf(r), notCurrent, ours.Case.Children[0].Name)
}

// Posters of before a member changed its key stay genuine.
func TestPosterOutlivesItsKey(t *testing.T) {
	w := newWorld(t, "XA", languages, false)
	shown, err := w.store.Public().Case(w.refs["XB-2026-001"])
	w.check(err)
	card, err := w.store.Public().Card(shown.Origin)
	w.check(err)
	next := *card
	next.Epoch, next.Issue, next.NodeKey = 2, 1, [32]byte(keyOf("second node XB").Public().(ed25519.PublicKey))
	next.Continues = &protocol.Continues{Epoch: 1, Seq: 1000}
	renewed, err := protocol.SignCard(keyOf("root XB"), next)
	w.check(err)
	if changed, err := w.store.RenewCard(renewed); err != nil || !changed {
		t.Fatalf("renewed: %t, %v", changed, err)
	}
	child := shown.Case.Children[0].Name
	w.found("signed by the key of before", shown.Stamp.Code(), open, child)
	now := stampOf(w.sign("XB", "XB-2026-001", func(h *protocol.Header) { h.Epoch = 2 }))
	w.found("signed by the key of before in the new epoch", now.Code(), forged, child)
}

// A case number leads to an open appeal of this country's, and tells nothing of any other.
func TestNumberOfAPoster(t *testing.T) {
	w := newWorld(t, "XA", languages, false)
	shown, err := w.store.Public().Case(w.refs["XA-2026-001"])
	w.check(err)
	child := shown.Case.Children[0].Name
	a := w.found("an open appeal", "xa-2026-001", number, child)
	if !strings.Contains(a.body, "/en/cases/"+w.refs["XA-2026-001"].String()) {
		t.Error("no link to the appeal")
	}
	never := w.found("never given", "XA-2026-999", noNumber, child)
	w.close("XA-2026-001")
	for what, asked := range map[string]string{"closed": "XA-2026-001", "another country's": "XB-2026-001", "part of a number": "XA-2026", "a name": "Sol"} {
		a := w.found(what, asked, noNumber, child)
		if got, want := strings.ReplaceAll(a.body, url.QueryEscape(asked), ""), strings.ReplaceAll(never.body, "XA-2026-999", ""); strings.ReplaceAll(got, asked, "") != want {
			t.Errorf("%s is answered otherwise than a number that was never given", what)
		}
	}
}

// What a telephone reads off a poster leads to the page, whatever letters its browser makes of the address.
func TestQRCodeOfAPosterLeadsToTheAnswer(t *testing.T) {
	w := newWorld(t, "XA", languages, false)
	stamp := w.stamp("XA-2026-001")
	printed := stampURL("https://own.example", stamp)
	if printed != "HTTPS://OWN.EXAMPLE/V/"+stamp.Code() {
		t.Errorf("printed: %s", printed)
	}
	if got := stampURL("http://own.example:8080/Missing", stamp); got != "HTTP://OWN.EXAMPLE:8080/Missing/V/"+stamp.Code() {
		t.Errorf("under a path: %s", got)
	}
	for _, path := range []string{"/V/" + stamp.Code(), "/v/" + stamp.Code(), "/v/" + strings.ToLower(stamp.Code())} {
		a := w.get(path, "Accept-Language", "el")
		if got, want := a.Header().Get("Location"), "/el/verify?code="+stamp.Code(); a.Code != http.StatusFound || got != want {
			t.Errorf("%s: %d to %s", path, a.Code, got)
		}
	}
	if a := w.get("/verify", "Accept-Language", "fr"); a.Header().Get("Location") != "/fr/verify" {
		t.Errorf("/verify leads to %q", a.Header().Get("Location"))
	}
	if a := w.get("/en/"); !strings.Contains(a.body, `href="/en/verify"`) {
		t.Error("the menu does not lead to the page")
	}
	if a := w.verify("ar", stamp.Code()); !strings.Contains(a.body, `href="/fr/verify?code=`+stamp.Code()+`"`) {
		t.Error("another language forgets the code")
	}
}

// A poster bears the code only if the owner's stamp holds: another would speak against a child's poster.
func TestPosterBearsAGoodStampAlone(t *testing.T) {
	w := newWorld(t, "XA", languages, false)
	s := &Posters{Public: w.store.Public(), BaseURL: w.cfg.BaseURL}
	shown, err := s.Public.Case(w.refs["XB-2026-001"])
	w.check(err)
	if code, err := s.code(shown); err != nil || code != stampURL("https://own.example", shown.Stamp) {
		t.Errorf("%q, %v", code, err)
	}
	for name, change := range map[string]func(*protocol.Stamp){"forged": func(s *protocol.Stamp) { s.Signature[0] ^= 1 }, "none": func(s *protocol.Stamp) { *s = protocol.Stamp{} }} {
		bad := *shown
		change(&bad.Stamp)
		if code, err := s.code(&bad); err != nil || code != "" {
			t.Errorf("%s: %q, %v", name, code, err)
		}
	}
	for length, fits := range map[int]bool{43: true, 44: false} {
		s.BaseURL = "https://" + strings.Repeat("x", length)
		if code, err := s.code(shown); err != nil || (code != "") != fits {
			t.Errorf("a host of %d letters: %q, %v", length, code, err)
		}
	}
}
