package main

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"github.com/multiformats/go-multiaddr"
	"github.com/pelletier/go-toml/v2"

	"github.com/gmcn/gmcn/node"
	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/ui"
	"github.com/gmcn/gmcn/ui/admin"
	"github.com/gmcn/gmcn/ui/i18n"
	"github.com/gmcn/gmcn/ui/poster/typeset"
)

// configFile is the one configuration file, in the data folder.
const configFile = "gmcn.toml"

// Config is gmcn.toml. Nothing else configures a node: no environment, no flags of "gmcn run".
type Config struct {
	// Demo marks every page as a demonstration, in which nobody is really missing.
	Demo bool `toml:"demo"`
	// Member is what stands on the member's card. A change needs "gmcn card -renew", which signs it with the root key.
	Member Member `toml:"member"`
	// Node is the node on the network of countries.
	Node NodeConfig `toml:"node"`
	// Site is the public site.
	Site SiteConfig `toml:"site"`
	// Console is the site for the country's own staff.
	Console ConsoleConfig `toml:"console"`
	// Look is the colours of site and console: brand, accent and ink as #RRGGBB. Contrast is checked at the start. Logo and
	// texts are files in the folder site/ of the data folder.
	Look ui.Theme `toml:"look"`
}

// Member is what a member says of itself to the public and to other members.
type Member struct {
	// Country is an ISO 3166-1 alpha-2 code.
	Country string `toml:"country"`
	// CountryNames is how the member calls its country, by language; for codes that no list knows, and where the name is
	// contested. Optional.
	CountryNames protocol.Text `toml:"country_names"`
	// Names is the organisation's name by language.
	Names protocol.Text `toml:"names"`
	// Hotlines are the numbers that the public may call, the most important first; label, by language, is optional.
	Hotlines []protocol.Hotline `toml:"hotlines"`
	// Languages are those of the site, the main one first.
	Languages []string `toml:"languages"`
	// Site is the public address of the site, without a slash at the end.
	Site string `toml:"site"`
	// Addrs are multiaddresses at which other countries' nodes reach this one. Without any, this node calls and is not
	// called.
	Addrs []string `toml:"addrs"`
}

// NodeConfig is the section [node].
type NodeConfig struct {
	// Listen are multiaddresses to listen on. Default: port 4001 of every address, TCP and QUIC.
	Listen []string `toml:"listen"`
	// Lease is how long other countries may show our cases without hearing from us: 24h to 168h, default 72h.
	Lease duration `toml:"lease"`
	// AutoSuspend suspends a country here when two thirds of the other active ones, three at least, have suspended it.
	// Default: false; a person decides.
	AutoSuspend bool `toml:"auto_suspend"`
	// ReviewDays is after how many days an officer must confirm a public case again: 7 to 180, default 90.
	ReviewDays int `toml:"review_days"`
	// PhotoGiB and PhotoGiBHourly bound the photos kept of each other country and fetched of it in an hour, in GiB;
	// default 20 and 2. Past them only its thumbnails are fetched.
	PhotoGiB       int `toml:"photo_gib"`
	PhotoGiBHourly int `toml:"photo_gib_hourly"`
	// NAT says that the node stands behind a router: it asks the router for its ports.
	NAT bool `toml:"nat"`
	// Relay says that members which nobody can dial may be reached through this node. It must have an open port.
	Relay bool `toml:"relay"`
}

// SiteConfig is the section [site].
type SiteConfig struct {
	// Listen is the host and port to listen on; default 127.0.0.1:8080, for a proxy with TLS in front.
	Listen string `toml:"listen"`
	// Digits sets the digits in which a language writes its numbers, on pages and posters: ar = "arab". Telephone and case
	// numbers stay as they are. Default: 0 to 9.
	Digits map[string]string `toml:"digits"`
	// Calendar sets the calendar by which a language writes its dates, on pages and posters: th = "buddhist", ethiopic or
	// persian. The Gregorian date follows in brackets. Default: the Gregorian alone.
	Calendar map[string]string `toml:"calendar"`
}

// ConsoleConfig is the section [console].
type ConsoleConfig struct {
	// Listen is the host and port to listen on; default 127.0.0.1:8081. Keep it off the open internet.
	Listen string `toml:"listen"`
	// Proxies are addresses or networks of web servers with TLS in front of the console. What they say in X-Forwarded-For and
	// X-Forwarded-Proto is believed: the console's cookie is for TLS alone then, and each browser has its own limit of
	// attempts to sign in. Default: none; nobody else is ever believed.
	Proxies []string `toml:"proxies"`
	// MetricsToken lets who sends it as a bearer token read /metrics there from anywhere. Without it, only from this
	// machine.
	MetricsToken string `toml:"metrics_token"`
}

const day = 24 * time.Hour

type duration time.Duration

