package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

// keysOf makes three countries that know each other, a file with the passphrase, and the root key of the first on a stick.
func keysOf(t *testing.T) (all []*realCountry, stick, secret string) {
	t.Helper()
	all = newCountries(t, "XA", "XB", "XC")
	dir := t.TempDir()
	stick, secret = filepath.Join(dir, "root.key.age"), filepath.Join(dir, "secret")
	if err := os.Rename(filepath.Join(all[0].dir, "root.key.age"), stick); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(secret, []byte(testPassphrase+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return all, stick, secret
}

func (r *realCountry) showsSoon(paths ...string) {
	r.t.Helper()
	for _, path := range paths {
		r.eventually(r.dir+" shows "+path, func() error { return want(r.site+path, http.StatusOK) })
	}
}

// heardSince waits until a country has said something to us after a moment.
func (r *realCountry) heardSince(country string, moment time.Time) {
	r.t.Helper()
	r.eventually(country+" is heard", func() error {
		cl, rows, err := ask[[]peerRow](r.dir, "/peers")
		if err != nil {
			return err
		}
		defer cl.close()
		row, err := pickPeer(rows, country, protocol.Active)
		if err == nil && !row.Heard.After(moment) {
			err = fmt.Errorf("last at %s", row.Heard)
		}
		return err
	})
}

// exports writes the file of gmcn peer export when the head in it counts seq records, and returns that head.
func (r *realCountry) exports(country, file string, seq uint64) (head *protocol.Head) {
	r.t.Helper()
	r.eventually("a head of "+country+" is held", func() (err error) {
		r.gmcn("peer", "export", country, "-o", file)
		_, head, err = (&call{}).readHeld(file)
		if err == nil && (head == nil || head.Seq < seq) {
			err = errors.New("not yet")
		}
		return err
	})
	return head
}

// waitingDraft is the row in gmcn case list of a case that was never signed and is to be published.
var waitingDraft = regexp.MustCompile(`(?m)^XA-2026-902 +0 waits `)

// TestKeyIsRotatedAndFolderLost goes the ways of operating.md with the commands alone: a planned change of the node key
// while all run, then the loss of the whole data folder.
func TestKeyIsRotatedAndFolderLost(t *testing.T) {
	all, stick, secret := keysOf(t)
	startAll(all)
	xa, xb, xc := all[0], all[1], all[2]
	first := xa.publishExample("XA-2026-901")
	xb.showsSoon(first)

	out := xa.gmcn("key", "rotate", "-root", stick, "-passphrase-file", secret)
	if !strings.Contains(out, "Card 2.1 is in force") {
		t.Errorf("key rotate says:\n%s", out)
	}
	if _, err := os.Stat(filepath.Join(xa.dir, "root.key.age")); err == nil {
		t.Error("the root key was left in the data folder")
	}
	second := xa.publishExample("XA-2026-902")
	xb.showsSoon(first, second)
	xc.showsSoon(first, second)
	xb.connected(2)

	file := filepath.Join(t.TempDir(), "xa.txt")
	xb.exports("XA", file, 2)
	xa.kill()
	cards := t.TempDir()
	for i, r := range []*realCountry{xb, xc} {
		r.gmcn("card", "-o", filepath.Join(cards, []string{"xb", "xc"}[i]))
	}
	if err := os.RemoveAll(xa.dir); err != nil {
		t.Fatal(err)
	}
	out = xa.gmcn("init", "-recover", "-root", stick, "-card", file, "-peers", filepath.Join(cards, "xb")+","+filepath.Join(cards, "xc"),
		"-passphrase-file", secret, "-password-file", secret, "-node-listen", strings.Join(xa.cfg.Node.Listen, ","),
		"-site-listen", xa.cfg.Site.Listen, "-console-listen", xa.cfg.Console.Listen)
	if !strings.Contains(out, "with card 3.1") {
		t.Errorf("init -recover says:\n%s", out)
	}
	xc.gmcn("peer", "card", filepath.Join(xa.dir, "xa-card.txt"))
	xa.start()
	xa.showsSoon(first, second)
	xa.eventually("both are on the desk", func() error {
		if list := xa.gmcn("case", "list"); !strings.Contains(list, "XA-2026-901") || !strings.Contains(list, "XA-2026-902") {
			return os.ErrNotExist
		}
		return nil
	})
	third := xa.publishExample("XA-2026-903")
	xb.showsSoon(first, second, third)
	xc.showsSoon(first, second, third)
}

// TestStolenKeyIsRevoked: the root key, at another computer, puts the node key out of force; one country that takes the card
// in by hand is enough. The node says what to do, and after key rotate it goes on.
func TestStolenKeyIsRevoked(t *testing.T) {
	all, stick, secret := keysOf(t)
	startAll(all)
	xa, xb, xc := all[0], all[1], all[2]
	good := xa.publishExample("XA-2026-901")
	xb.showsSoon(good)
	bad := xa.publishExample("XA-2026-902")
	xb.showsSoon(bad)
	xc.showsSoon(good, bad)

	dir := t.TempDir()
	card, revoked := filepath.Join(dir, "xa.txt"), filepath.Join(dir, "revoked.txt")
	xb.gmcn("peer", "export", "XA", "-o", card)
	xb.gmcn("peer", "list") // has the numbers
	cmd := &realCountry{t: t, dir: dir}
	cmd.plain("key", "revoke", "-root", stick, "-card", card, "-after", "1", "-o", revoked, "-passphrase-file", secret)
	xc.gmcn("peer", "card", revoked)
	for _, r := range []*realCountry{xb, xc} {
		r.eventually("what was signed after the last good number is void", func() error { return want(r.site+bad, http.StatusNotFound) })
	}
	xa.eventually("its node says that its key is out", func() error {
		if list := xa.gmcn("peer", "list"); !strings.Contains(list, "gmcn key rotate") {
			return os.ErrNotExist
		}
		return nil
	})
	out := xa.gmcn("key", "rotate", "-root", stick, "-passphrase-file", secret)
	if !strings.Contains(out, "Card 3.1 is in force") {
		t.Errorf("key rotate says:\n%s", out)
	}
	// Nobody lets the key in that is out: the new card goes by hand to one country.
	xa.gmcn("card", "-o", filepath.Join(dir, "new.txt"))
	xb.gmcn("peer", "card", filepath.Join(dir, "new.txt"))
	next := xa.publishExample("XA-2026-903")
	for _, r := range []*realCountry{xb, xc} {
		r.showsSoon(good, next)
	}
}

// TestKeyOpen: a second folder with a country's keys, without its records, finds out that another server has published, and
// publishes nothing. The root key's word that it is the right one, and nothing else, makes it publish: what the other server
// published beyond it is void everywhere.
func TestKeyOpen(t *testing.T) {
	all, stick, secret := keysOf(t)
	xa, xb, xc := all[0], all[1], all[2]
	second := &realCountry{t: t, dir: filepath.Join(t.TempDir(), "second"), site: xa.site, cfg: xa.cfg}
	if err := os.CopyFS(second.dir, os.DirFS(xa.dir)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"gmcn.db", "keys.slots", "keys.kek"} {
		if err := os.Remove(filepath.Join(second.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	var cards []string
	for _, r := range []*realCountry{xb, xc} {
		card := filepath.Join(t.TempDir(), "card.txt")
		r.gmcn("card", "-o", card)
		cards = append(cards, card)
	}
	startAll(all)
	lost := xa.publishExample("XA-2026-901")
	xb.showsSoon(lost)
	xc.showsSoon(lost)
	held := filepath.Join(t.TempDir(), "held.txt")
	lostHead := xb.exports("XA", held, 1)
	xa.kill()

	for _, card := range cards {
		second.gmcn("peer", "add", "-yes", card)
	}
	second.start()
	second.eventually("it knows that it may not publish", func() error {
		if list := second.gmcn("peer", "list"); !strings.Contains(list, "gmcn key open") {
			return errors.New(list)
		}
		return nil
	})
	kept := second.publishExample("XA-2026-902")
	waits := func() {
		t.Helper()
		if list := second.gmcn("case", "list"); !waitingDraft.MatchString(list) {
			t.Errorf("its case does not wait unsigned:\n%s", list)
		}
	}
	waits()
	second.stop()
	again := time.Now()
	second.start() // it remembers, and says nothing new to who hears it
	xb.heardSince("XA", again)
	waits()
	if err := want(xb.site+kept, http.StatusNotFound); err != nil {
		t.Errorf("it published all the same: %v", err)
	}
	if head := xb.exports("XA", held, 1); head.Instance != lostHead.Instance {
		t.Error("it signed a head")
	}
	wrong := filepath.Join(t.TempDir(), "wrong")
	if err := os.WriteFile(wrong, []byte("another\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"-root", stick, "-passphrase-file", secret},        // nobody has confirmed
		{"-root", stick, "-passphrase-file", wrong, "-yes"}, // nor who has the root key
		{"-passphrase-file", secret, "-yes"},                // which is not in the folder
	} {
		if out, err := exec.Command("gmcn", append([]string{"key", "open", "-dir", second.dir}, args...)...).CombinedOutput(); err == nil {
			t.Errorf("gmcn key open %v: %s", args, out)
		}
	}
	out := second.gmcn("key", "open", "-root", stick, "-passphrase-file", secret, "-yes")
	if !strings.Contains(out, "Card 2.1 is in force") {
		t.Errorf("key open says:\n%s", out)
	}
	for _, r := range []*realCountry{xb, xc} {
		r.showsSoon(kept)
		r.eventually("what the other server published is void", func() error { return want(r.site+lost, http.StatusNotFound) })
	}
	if list := second.gmcn("peer", "list"); strings.Contains(list, "gmcn key open") {
		t.Errorf("the alarm stays on:\n%s", list)
	}
}
