// Command gmcn is one country's node of the network, its public site, its console and the tools of its operator.
//
// A data folder holds everything of one country: gmcn.toml (config.go documents each key), keys, the store, the console's
// password and the folder site/ with the country's look. "gmcn init" makes it and "gmcn run" runs it.
//
// While a node runs its store is locked, so the other commands talk to it through the socket control.sock in the data
// folder, HTTP with JSON, open to the folder's owner alone. When none runs they open the node themselves, without network,
// and call the same handler in their own process (control.go, client.go). So each command works either way.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// command is a subcommand: one file each.
type command struct {
	// name is one word or two: "check", "peer add".
	name string
	// args is what follows the flags in the usage line.
	args  string
	brief string
	// help has what else there is to say; it ends in an example.
	help string
	run  func(*call) error
}

func commands() []command {
	return []command{
		initCommand, runCommand, demoCommand, cardCommand, peerInviteCommand, peerAcceptCommand,
		peerPendingCommand, peerConfirmCommand, peerRefuseCommand, peerAddCommand, peerListCommand, peerVouchCommand,
		peerSuspendCommand, peerResumeCommand, peerRemoveCommand, peerExtendCommand,
		peerCardCommand, peerExportCommand, keyRotateCommand, keyOpenCommand, keyRevokeCommand, keyDelegateCommand,
		casePublishCommand, caseListCommand, caseShowCommand, caseRenewCommand, caseCloseCommand, caseReceiptsCommand,
		posterCommand, verifyPosterCommand, checkCommand, verifyReportCommand, passwordCommand, versionCommand,
	}
}

// errUsage ends a command with status 2: what was wrong has been said.
var errUsage = errors.New("usage")

// run runs the command that args name and returns the status to exit with: 0, 1 for an error, 2 for a wrong usage.
func run(args []string, in *os.File, out, errOut io.Writer) int {
	if len(args) == 0 {
		overview(errOut)
		return 2
	}
	help := args[0] == "help" || args[0] == "-h" || args[0] == "-help" || args[0] == "--help"
	if help {
		if args = args[1:]; len(args) == 0 {
			overview(out)
			return 0
		}
	}
	cmd, rest, err := find(args)
	if err != nil {
		fmt.Fprintf(errOut, "gmcn: %v\n", err)
		return 2
	}
	if help {
		rest = []string{"-h"}
	}
	c := &call{command: cmd, args: rest, in: in, out: out, err: errOut}
	c.flags = flag.NewFlagSet("gmcn "+cmd.name, flag.ContinueOnError)
	c.flags.SetOutput(io.Discard)
	switch err := cmd.run(c); {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		return 2
	default:
		fmt.Fprintf(errOut, "gmcn: %v\n", err)
		return 1
	}
}

// find returns the command that args begin with, and the rest of them.
func find(args []string) (*command, []string, error) {
	all := commands()
	for n := min(2, len(args)); n > 0; n-- {
		name := strings.Join(args[:n], " ")
		for i := range all {
			if all[i].name == name {
				return &all[i], args[n:], nil
			}
		}
	}
	var group []string
	best, nearest := "", 3 // more than two letters wrong is another word
	typed := strings.Join(args[:min(2, len(args))], " ")
	for _, c := range all {
		first, _, two := strings.Cut(c.name, " ")
		if two && first == args[0] {
			group = append(group, "gmcn "+c.name)
		}
		_, last, _ := strings.Cut(c.name, " ")
		d := min(distance(typed, c.name), distance(args[0], c.name), distance(args[0], last))
		if d < nearest {
			best, nearest = c.name, d
		}
	}
	switch {
	case best != "":
		return nil, nil, fmt.Errorf("there is no command %q; did you mean gmcn %s?", typed, best)
	case group != nil:
		return nil, nil, fmt.Errorf("gmcn %s needs another word: %s", args[0], strings.Join(group, ", "))
	}
	return nil, nil, fmt.Errorf("there is no command %q; gmcn help lists them", args[0])
}

// distance is how many letters must be changed, added or taken away to make b of a (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}

func overview(w io.Writer) {
	fmt.Fprint(w, "gmcn runs one country's node of a network that looks for missing children.\n\n"+
		"To look at it:            gmcn demo\n"+
		"To set up a real country: gmcn help init\n\nCommands:\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-14s %s\n", c.name, c.brief)
	}
	fmt.Fprint(w, "\ngmcn help COMMAND, or gmcn COMMAND -h, says more and has an example.\n")
}

// call is one run of a command.
type call struct {
	*command
	flags    *flag.FlagSet
	args     []string
	in       *os.File
	out, err io.Writer
}

// parse reads the flags, which may stand before, between and after the arguments, and returns the arguments: at least
// least of them and at most most.
func (c *call) parse(least, most int) ([]string, error) {
	var found []string
	for args := c.args; ; {
		if err := c.flags.Parse(args); errors.Is(err, flag.ErrHelp) {
			c.usage(c.out)
			return nil, err
		} else if err != nil {
			return nil, c.misuse("%v", err)
		}
		if args = c.flags.Args(); len(args) == 0 {
			break
		}
		found, args = append(found, args[0]), args[1:]
	}
	if len(found) > most {
		return nil, c.misuse("%q is one argument too many", found[most])
	}
	if len(found) < least {
		return nil, c.misuse("%s is missing", strings.Fields(c.command.args)[len(found)])
	}
	return found, nil
}

// misuse says what is wrong with how the command was called.
func (c *call) misuse(format string, args ...any) error {
	fmt.Fprintf(c.err, "gmcn %s: %s\n", c.name, fmt.Sprintf(format, args...))
	fmt.Fprintf(c.err, "gmcn help %s says how it is used\n", c.name)
	return errUsage
}

func (c *call) usage(w io.Writer) {
	fmt.Fprintf(w, "gmcn %s: %s\n\nUsage: gmcn %s [flags]", c.name, c.brief, c.name)
	if c.command.args != "" {
		fmt.Fprintf(w, " %s", c.command.args)
	}
	fmt.Fprintf(w, "\n\n%s\n", strings.TrimSpace(c.help))
	var lines bytes.Buffer
	t := tabwriter.NewWriter(&lines, 0, 0, 2, ' ', 0)
	c.flags.VisitAll(func(f *flag.Flag) {
		if f.Usage == "" { // for our own processes
			return
		}
		what, usage := flag.UnquoteUsage(f)
		if f.DefValue != "" && f.DefValue != "false" {
			usage += " (else " + f.DefValue + ")"
		}
		fmt.Fprintf(t, "  -%s\t%s\n", strings.TrimSpace(f.Name+" "+what), usage)
	})
	if err := t.Flush(); err == nil && lines.Len() > 0 {
		fmt.Fprintf(w, "\nFlags:\n%s", &lines)
	}
}

// dir defines the flag that nearly every command has.
func (c *call) dir() *string {
	return c.flags.String("dir", "gmcn-data", "data `FOLDER` of the country")
}
