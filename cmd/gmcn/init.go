package main

import (
	"embed"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gmcn/gmcn/node"
	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/ui/i18n"
)

var initCommand = command{
	name:  "init",
	brief: "make the data folder of a country: keys, configuration, card",
	help: `Makes the data folder with everything of one country in it. Nothing that exists is overwritten.

It asks for two secrets. The passphrase of the root key is needed to sign a new card, so rarely: write it down and keep
it, and a copy of the file root.key.age, where no computer can lose them. The password of the console is for your staff.
Both can be read from files; with neither file nor terminal random ones are made and printed once.

-name and -country-name take LANGUAGE=TEXT and -hotline takes NUMBER or NUMBER|LANGUAGE=LABEL|…; each may be given
several times. If the folder has a gmcn.toml already, that is used, and none of these flags is needed.

With -recover it makes a new folder for a country that has lost its own and has its root key: a new node key under a card of
the next epoch, which goes on from the last good number. Everything that was published comes back from the other countries;
drafts and local details are lost. -card is a file that any of them writes with gmcn peer export. -peers are their cards.

Example:
  gmcn init -dir new -recover -root /media/stick/root.key.age -card xa.txt -peers xb-card.txt,xc-card.txt
  gmcn init -dir xa -country XA -country-name en=Arvenia -name en="The Lighted Window" -name fr="La Fenêtre éclairée" \
    -hotline "+0 99 001|en=Day and night|fr=Jour et nuit" -languages en,fr -site https://missing.example.org \
    -addr /ip4/203.0.113.7/tcp/4001 -addr /ip4/203.0.113.7/udp/4001/quic-v1`,
	run: runInit,
}

func runInit(c *call) error {
	dir := c.dir()
	cfg := &Config{Member: Member{Names: protocol.Text{}, CountryNames: protocol.Text{}}}
	m := &cfg.Member
	c.flags.StringVar(&m.Country, "country", "", "two-letter `CODE` of the country, ISO 3166-1")
	c.flags.Var(textFlag{m.CountryNames}, "country-name", "what you call the country, if not as everybody: `LANGUAGE=TEXT`")
	c.flags.Var(textFlag{m.Names}, "name", "name of the organisation: `LANGUAGE=TEXT`")
	c.flags.Var(hotlineFlag{&m.Hotlines}, "hotline", "telephone `NUMBER` for the public, with labels if you like")
	c.flags.Var(listFlag{&m.Languages}, "languages", "languages of the site, the main one first: `en,fr`")
	c.flags.StringVar(&m.Site, "site", "", "public `ADDRESS` of the site")
	c.flags.Var(listFlag{&m.Addrs}, "addr", "`MULTIADDRESS` at which other countries reach the node")
	c.flags.Var(listFlag{&cfg.Node.Listen}, "node-listen", "`MULTIADDRESS` at which the node listens, if not port 4001 of every address")
	c.flags.StringVar(&cfg.Site.Listen, "site-listen", "", "`HOST:PORT` at which the site listens, if not 127.0.0.1:8080")
	c.flags.StringVar(&cfg.Console.Listen, "console-listen", "", "`HOST:PORT` at which the console listens, if not 127.0.0.1:8081")
	recovery := c.flags.Bool("recover", false, "make the folder of a country that has lost its own")
	var root rootKey
	c.flags.StringVar(&root.file, "root", "", "for -recover: the root key `FILE`")
	cardFile := c.flags.String("card", "", "for -recover: our card, in a `FILE` of gmcn peer export or gmcn key revoke")
	after := c.flags.Uint64("after", 0, "for -recover: the last good `NUMBER` of our log, if that file does not say it")
	var peers []string
	c.flags.Var(listFlag{&peers}, "peers", "for -recover: card `FILES` of the other countries")
	c.flags.StringVar(&root.passphrase, "passphrase-file", "", "take the root key's passphrase from the first line of `FILE`")
	passwordFile := c.flags.String("password-file", "", "take the console's password from the first line of `FILE`")
	if _, err := c.parse(0, 0); err != nil {
		return err
	}
	if err := refuseNode(*dir); err != nil {
		return err
	}
	if *recovery {
		return c.recover(cfg, *dir, recovered{root, *cardFile, *passwordFile, peers, *after, c.givenFlags()["after"]})
	}
	path := filepath.Join(*dir, configFile)
	switch _, err := os.Stat(path); {
	case err == nil:
		for f := range c.givenFlags() {
			if f != "dir" && f != "passphrase-file" && f != "password-file" {
				return fmt.Errorf("%s exists already and is used as it is: change it there instead of with -%s", path, f)
			}
		}
		there, err := openCountry(*dir)
		if err != nil {
			return err
		}
		cfg = there.Config
	case !errors.Is(err, fs.ErrNotExist):
		return err
	default:
		var missing []string
		given := c.givenFlags()
		for _, name := range []string{"country", "name", "hotline", "languages", "site"} {
			if !given[name] {
				missing = append(missing, "-"+name)
			}
		}
		if missing != nil {
			return c.misuse("%s must be given", strings.Join(missing, ", "))
		}
		m.Site = strings.TrimSuffix(m.Site, "/")
		cfg.defaults()
		bundle, err := i18n.Load(nil)
		if err != nil {
			return err
		}
		if err := cfg.check(bundle); err != nil {
			return err
		}
	}
	passphrase, madePassphrase, err := c.newSecret("passphrase of the root key", root.passphrase)
	if err != nil {
		return err
	}
	password, madePassword, err := c.newSecret("password of the console", *passwordFile)
	if err != nil {
		return err
	}
	card, err := makeCountry(*dir, cfg, node.Secret{Passphrase: passphrase}, password)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "Made %s for %s, %s.\nFingerprint: %s\n", *dir, cfg.Member.Country, nameOf(card), card.Origin().Fingerprint())
	if madePassphrase {
		fmt.Fprintf(c.out, "\nPassphrase of the root key: %s\n", passphrase)
	}
	if madePassword {
		fmt.Fprintf(c.out, "Password of the console:    %s\n", password)
	}
	if madePassphrase || madePassword {
		fmt.Fprintln(c.out, "Write down what stands here: it is shown this once.")
	}
	fmt.Fprintf(c.out, `
What to do next:
  1. Keep a copy of %[1]s and its passphrase in a safe place.
  2. Look through %[2]s, and site/README.txt for your logo and texts.
  3. Start it:                            gmcn run -dir %[3]s
     Its site and its console are then at http://%[4]s/ and http://%[5]s/
  4. Send your card to other countries:   gmcn card -dir %[3]s -o %[6]s-card.txt
  5. Accept theirs:                       gmcn peer add -dir %[3]s THEIR-CARD.txt
     Compare the fingerprint with them by voice before you do.
`, filepath.Join(*dir, node.RootKeyFile), path, *dir, cfg.Site.Listen, cfg.Console.Listen, strings.ToLower(cfg.Member.Country))
	return nil
}

