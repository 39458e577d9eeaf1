package site

import (
	"bytes"
	"compress/gzip"
	"crypto/ed25519"
	"crypto/sha256"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/protocol/photo"
	"github.com/gmcn/gmcn/protocol/protocoltest"
	"github.com/gmcn/gmcn/store"
	"github.com/gmcn/gmcn/ui"
	"github.com/gmcn/gmcn/ui/i18n"
)

var countries = sync.OnceValue(func() []protocoltest.Country { return protocoltest.Countries(time.Now()) })

// drawn keeps the photos of the seeds: drawing them takes longer than everything else here.
var drawn = struct {
	sync.Mutex
	clean map[protocoltest.Look]*photo.Clean
}{clean: map[protocoltest.Look]*photo.Clean{}}

func draw(t testing.TB, p protocoltest.SeedPhoto) *photo.Clean {
	t.Helper()
	drawn.Lock()
	defer drawn.Unlock()
	if drawn.clean[p.Look] == nil {
		clean, err := photo.Normalise(protocoltest.PortraitPNG(p.Look, 720, 900))
		if err != nil {
			t.Fatal(err)
		}
		drawn.clean[p.Look] = clean
	}
	return drawn.clean[p.Look]
}

// world is the store of one country that holds the cases of all three, and its site.
type world struct {
	testing.TB
	dir   string
	store *store.Store
	site  http.Handler
	card  *protocol.Card
	refs  map[string]protocol.Ref // by case number
	ids   map[string]protocol.CaseID
	key   ed25519.PrivateKey // of our own node
	log   *bytes.Buffer
	cfg   Config
}

