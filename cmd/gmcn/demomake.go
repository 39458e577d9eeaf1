package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/gmcn/gmcn/node"
	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store"
	"github.com/gmcn/gmcn/ui"
)

const (
	// demoMark is the file that tells the folder of a demonstration from any other.
	demoMark = "DEMONSTRATION.txt"
	// demoPasswordFile and demoPassphraseFile hold in the open what a real country must hide: these are toys.
	demoPasswordFile   = "PASSWORD"
	demoPassphraseFile = "PASSPHRASE"
	// demoWork makes the root keys quick to lock: nothing hangs on them.
	demoWork = 12
)

// prepare makes the countries at the first start, and moves them to other ports at a later one. A folder that bears the
// mark is complete: it is made under another name and renamed when it is.
func (d *demo) prepare(ctx context.Context) error {
	entries, err := os.ReadDir(d.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read the demonstration's folder: %w", err)
	}
	if slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == demoMark }) {
		return d.move()
	}
	if len(entries) > 0 {
		return fmt.Errorf("%s is not empty and holds no demonstration; name another folder with -dir", d.dir)
	}
	fmt.Fprintln(d.out, "Making three invented countries and drawing their pictures…")
	dir, err := filepath.Abs(d.dir)
	if err != nil {
		return err
	}
	parts := filepath.Join(filepath.Dir(dir), "."+filepath.Base(dir)+".unfinished")
	if err := os.RemoveAll(parts); err != nil {
		return fmt.Errorf("remove what an interrupted start left: %w", err)
	}
	defer os.RemoveAll(parts)
	if err := os.MkdirAll(parts, 0o700); err != nil {
		return fmt.Errorf("make the demonstration's folder: %w", err)
	}
	d.plan(parts)
	if err := d.make(ctx); err != nil {
		return err
	}
	mark := "Made by gmcn demo: three countries that do not exist. Delete the folder to begin anew.\n"
	if err := writeFile(filepath.Join(parts, demoMark), []byte(mark)); err != nil {
		return err
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) { // it is empty
		return err
	}
	if err := os.Rename(parts, dir); err != nil {
		return fmt.Errorf("make the demonstration's folder: %w", err)
	}
	d.plan(d.dir)
	return nil
}

// make makes the countries side by side and introduces them to each other.
func (d *demo) make(ctx context.Context) error {
	cards := make([]*protocol.Card, len(d.countries))
	g, ctx := errgroup.WithContext(ctx)
	for i, c := range d.countries {
		g.Go(func() (err error) {
			cards[i], err = c.make(ctx)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return d.introduce(cards)
}

// introduce makes every country accept the others' cards; one that had removed another goes on without it.
func (d *demo) introduce(cards []*protocol.Card) error {
	for _, c := range d.countries {
		err := c.open(func(n *node.Node) error {
			peers, err := n.Peers()
			if err != nil {
				return err
			}
			for _, card := range cards {
				if slices.ContainsFunc(peers, func(p node.Peer) bool {
					return p.Member.Card.Origin() == card.Origin() && p.Member.Standing != protocol.Active
				}) {
					continue // ourselves, or removed
				}
				if err := n.AddMember(card); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// open opens the country's node without a network.
func (c *demoCountry) open(do func(*node.Node) error) error {
	n, err := node.Open(node.Config{Dir: c.dir})
	if err != nil {
		return err
	}
	if err := errors.Join(do(n), n.Close()); err != nil {
		return fmt.Errorf("%s: %w", c.Code, err)
	}
	return nil
}

// place writes the ports into a configuration.
func (c *demoCountry) place(cfg *Config) {
	cfg.Member.Site, cfg.Member.Addrs, cfg.Node.Listen = c.url(), c.addrs(), c.addrs()
	cfg.Site.Listen, cfg.Console.Listen = c.url()[len("http://"):], c.staff()[len("http://"):]
}

// make makes one country's data folder with its look and its cases.
func (c *demoCountry) make(ctx context.Context) (*protocol.Card, error) {
	cfg := &Config{Demo: true, Look: ui.Theme{Brand: c.Brand, Accent: c.Accent}, Member: Member{Country: c.Code,
		CountryNames: c.CountryNames, Names: c.Names, Hotlines: c.Hotlines, Languages: c.Languages}}
	c.place(cfg)
	cfg.defaults()
	secret, password := node.Secret{Passphrase: randomSecret(), Work: demoWork}, randomSecret()
	card, err := makeCountry(c.dir, cfg, secret, password)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{demoPasswordFile: []byte(password + "\n"), demoPassphraseFile: []byte(secret.Passphrase + "\n"),
		"site/logo.png": c.Logo}
	for _, lang := range c.Languages {
		files["site/home."+lang+".md"], files["site/about."+lang+".md"] = []byte(c.Home[lang]), []byte(c.About[lang])
	}
	for name, data := range files {
		if err := writeFile(filepath.Join(c.dir, filepath.FromSlash(name)), data); err != nil {
			return nil, err
		}
	}
	return card, c.open(func(n *node.Node) error { return c.seed(ctx, n) })
}

// seed publishes the country's cases, the last first: the first is to be the newest.
func (c *demoCountry) seed(ctx context.Context, n *node.Node) error {
	for _, s := range slices.Backward(c.Cases) {
		d := &store.Draft{Case: s.Case, Members: s.Members, Local: s.Local}
		for _, p := range s.Photos {
			if err := ctx.Err(); err != nil {
				return err
			}
			info, err := n.AddPhoto(p.JPEG())
			if err != nil {
				return err
			}
			info.Kind, info.Who, info.Taken, info.Caption = p.Kind, p.Who, p.Taken, p.Caption
			d.Photos = append(d.Photos, info)
		}
		if err := n.SaveDraft(d); err != nil {
			return err
		}
		if _, err := n.Publish(d.ID); err != nil {
			return fmt.Errorf("publish %s: %w", d.Case.Number, err)
		}
		time.Sleep(2 * time.Millisecond) // so that no two have the same time
	}
	return nil
}

// move gives the countries the ports that were asked for, if they have others: they stand on their cards, so these are
// signed anew and shown to each other. The configuration is written last: a start that was cut short begins again.
func (d *demo) move() error {
	homes := make([]*country, len(d.countries))
	cards := make([]*protocol.Card, len(d.countries))
	same := true
	for i, c := range d.countries {
		var err error
		if homes[i], err = openCountry(c.dir); err != nil {
			return err
		}
		same = same && homes[i].Member.Site == c.url()
		c.place(homes[i].Config)
	}
	if same {
		return nil
	}
	for i, c := range d.countries {
		passphrase, err := secretFrom(filepath.Join(c.dir, demoPassphraseFile))
		if err != nil {
			return err
		}
		err = c.open(func(n *node.Node) error {
			cards[i], err = n.RenewCard(homes[i].details(), passphrase)
			return err
		})
		if err != nil {
			return err
		}
	}
	if err := d.introduce(cards); err != nil {
		return err
	}
	for i, c := range d.countries {
		if err := writeFile(filepath.Join(c.dir, configFile), homes[i].text()); err != nil {
			return err
		}
	}
	return nil
}