// refuseNode refuses a folder that holds a node, before anybody types a secret in vain.
func refuseNode(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, "node.key")); err == nil {
		return fmt.Errorf("%s holds a node already; choose another folder with -dir", dir)
	}
	return nil
}

// recovered is what runInit was told of a country that has lost its folder.
type recovered struct {
	root           rootKey
	card, password string // files
	peers          []string
	after          uint64
	afterGiven     bool
}

// recover makes the data folder of a country that has lost its own. cfg has where to listen.
func (c *call) recover(cfg *Config, dir string, from recovered) error {
	if from.root.file == "" || from.card == "" {
		return c.misuse("-recover needs -root and -card")
	}
	for f := range c.givenFlags() {
		if slices.Contains([]string{"country", "country-name", "name", "hotline", "languages"}, f) {
			return c.misuse("-%s is not for -recover: the card says it; change it afterwards in %s", f, configFile)
		}
	}
	old, head, err := c.readHeld(from.card)
	if err != nil {
		return err
	}
	var cards []*protocol.Card
	for _, file := range from.peers {
		card, err := c.readCard(file)
		if err != nil {
			return err
		}
		cards = append(cards, card)
	}
	place, err := lastGood(old, head, from.after, from.afterGiven)
	if err != nil && old.Continues != nil { // a card of gmcn key revoke, under which nothing was signed
		place, err = protocol.Continues{Epoch: old.Epoch, Seq: old.Continues.Seq, Root: old.Continues.Root}, nil
	}
	if err != nil {
		return err
	}
	m := &cfg.Member
	m.Country, m.CountryNames, m.Names, m.Hotlines, m.Languages = old.Country, old.CountryNames, old.Names, old.Hotlines, old.Languages
	if m.Site == "" {
		m.Site = old.Site
	}
	if m.Addrs == nil {
		m.Addrs = old.Addrs
	}
	cfg.defaults()
	root, err := c.openRoot(&from.root)
	if err != nil {
		return err
	}
	password, made, err := c.newSecret("password of the console", from.password)
	if err != nil {
		return err
	}
	if err := makeFolder(dir, cfg, password); err != nil {
		return err
	}
	card, err := node.Recover(dir, root, cfg.details(), old, place)
	if err != nil {
		return err
	}
	n, err := node.Open(node.Config{Dir: dir})
	if err != nil {
		return err
	}
	for _, peer := range cards {
		err = errors.Join(err, n.AddMember(peer))
	}
	file := filepath.Join(dir, strings.ToLower(card.Country)+"-card.txt")
	if err := errors.Join(err, n.Close(), writeFile(file, []byte(card.Text()))); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "Made %s for %s, %s, with card %d.%d, which goes on from number %d.\n", dir, card.Country, nameOf(card), card.Epoch,
		card.Issue, place.Seq)
	if made {
		fmt.Fprintf(c.out, "Password of the console: %s\nIt is shown this once.\n", password)
	}
	fmt.Fprintf(c.out, `
What to do next:
  1. Mail %[1]s to any one country, which takes it in: gmcn peer card FILE. The others hear of it by themselves.
  2. Start the node: gmcn run -dir %[2]s. What was published comes back to its desk.
  3. Take the root key away again.
`, file, dir)
	return nil
}

