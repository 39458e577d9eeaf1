package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/template"
	"time"
)

// text returns the configuration as a file for a person to read and edit.
func (c *Config) text() []byte {
	var b bytes.Buffer
	if err := configTemplate.Execute(&b, c); err != nil {
		panic(err) // the template is ours, and nothing in a Config can stop it
	}
	return b.Bytes()
}

var configTemplate = template.Must(template.New(configFile).Funcs(template.FuncMap{
	"str": tomlString, "list": tomlList, "words": tomlWords,
	"span": func(d duration) string { return strings.TrimSuffix(time.Duration(d).String(), "0m0s") },
}).Parse(`# The configuration of one country's gmcn. Lines that begin with # do nothing. A key that gmcn does not know is an error.
# A change takes effect when "gmcn run" starts again.
{{- if .Demo}}

# Every page says that this is a demonstration.
demo = true
{{- end}}

# What stands on the member's card, for the public and the other members.
# After a change here: gmcn card -renew
[member]
# ISO 3166-1 code of two letters.
country = {{str .Member.Country}}
{{- if .Member.CountryNames}}
# What the member calls its country, by language.
country_names = {{words .Member.CountryNames}}
{{- else}}
# What the member calls its country, by language, if it is not what everybody calls it.
# country_names = { en = "…", fr = "…" }
{{- end}}
# The organisation's name, by language.
names = {{words .Member.Names}}
# Languages of the site, the main one first.
languages = {{list .Member.Languages}}
# The public address of the site, without a slash at the end.
site = {{str .Member.Site}}
{{- if .Member.Addrs}}
# Where other countries' nodes reach this one.
addrs = {{list .Member.Addrs}}
{{- else}}
# Where other countries' nodes reach this one. Without it this node calls them, and two such nodes never meet.
# addrs = ["/ip4/203.0.113.7/tcp/4001", "/ip4/203.0.113.7/udp/4001/quic-v1"]
{{- end}}
{{range .Member.Hotlines}}
# A number that the public may call; the first is the most important. label is by language.
[[member.hotlines]]
number = {{str .Number}}
{{- if .Label}}
label = {{words .Label}}
{{- else}}
# label = { en = "Day and night, free of charge" }
{{- end}}
{{end}}
[node]
# Where the node listens for other countries.
listen = {{list .Node.Listen}}
# How long other countries may show our cases without hearing from us: 24h to 168h.
lease = {{str (span .Node.Lease)}}
# Suspend a country here when two thirds of the others have suspended it. A person takes it back.
{{if not .Node.AutoSuspend}}# {{end}}auto_suspend = true
# After how many days an officer must confirm a public case again, or it hides itself everywhere: 7 to 180.
review_days = {{.Node.ReviewDays}}
# How many GiB of photos are kept of each other country, and fetched of it in an hour. Past them only thumbnails come.
photo_gib = {{.Node.PhotoGiB}}
photo_gib_hourly = {{.Node.PhotoGiBHourly}}
# Behind a router: ask it to let in who calls our ports. Countries that nobody can dial are reached through those that relay.
{{if not .Node.NAT}}# {{end}}nat = true
# Let them be reached through this node. It must have an open port, and carries their traffic, which it cannot read.
{{if not .Node.Relay}}# {{end}}relay = true

[site]
# Where the public site listens; put a web server with TLS in front of it.
listen = {{str .Site.Listen}}
{{- if .Site.Digits}}
# Digits, by language.
digits = {{words .Site.Digits}}
{{- else}}
# Digits, by language, where they are not 0 to 9: arab, arabext, deva, … Telephone and case numbers keep 0 to 9.
# digits = { ar = "arab" }
{{- end}}
{{- if .Site.Calendar}}
# Calendars, by language.
calendar = {{words .Site.Calendar}}
{{- else}}
# Calendars, by language, where the Gregorian date shall only follow in brackets: buddhist, ethiopic, persian.
# calendar = { th = "buddhist" }
{{- end}}

[console]
# Where the console for your staff listens. Keep it off the open internet.
listen = {{str .Console.Listen}}
{{- if .Console.Proxies}}
# A web server with TLS in front of the console, and nobody else, is believed in what it says of the browser.
proxies = {{list .Console.Proxies}}
{{- else}}
# A web server with TLS in front of the console: its address, so that it is believed in what it says of the browser
# (X-Forwarded-For, X-Forwarded-Proto), and nobody else.
# proxies = ["127.0.0.1"]
{{- end}}
{{- if .Console.MetricsToken}}
# Who sends this as a bearer token reads /metrics, for Prometheus; without it only this machine does.
metrics_token = {{str .Console.MetricsToken}}
{{- else}}
# Prometheus reads /metrics there from this machine. For another machine: 16 letters or more, sent as a bearer token.
# metrics_token = "…"
{{- end}}

# Colours. gmcn refuses to start with ones that cannot be read, and names the nearest that can.
# The logo and your own texts are files in the folder site.
[look]
{{if not .Look.Brand}}# {{end}}brand = {{str (or .Look.Brand "#B00020")}}
{{if not .Look.Accent}}# {{end}}accent = {{str (or .Look.Accent "#FFC72C")}}
{{if not .Look.Ink}}# {{end}}ink = {{str (or .Look.Ink "#101820")}}
`))

// tomlString quotes as JSON does, which is a basic string of TOML too.
func tomlString(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic(err) // a string always encodes
	}
	return strings.ReplaceAll(strings.TrimSpace(b.String()), "\x7f", `\u007f`)
}

func tomlList(items []string) string {
	quoted := make([]string, len(items))
	for i, s := range items {
		quoted[i] = tomlString(s)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

func tomlWords(t map[string]string) string {
	var pairs []string
	for _, tag := range slices.Sorted(maps.Keys(t)) {
		pairs = append(pairs, fmt.Sprintf("%s = %s", tag, tomlString(t[tag])))
	}
	return "{ " + strings.Join(pairs, ", ") + " }"
}