func (d *duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	if err != nil {
		return fmt.Errorf("%q is not a length of time: write 72h", b)
	}
	*d = duration(v)
	return nil
}

// defaults fills in what the file leaves out.
func (c *Config) defaults() {
	if c.Node.Listen == nil {
		c.Node.Listen = []string{"/ip4/0.0.0.0/tcp/4001", "/ip4/0.0.0.0/udp/4001/quic-v1"}
	}
	if c.Node.Lease == 0 {
		c.Node.Lease = duration(protocol.DefaultLease)
	}
	c.Node.ReviewDays = cmp.Or(c.Node.ReviewDays, int(protocol.ReviewAfter/day))
	c.Node.PhotoGiB = cmp.Or(c.Node.PhotoGiB, node.DefaultPhotoBytes>>30)
	c.Node.PhotoGiBHourly = cmp.Or(c.Node.PhotoGiBHourly, node.DefaultPhotoHourly>>30)
	if c.Site.Listen == "" {
		c.Site.Listen = "127.0.0.1:8080"
	}
	if c.Console.Listen == "" {
		c.Console.Listen = "127.0.0.1:8081"
	}
}

// details is the part of the configuration that goes onto the card.
func (c *Config) details() node.Details {
	m := &c.Member
	return node.Details{Country: m.Country, CountryNames: m.CountryNames, Names: m.Names, Hotlines: m.Hotlines,
		Site: m.Site, Languages: m.Languages, Addrs: m.Addrs}
}

// country is a data folder's configuration and what its pages are made of, read and checked.
type country struct {
	*Config
	dir    string
	bundle *i18n.Bundle
	look   *ui.Look
	fonts  *typeset.Engine
}

// openCountry reads gmcn.toml and the folder site/ of a data folder and checks all of it. The error says what to do.
func openCountry(dir string) (*country, error) {
	path := filepath.Join(dir, configFile)
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no %s: name the data folder with -dir, or make one with gmcn init", path)
	}
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	c := &country{Config: &Config{}, dir: dir}
	d := toml.NewDecoder(bytes.NewReader(raw)).DisallowUnknownFields()
	if err := d.Decode(c.Config); err != nil {
		return nil, fmt.Errorf("%s: %w", path, inLine(err))
	}
	c.defaults()
	folder := os.DirFS(filepath.Join(dir, "site"))
	if c.bundle, err = i18n.Load(folder); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, "site"), err)
	}
	if err := c.check(c.bundle); err != nil {
		return nil, fmt.Errorf("%s:\n%w", path, err)
	}
	for tag, digits := range c.Site.Digits {
		if c.bundle, err = c.bundle.WithDigits(tag, digits); err != nil {
			return nil, fmt.Errorf("%s: site.digits: %w", path, err)
		}
	}
	for tag, calendar := range c.Site.Calendar {
		if c.bundle, err = c.bundle.WithCalendar(tag, calendar); err != nil {
			return nil, fmt.Errorf("%s: site.calendar: %w", path, err)
		}
	}
	if c.look, err = ui.LoadLook(folder, c.Look); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, "site"), err)
	}
	if c.fonts, err = openFonts(filepath.Join(dir, "fonts")); err != nil {
		return nil, err
	}
	return c, nil
}

// openFonts reads the font packs in a folder, which need not be there, beside the fonts that are built in.
func openFonts(folder string) (*typeset.Engine, error) {
	files, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read font packs: %w", err)
	}
	var packs []typeset.Pack
	for _, f := range files {
		switch strings.ToLower(filepath.Ext(f.Name())) {
		case ".ttf", ".otf", ".ttc":
		default:
			continue // licences
		}
		data, err := os.ReadFile(filepath.Join(folder, f.Name()))
		if err != nil {
			return nil, fmt.Errorf("read font pack: %w", err)
		}
		packs = append(packs, typeset.Pack{Name: f.Name(), Data: data})
	}
	fonts, err := typeset.New(packs...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: take the file out, or put a whole one there", folder, err)
	}
	return fonts, nil
}

// inLine turns what the TOML reader says into sentences with lines.
func inLine(err error) error {
	var unknown *toml.StrictMissingError
	if errors.As(err, &unknown) {
		var all []error
		for _, e := range unknown.Errors {
			line, _ := e.Position()
			all = append(all, fmt.Errorf("line %d: there is no key %s; %s", line, strings.Join(e.Key(), "."), knownKeys(e.Key())))
		}
		return errors.Join(all...)
	}
	var form *toml.DecodeError
	if errors.As(err, &form) {
		line, column := form.Position()
		return fmt.Errorf("line %d, column %d: %s", line, column, strings.TrimPrefix(form.Error(), "toml: "))
	}
	return err
}