// makeCountry makes a data folder. The node's keys come last, and a node is there only when they are: a start that was cut
// short can be repeated.
func makeCountry(dir string, cfg *Config, root node.Secret, password string) (*protocol.Card, error) {
	if err := makeFolder(dir, cfg, password); err != nil {
		return nil, err
	}
	return node.Init(dir, cfg.details(), root)
}

// makeFolder makes all of a data folder but the node: configuration, site and the console's password.
func makeFolder(dir string, cfg *Config, password string) error {
	if err := os.MkdirAll(filepath.Join(dir, "site"), 0o700); err != nil {
		return fmt.Errorf("make data folder: %w", err)
	}
	path := filepath.Join(dir, configFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := writeFile(path, cfg.text()); err != nil {
			return err
		}
	}
	if err := copySite(filepath.Join(dir, "site")); err != nil {
		return err
	}
	return setPassword(dir, password)
}

// siteExamples are what a new folder site/ has: how to fill it, and texts to begin with.
//
//go:embed site
var siteExamples embed.FS

func copySite(dir string) error {
	files, err := siteExamples.ReadDir("site")
	if err != nil {
		return err
	}
	for _, f := range files {
		b, err := siteExamples.ReadFile("site/" + f.Name())
		if err != nil {
			return err
		}
		path := filepath.Join(dir, f.Name())
		if _, err := os.Stat(path); err == nil {
			continue
		}
		if err := writeFile(path, b); err != nil {
			return err
		}
	}
	return nil
}

// givenFlags returns the names of the flags that were given.
func (c *call) givenFlags() map[string]bool {
	given := map[string]bool{}
	c.flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	return given
}

// nameOf returns a member's name for a terminal: in English if there is one.
func nameOf(c *protocol.Card) string {
	_, name := c.Names.Pick("en")
	return name
}

// textFlag gathers LANGUAGE=TEXT.
type textFlag struct{ text protocol.Text }

func (f textFlag) String() string { return "" }

func (f textFlag) Set(s string) error {
	tag, text, ok := strings.Cut(s, "=")
	if !ok || !protocol.ValidLanguage(tag) {
		return fmt.Errorf("want LANGUAGE=TEXT, such as en=%q", s)
	}
	f.text[tag] = text
	return nil
}

// hotlineFlag gathers NUMBER|LANGUAGE=LABEL|…
type hotlineFlag struct{ hotlines *[]protocol.Hotline }

func (f hotlineFlag) String() string { return "" }

func (f hotlineFlag) Set(s string) error {
	parts := strings.Split(s, "|")
	h := protocol.Hotline{Number: strings.TrimSpace(parts[0])}
	for _, label := range parts[1:] {
		if h.Label == nil {
			h.Label = protocol.Text{}
		}
		if err := (textFlag{h.Label}).Set(label); err != nil {
			return err
		}
	}
	*f.hotlines = append(*f.hotlines, h)
	return nil
}

// listFlag gathers what commas separate.
type listFlag struct{ list *[]string }

func (f listFlag) String() string { return "" }

func (f listFlag) Set(s string) error {
	for item := range strings.SplitSeq(s, ",") {
		*f.list = append(*f.list, strings.TrimSpace(item))
	}
	return nil
}
