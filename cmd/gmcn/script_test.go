package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/gmcn/gmcn/node"
	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/protocol/protocoltest"
)

// TestMain lets the test binary be the command gmcn too, for scripts and for the tests that run real processes.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"gmcn": main})
}

// TestScripts runs the commands as an operator would; each script is named for what it shows. Beside gmcn they have
//
//	country FOLDER CODE    make a country, as gmcn init does but with a root key that is quick to lock
//	portrait FILE          draw a photo
//	need PROGRAM           fail where a program is missing in CI; elsewhere a script stops there
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata", RequireExplicitExec: false,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"country": func(ts *testscript.TestScript, _ bool, args []string) {
				cfg := testConfig(args[1])
				_, err := makeCountry(ts.MkAbs(args[0]), cfg, node.Secret{Passphrase: testPassphrase, Work: demoWork}, testPassword)
				ts.Check(err)
			},
			"portrait": func(ts *testscript.TestScript, _ bool, args []string) {
				look := protocoltest.Invent(int64(len(args[0])), 9)
				ts.Check(os.WriteFile(ts.MkAbs(args[0]), protocoltest.PortraitPNG(look, 400, 500), 0o600))
			},
			"need": func(ts *testscript.TestScript, _ bool, args []string) {
				if _, err := exec.LookPath(args[0]); err != nil && os.Getenv("CI") == "true" {
					ts.Fatalf("%s is not installed", args[0])
				}
			},
		},
	})
}

const (
	testPassphrase = "nobody guesses this one"
	testPassword   = "staff of an invented country"
)

// testConfig is the configuration of an invented member with one language.
func testConfig(code string) *Config {
	cfg := &Config{Member: Member{Country: code, CountryNames: protocol.Text{"en": "Land of " + code},
		Names: protocol.Text{"en": "Search " + code}, Hotlines: []protocol.Hotline{{Number: "+0 99 001"}},
		Languages: []string{"en"}, Site: "http://" + strings.ToLower(code) + ".example.org",
		Addrs: []string{"/ip4/127.0.0.1/tcp/4001"}}}
	cfg.defaults()
	return cfg
}

func TestEveryCommandHasHelpWithAnExample(t *testing.T) {
	for _, c := range commands() {
		var out, errOut strings.Builder
		if status := run(append([]string{"help"}, strings.Fields(c.name)...), os.Stdin, &out, &errOut); status != 0 {
			t.Errorf("gmcn help %s exits with %d: %s", c.name, status, errOut.String())
		}
		if !strings.Contains(out.String(), "Example") || !strings.Contains(out.String(), "gmcn "+c.name) {
			t.Errorf("gmcn help %s has no example:\n%s", c.name, out.String())
		}
		for _, line := range strings.Split(c.help, "\n") {
			if len(line) > 140 {
				t.Errorf("gmcn help %s has a line of %d bytes: %s", c.name, len(line), line)
			}
		}
	}
}

// TestWrittenConfigurationReadsBack holds the text that init writes against the reader, whatever stands in a name.
func TestWrittenConfigurationReadsBack(t *testing.T) {
	cfg := testConfig("XA")
	cfg.Demo = true
	cfg.Member.Names = protocol.Text{"en": `"Quotes", \slashes & <tags> '''`, "sr-Latn": "Nadežda", "ar": "بيت القمر"}
	cfg.Member.Hotlines = append(cfg.Member.Hotlines, protocol.Hotline{Number: "116 000", Label: protocol.Text{"en": "Day # night"}})
	cfg.Site.Digits = map[string]string{"ar": "arab"}
	cfg.Site.Calendar = map[string]string{"th": "buddhist", "fa": "persian"}
	cfg.Look.Brand = "#1f4f8b"
	cfg.Console.Proxies = []string{"127.0.0.1", "10.1.0.0/16", "::1"}
	dir := t.TempDir()
	if err := writeFile(filepath.Join(dir, configFile), cfg.text()); err != nil {
		t.Fatal(err)
	}
	home, err := openCountry(dir)
	if err != nil {
		t.Fatalf("%v\n%s", err, cfg.text())
	}
	if got, want := fmt.Sprintf("%+v", home.Config), fmt.Sprintf("%+v", cfg); got != want {
		t.Errorf("read back\n%s\nwritten\n%s", got, want)
	}
}
