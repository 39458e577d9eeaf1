package main

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/gmcn/gmcn/ui/admin"
)

// passwordFile holds the argon2id hash of the console's password, in the data folder.
const passwordFile = "console.password"

// leastSecret is how many characters a passphrase or password must have.
const leastSecret = 12

// terminal says whether a person sits at the input.
func (c *call) terminal() bool { return term.IsTerminal(int(c.in.Fd())) }

// newSecret returns a new passphrase or password: from the first line of a file, else typed twice, else, where nobody can
// type, a random one; made says that it is, and must be told.
func (c *call) newSecret(what, file string) (secret string, made bool, err error) {
	switch {
	case file != "":
		secret, err = secretFrom(file)
	case !c.terminal():
		return randomSecret(), true, nil
	default:
		if secret, err = c.typed("New " + what + ": "); err != nil {
			return "", false, err
		}
		again, err := c.typed("The same again: ")
		if err != nil {
			return "", false, err
		}
		if again != secret {
			return "", false, errors.New("the two were not the same; nothing was changed")
		}
	}
	if err == nil && utf8.RuneCountInString(secret) < leastSecret {
		err = fmt.Errorf("the %s needs at least %d characters; a few words that nobody else would put together are best", what, leastSecret)
	}
	return secret, false, err
}

// passphrase returns the passphrase of the root key: from a file or typed.
func (c *call) passphrase(file string) (string, error) {
	if file != "" {
		return secretFrom(file)
	}
	if !c.terminal() {
		return "", errors.New("the passphrase of the root key is needed, and nobody is here to type it: name a file that has it with -passphrase-file")
	}
	return c.typed("Passphrase of the root key: ")
}

func (c *call) typed(prompt string) (string, error) {
	fmt.Fprint(c.err, prompt)
	b, err := term.ReadPassword(int(c.in.Fd()))
	fmt.Fprintln(c.err)
	if err != nil {
		return "", fmt.Errorf("read from the terminal: %w", err)
	}
	return string(b), nil
}

// confirm asks a question, to which anything but yes is no, unless -yes was given. Where nobody can answer the error says to
// give it, after what first says has to be done; "" is nothing.
func (c *call) confirm(yes bool, question, first string) error {
	if yes {
		return nil
	}
	if !c.terminal() {
		if first != "" {
			first += ", then "
		}
		return fmt.Errorf("nobody is here to confirm: %srepeat with -yes", first)
	}
	fmt.Fprintf(c.err, "%s Type yes: ", question)
	answer, err := bufio.NewReader(c.in).ReadString('\n')
	if err != nil {
		return fmt.Errorf("read from the terminal: %w", err)
	}
	if strings.TrimSpace(strings.ToLower(answer)) != "yes" {
		return errors.New("not confirmed; nothing was changed")
	}
	return nil
}

// secretFrom reads the first line of a file.
func secretFrom(file string) (string, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	line, _, _ := strings.Cut(string(b), "\n")
	if line = strings.TrimSuffix(line, "\r"); line == "" {
		return "", fmt.Errorf("the first line of %s is empty", file)
	}
	return line, nil
}

// randomSecret returns 125 random bits in five groups.
func randomSecret() string {
	t := rand.Text()
	return strings.Join([]string{t[:5], t[5:10], t[10:15], t[15:20], t[20:25]}, "-")
}

// setPassword keeps the hash of the console's password.
func setPassword(dir, password string) error {
	hash, err := admin.HashPassword(password)
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, passwordFile), []byte(hash+"\n"))
}

// readPassword returns the hash of the console's password.
func readPassword(dir string) (string, error) {
	b, err := os.ReadFile(filepath.Join(dir, passwordFile))
	if err != nil {
		return "", fmt.Errorf("the console's password: %w; set one with gmcn password -dir %s", err, dir)
	}
	return strings.TrimSpace(string(b)), nil
}

// writeFile replaces a file whole, open to its owner alone.
func writeFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}

var passwordCommand = command{
	name:  "password",
	brief: "set a new password for the console",
	help: `Asks for a new password twice, or takes the first line of a file; with neither file nor terminal it makes a
random one and prints it once. Whoever is signed in stays so until "gmcn run" starts again.

Example:
  gmcn password -dir xa`,
	run: func(c *call) error {
		dir := c.dir()
		file := c.flags.String("password-file", "", "take the password from the first line of `FILE`")
		if _, err := c.parse(0, 0); err != nil {
			return err
		}
		if _, err := os.Stat(filepath.Join(*dir, configFile)); err != nil {
			return fmt.Errorf("there is no %s: name the data folder with -dir", filepath.Join(*dir, configFile))
		}
		password, made, err := c.newSecret("password of the console", *file)
		if err != nil {
			return err
		}
		if err := setPassword(*dir, password); err != nil {
			return err
		}
		if made {
			fmt.Fprintf(c.out, "Password of the console: %s\nIt is shown this once.\n", password)
		}
		fmt.Fprintln(c.out, `The new password holds when "gmcn run" starts again.`)
		return nil
	},
}