func keyOf(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

// newWorld makes the world as the country with the code sees it, with a site in the languages; more are further cases of
// our own. Without photos no file of a photo has arrived.
func newWorld(t testing.TB, code string, languages []string, photos bool, more ...protocoltest.Seed) *world {
	t.Helper()
	w := &world{TB: t, refs: map[string]protocol.Ref{}, ids: map[string]protocol.CaseID{}, log: &bytes.Buffer{}}
	cards := map[string]*protocol.Card{}
	now := time.Now().Add(-time.Minute)
	for _, c := range countries() {
		card, err := protocol.SignCard(keyOf("root "+c.Code), protocol.Card{
			Epoch: 1, Issue: 1, Country: c.Code, CountryNames: c.CountryNames, Names: c.Names, Hotlines: c.Hotlines,
			Site: "https://" + strings.ToLower(c.Code) + ".example", Languages: c.Languages,
			NodeKey: [32]byte(keyOf("node " + c.Code).Public().(ed25519.PublicKey)), At: now, NotAfter: now.AddDate(1, 0, 0),
		})
		w.check(err)
		cards[c.Code] = card
	}
	w.card, w.key = cards[code], keyOf("node "+code)
	var err error
	w.dir = t.TempDir()
	w.store, err = store.Open(w.dir, w.card.Origin())
	w.check(err)
	t.Cleanup(func() {
		if err := w.store.Check(); err != nil {
			t.Errorf("store: %v", err)
		}
		w.store.Close()
	})
	w.check(w.store.SetMember(w.card, protocol.Own, now))
	look := &ui.Look{}
	for _, c := range countries() {
		key, card := keyOf("node "+c.Code), cards[c.Code]
		if c.Code != code {
			w.check(w.store.SetMember(card, protocol.Active, now))
		} else {
			look = lookOf(t, c)
		}
		seeds := c.Cases
		if c.Code == code {
			seeds = append(seeds[:len(seeds):len(seeds)], more...)
		}
		for i, seed := range seeds {
			w.publish(code == c.Code, card, key, uint64(i+1), seed, photos, now.Add(-time.Duration(i)*time.Hour))
		}
		if c.Code != code { // a signed head gives the right to show what it vouches for
			state, err := w.store.LogState(card.Origin())
			w.check(err)
			head, err := protocol.SignHead(key, protocol.Head{Origin: card.Origin(), Epoch: 1, Seq: state.Seq, Root: state.Root,
				Live: state.Live, At: now, Until: now.Add(72 * time.Hour)})
			w.check(err)
			w.check(w.store.SetHead(head))
		}
	}
	bundle, err := i18n.Load(nil)
	w.check(err)
	w.cfg = Config{Public: w.store.Public(), Bundle: bundle, Languages: languages, Look: look,
		BaseURL: "https://own.example", Demo: true, Log: slog.New(slog.NewTextHandler(w.log, nil))}
	w.site, err = New(w.cfg)
	w.check(err)
	return w
}

func lookOf(t testing.TB, c protocoltest.Country) *ui.Look {
	folder := fstest.MapFS{"logo.png": {Data: c.Logo}}
	for tag, text := range c.Home {
		folder["home."+tag+".md"] = &fstest.MapFile{Data: []byte(text)}
	}
	for tag, text := range c.About {
		folder["about."+tag+".md"] = &fstest.MapFile{Data: []byte(text)}
	}
	look, err := ui.LoadLook(folder, ui.Theme{Brand: c.Brand, Accent: c.Accent})
	if err != nil {
		t.Fatal(err)
	}
	return look
}

func (w *world) check(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) publish(own bool, card *protocol.Card, key ed25519.PrivateKey, seq uint64, seed protocoltest.Seed, files bool, at time.Time) {
	w.Helper()
	entry := protocol.Entry{Case: &seed.Case, Members: &seed.Members}
	for _, p := range seed.Photos {
		clean := draw(w, p)
		info := protocol.Photo{
			File: protocol.Link{Cid: protocol.PhotoCID(clean.Full)}, Thumb: protocol.Link{Cid: protocol.PhotoCID(clean.Thumb)},
			Kind: p.Kind, Who: p.Who, Taken: p.Taken, Caption: p.Caption, Size: uint32(len(clean.Full)), ThumbSize: uint32(len(clean.Thumb)),
			Width: uint16(clean.Width), Height: uint16(clean.Height), ThumbWidth: uint16(clean.ThumbWidth), ThumbHeight: uint16(clean.ThumbHeight),
		}
		entry.Photos = append(entry.Photos, info)
		switch {
		case !files:
		case own: // as node.AddPhoto does
			w.check(w.store.AddPhoto(info.File.Cid, clean.Full))
			w.check(w.store.AddPhoto(info.Thumb.Cid, clean.Thumb))
			if clean.Print != nil {
				w.check(w.store.AddPrint(info.File.Cid, clean.Print))
			}
		default:
			w.check(w.store.PutPhoto(info.File.Cid, clean.Full))
			w.check(w.store.PutPhoto(info.Thumb.Cid, clean.Thumb))
		}
	}
	sum := sha256.Sum256([]byte(seed.Case.Number))
	id := protocol.CaseID(sum[:16])
	sign := func(h protocol.Header) (*protocol.Record, error) {
		h.At, h.ReviewBy = at, at.Add(protocol.ReviewAfter)
		entry.Header = h
		return protocol.Sign(key, entry)
	}
	w.refs[seed.Case.Number], w.ids[seed.Case.Number] = protocol.RefOf(card.Origin(), id), id
	if own {
		_, err := w.store.Append(id, 1, sign)
		w.check(err)
		return
	}
	r, err := sign(protocol.Header{Origin: card.Origin(), Epoch: 1, Seq: seq, Case: id, Rev: 1})
	w.check(err)
	w.check(w.store.Put(r))
}

// close takes a case of our own down.
func (w *world) close(number string) {
	w.Helper()
	_, err := w.store.Append(w.ids[number], 1, func(h protocol.Header) (*protocol.Record, error) {
		h.At = time.Now()
		return protocol.Sign(w.key, protocol.Entry{Header: h, Takedown: &protocol.Takedown{LastRev: h.Rev - 1}})
	})
	w.check(err)
}

// thumb returns the address of the first thumbnail of the home page.
func (w *world) thumb() string {
	return regexp.MustCompile(`/photos/[a-z2-7]+`).FindString(w.get("/en/").body)
}

// answer is what a browser gets.
type answer struct {
	*httptest.ResponseRecorder
	body string
}

func (w *world) get(path string, headers ...string) answer {
	w.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	w.site.ServeHTTP(rec, r)
	body := io.Reader(rec.Body)
	if rec.Header().Get("Content-Encoding") == "gzip" {
		gz, err := gzip.NewReader(rec.Body)
		w.check(err)
		body = gz
	}
	b, err := io.ReadAll(body)
	w.check(err)
	return answer{rec, string(b)}
}

// hostile is a case whose every text tries to leave its place.
func hostile() protocoltest.Seed {
	return protocoltest.Seed{Case: protocol.Case{
		Number: "XA-2026-666", Kind: "runaway", Since: protocol.Date{Year: 2026, Month: 2},
		From: protocol.Place{Country: "XA", Locality: `<img src=x onerror=alert(1)>`, Area: `"><svg onload=alert(2)>`},
		Children: []protocol.Child{{Name: `<script>alert("x")</script> {{.Name}}`, Sex: "unknown", OtherNames: []string{"שלום <b>abc</b> 123"},
			Marks: protocol.Text{"en": "</p><script>alert(3)</script>", "fr": "javascript:alert(4)"}}},
		What:   protocol.Text{"la": "line one\n<iframe src=//evil.example></iframe>"},
		Agency: protocol.Agency{Name: `"onmouseover="alert(5)`},
	}}
}