// knownKeys lists the keys of the section in which an unknown one stands.
func knownKeys(key toml.Key) string {
	at, section := reflect.TypeFor[Config](), "the file"
	for i, part := range key[:len(key)-1] {
		for f := range at.Fields() {
			if f.Tag.Get("toml") != part {
				continue
			}
			if at = f.Type; at.Kind() == reflect.Slice {
				at = at.Elem()
			}
			if section = "[" + strings.Join(key[:i+1], ".") + "]"; at.Kind() != reflect.Struct {
				return "remove it"
			}
		}
	}
	var names []string
	for f := range at.Fields() {
		names = append(names, f.Tag.Get("toml"))
	}
	return section + " may have: " + strings.Join(names, ", ")
}

// check returns everything wrong with the values, each with what to do. bundle has the languages that there are.
func (c *Config) check(bundle *i18n.Bundle) error {
	var found []error
	add := func(format string, args ...any) { found = append(found, fmt.Errorf(format, args...)) }
	for _, p := range cardProblems(c.details()) {
		add("member.%w", protocol.Problems{p})
	}
	for _, tag := range c.Member.Languages {
		if _, ok := bundle.Locale(tag); ok || !protocol.ValidLanguage(tag) {
			continue
		}
		words := "no words"
		if _, ok := bundle.PosterLocale(tag); ok {
			words = "words only of posters"
		}
		add("member.languages: there are %s for %q yet; the languages are %s", words, tag, strings.Join(tagsOf(bundle.Locales()), ", "))
	}
	for _, a := range c.Member.Addrs {
		if strings.Contains(a, "/0.0.0.0/") || strings.Contains(a, "/ip6/::/") {
			add("member.addrs: %s is no address that others can reach; write your public one", a)
		} else {
			found = append(found, checkAddr("member.addrs", a))
		}
	}
	for _, a := range c.Node.Listen {
		found = append(found, checkAddr("node.listen", a))
	}
	if lease := time.Duration(c.Node.Lease); lease < protocol.MinLease || lease > protocol.MaxLease {
		add("node.lease: %s is out of range; write %.0fh to %.0fh", lease, protocol.MinLease.Hours(), protocol.MaxLease.Hours())
	}
	if review := time.Duration(c.Node.ReviewDays) * day; review < protocol.MinReview || review > protocol.MaxReview {
		add("node.review_days: %d is out of range; write %d to %d", c.Node.ReviewDays, protocol.MinReview/day, protocol.MaxReview/day)
	}
	for key, gib := range map[string]int{"photo_gib": c.Node.PhotoGiB, "photo_gib_hourly": c.Node.PhotoGiBHourly} {
		if gib < 1 || gib > 1<<20 {
			add("node.%s: %d is out of range; write 1 or more", key, gib)
		}
	}
	if c.Node.Relay && (len(c.Member.Addrs) == 0 || len(c.Node.Listen) == 0) {
		add("node.relay: others reach a relay at its own address; write member.addrs and node.listen, or remove it")
	}
	if _, err := admin.ParseProxies(c.Console.Proxies); err != nil {
		add("console.proxies: %v", err)
	}
	if t := c.Console.MetricsToken; t != "" && len(t) < 16 {
		add("console.metrics_token: too short to keep anybody out; write 16 letters or more, such as those of: openssl rand -hex 16")
	}
	for _, l := range []struct{ key, listen string }{{"site", c.Site.Listen}, {"console", c.Console.Listen}} {
		if _, _, err := net.SplitHostPort(l.listen); err != nil {
			add("%s.listen: %q is not a host and port: write 127.0.0.1:8080", l.key, l.listen)
		}
	}
	if c.Site.Listen == c.Console.Listen {
		add("site.listen and console.listen are both %s; give each its own port", c.Site.Listen)
	}
	if err := c.Look.Check(); err != nil {
		add("look: %w", err)
	}
	return errors.Join(found...)
}

func checkAddr(key, a string) error {
	if _, err := multiaddr.NewMultiaddr(a); err != nil {
		return fmt.Errorf("%s: %q is not a multiaddress: write /ip4/203.0.113.7/tcp/4001 or /dns4/node.example.org/udp/4001/quic-v1", key, a)
	}
	return nil
}

func tagsOf(locales []*i18n.Locale) []string {
	var tags []string
	for _, l := range locales {
		tags = append(tags, l.Tag)
	}
	return tags
}

// cardProblems returns what a card with these details would be refused for: it signs one with a key that it forgets.
func cardProblems(d node.Details) protocol.Problems {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err) // crypto/rand never fails
	}
	now := time.Now()
	_, err = protocol.SignCard(key, protocol.Card{Epoch: 1, Issue: 1, Country: d.Country, CountryNames: d.CountryNames,
		Names: d.Names, Hotlines: d.Hotlines, Site: d.Site, Languages: d.Languages, Addrs: d.Addrs, At: now, NotAfter: now.AddDate(1, 0, 0)})
	var problems protocol.Problems
	errors.As(err, &problems)
	return problems
}
