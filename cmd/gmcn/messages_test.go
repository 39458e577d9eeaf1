package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
)

// TestEveryMessageIsUsed finds messages that no page, poster or command speaks any more. A key is used when the sources
// have it in quotation marks, or a beginning of it that ends in a dot, to which a code is joined. That every key exists
// in every catalogue is for ui/i18n to say.
func TestEveryMessageIsUsed(t *testing.T) {
	root := filepath.Join("..", "..")
	b, err := os.ReadFile(filepath.Join(root, "ui", "i18n", "messages", "en.toml"))
	if err != nil {
		t.Fatal(err)
	}
	messages := map[string]any{}
	if err := toml.Unmarshal(b, &messages); err != nil {
		t.Fatal(err)
	}
	quoted := regexp.MustCompile("[\"`]([a-z][a-z_]*\\.[a-z0-9_.]*)[\"`]")
	used := map[string]bool{}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, "_test.go") || !strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, ".html") {
			return err
		}
		b, err := os.ReadFile(path)
		for _, m := range quoted.FindAllSubmatch(b, -1) {
			used[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for key := range messages {
		ok := used[key]
		for i, c := range key {
			ok = ok || c == '.' && used[key[:i+1]]
		}
		// ui.Agree and the plural of a heading join a form to a key: case.seen.female.
		if i := strings.LastIndexByte(key, '.'); !ok && i > 0 {
			form := key[i+1:]
			ok = used[key[:i]] && (form == "female" || form == "male" || form == "many" || form == "help" || form == "text" || form == "title")
		}
		if !ok {
			t.Errorf("nothing speaks the message %s", key)
		}
	}
}
