package main

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"time"

	"rsc.io/qr"

	"github.com/gmcn/gmcn/protocol"
)

var cardCommand = command{
	name:  "card",
	brief: "print our card for other countries, explain another's, or sign a new one",
	help: `A card is what one country gives to another: who it is, its hotlines, and the key of its node, signed with its root key.
It holds no secret. Send it by any way, and compare the fingerprint by voice.

Without flags it is printed as text. -show explains a card without accepting it. -renew signs a new card with what
gmcn.toml says now, with the passphrase of the root key, and tells every country that is connected.

Examples:
  gmcn card -dir xa -o xa-card.txt -qr xa-card.png
  gmcn card -show xb-card.txt
  gmcn card -dir xa -renew`,
	run: runCard,
}

func runCard(c *call) error {
	dir := c.dir()
	text := c.flags.String("o", "", "write the text to `FILE`")
	code := c.flags.String("qr", "", "write a QR code to `FILE`, a PNG")
	show := c.flags.String("show", "", "explain the card in `FILE` (- is the input)")
	renew := c.flags.Bool("renew", false, "sign a new card with what gmcn.toml says")
	passphrase := c.flags.String("passphrase-file", "", "for -renew: take the passphrase from the first line of `FILE`")
	if _, err := c.parse(0, 0); err != nil {
		return err
	}
	if *show != "" {
		card, err := c.readCard(*show)
		if err != nil {
			return err
		}
		fmt.Fprint(c.out, explain(card))
		return nil
	}
	cl, err := connect(*dir)
	if err != nil {
		return err
	}
	defer cl.close()
	var answer cardText
	if *renew {
		home, err := openCountry(*dir)
		if err != nil {
			return err
		}
		secret, err := c.passphrase(*passphrase)
		if err != nil {
			return err
		}
		if err := cl.post("/card", renewal{Details: home.details(), Passphrase: secret}, &answer); err != nil {
			return err
		}
	} else if err := cl.fetch("/card", &answer); err != nil {
		return err
	}
	card, err := protocol.ParseCard([]byte(answer.Text))
	if err != nil {
		return err
	}
	if *renew {
		fmt.Fprintf(c.err, "Signed card %d.%d.\n", card.Epoch, card.Issue)
		if cl.offline {
			fmt.Fprintln(c.err, `The other countries get it when "gmcn run" runs.`)
		} else {
			fmt.Fprintln(c.err, `The countries that are connected have it; this site shows the rest of what changed when "gmcn run" starts again.`)
		}
	}
	if *text != "" {
		if err := os.WriteFile(*text, []byte(card.Text()), 0o644); err != nil {
			return err
		}
	}
	if *code != "" {
		q, err := qr.Encode(card.QRText(), qr.L)
		if err != nil {
			return fmt.Errorf("the card is too long for a QR code (%w); send it as text with -o", err)
		}
		if err := os.WriteFile(*code, q.PNG(), 0o644); err != nil {
			return err
		}
	}
	if *text == "" && *code == "" && !*renew {
		fmt.Fprint(c.out, card.Text())
	}
	fmt.Fprintf(c.err, "Fingerprint of %s, %s: %s\n", card.Country, nameOf(card), card.Origin().Fingerprint())
	return nil
}

// readCard reads a card from a file; - is the input.
func (c *call) readCard(file string) (*protocol.Card, error) {
	raw, err := c.readArg(file)
	if err != nil {
		return nil, fmt.Errorf("read card: %w", err)
	}
	card, err := protocol.ParseCard(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return card, nil
}

// readArg reads a file of a size that a person would send; - is the input.
func (c *call) readArg(file string) ([]byte, error) {
	if file == "-" {
		return readSome(c.in)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readSome(f)
}

// explain says whose a card is.
func explain(c *protocol.Card) string {
	var b strings.Builder
	line := func(what string, values ...string) {
		for i, v := range values {
			if i > 0 {
				what = ""
			}
			fmt.Fprintf(&b, "%-13s %s\n", what, v)
		}
	}
	country := c.Country
	if _, name := c.CountryNames.Pick("en"); name != "" {
		country += ", " + name
	}
	line("Country:", country)
	for i, tag := range c.Names.Languages() {
		line([]string{"Name:", ""}[min(i, 1)], fmt.Sprintf("%s (%s)", c.Names[tag], tag))
	}
	line("Fingerprint:", c.Origin().Fingerprint())
	for i, h := range c.Hotlines {
		_, label := h.Label.Pick("en")
		line([]string{"Hotline:", ""}[min(i, 1)], strings.TrimSpace(h.Number+"  "+label))
	}
	line("Site:", c.Site)
	line("Languages:", strings.Join(c.Languages, ", "))
	line("Addresses:", c.Addrs...)
	if c.Delegate != (protocol.Origin{}) {
		line("Delegate:", c.Delegate.Fingerprint())
	}
	line("Member:", c.Origin().String())
	line("Card:", fmt.Sprintf("%d.%d of %s, until %s", c.Epoch, c.Issue, c.At.Format(time.DateOnly), c.NotAfter.Format(time.DateOnly)))
	return b.String()
}

// cardDiffers returns the keys under [member] that say otherwise than the card.
func cardDiffers(cfg *Config, card *protocol.Card) (keys []string) {
	m := cfg.Member
	on := Member{Country: card.Country, CountryNames: card.CountryNames, Names: card.Names, Hotlines: card.Hotlines,
		Languages: card.Languages, Site: card.Site, Addrs: card.Addrs}
	a, b := reflect.ValueOf(m), reflect.ValueOf(on)
	for i := range a.NumField() {
		x, y := a.Field(i), b.Field(i)
		if empty := x.Kind() != reflect.String && x.Len() == 0 && y.Len() == 0; !empty && !reflect.DeepEqual(x.Interface(), y.Interface()) {
			keys = append(keys, "member."+a.Type().Field(i).Tag.Get("toml"))
		}
	}
	return keys
}
