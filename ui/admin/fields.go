package admin

import (
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store"
	"github.com/gmcn/gmcn/ui"
	"github.com/gmcn/gmcn/ui/i18n"
)

// mostSent bounds how many children or companions a form may have, above what a case may: too many are saved, and
// reported.
const mostSent = 16

// lists are the long lists that fields choose from, in one language.
type lists struct{ countries, languages []option }

// draft visits every field of a draft and returns the sections of the form.
func (f *form) draft(d *store.Draft, from lists, hotline string) []*field {
	root := new(field)
	f.open = []*field{root}
	c := &d.Case
	f.section("case", "public", "admin.thecase", func(*field) {
		f.line("number", "form.number", &c.Number).need().help(f.t("form.number.help"))
		choice(f, "kind", "form.kind", &c.Kind, protocol.Kinds(), "kind.").need()
		since := "form.since"
		if c.Kind == protocol.UnidentifiedFound {
			since = "form.found"
		}
		f.date("since", since, &c.Since).need().help(f.dateHelp() + " " + f.t("form.since.help"))
		f.country("from.country", "form.country", &c.From.Country, from.countries).need()
		f.line("from.area", "form.area", &c.From.Area)
		f.line("from.locality", "form.locality", &c.From.Locality).help(f.t("form.locality.help"))
		f.check("urgent", "form.urgent", &c.Urgent)
	})
	f.section("children", "public", "admin.children", func(g *field) {
		resize(&c.Children, f.count("children", len(c.Children), mostSent))
		for i := range c.Children {
			f.child(i, &c.Children[i], c.Kind, from)
		}
		g.Add = []button{{"add-child", f.t("admin.addchild"), "children." + strconv.Itoa(len(c.Children))}}
	})
	f.section("story", "public", "form.circumstances", func(*field) {
		f.words("what", "form.circumstances", &c.What).help(f.t("form.circumstances.help")).Legend = "story" // the section says it already
	})
	f.section("photos", "public", "admin.photos", func(g *field) {
		for i := range d.Photos {
			f.photo(i, d)
		}
		f.add(&field{Path: "upload", Kind: "file", Label: f.t("form.photofile"), Help: f.t("admin.photorules") + " " + f.t("form.photofile.help") + "."})
		g.Add = []button{{"save", f.t("admin.upload"), "photos"}}
	})
	f.section("contact", "public", "admin.contact", func(*field) {
		f.line("agency.name", "form.agency", &c.Agency.Name)
		f.phone("agency.phone", "form.agencyphone", &c.Agency.Phone)
		f.phone("hotline", "form.hotline", &c.Hotline).help(f.t("form.hotline.help", "number", i18n.Isolate(hotline)))
	})
	f.section("companions", "public", "admin.companions", func(g *field) {
		g.Help = f.t("admin.companions.help")
		resize(&c.Companions, f.count("companions", len(c.Companions), mostSent))
		for i := range c.Companions {
			f.companion(i, &c.Companions[i])
		}
		g.Add = []button{{"add-companion", f.t("admin.addcompanion"), "companions." + strconv.Itoa(len(c.Companions))}}
	})
	f.section("members", "members", "tier.members", func(*field) { f.members(&d.Members, c, from) })
	f.section("local", "local", "tier.local", func(*field) { f.local(&d.Local) })
	tier := ""
	for _, x := range root.Parts {
		if x.Tier != tier {
			tier = x.Tier
			x.Intro = f.t("tier." + tier + ".help")
		}
	}
	return root.Parts
}

func (f *form) section(path, tier, legend string, visit func(*field)) {
	f.group(path, f.t(legend), "h2", visit).Tier = tier
}

// resize makes a list n long; what is new is empty.
func resize[T any](list *[]T, n int) {
	if n < len(*list) {
		*list = slices.Clone((*list)[:n])
	}
	for len(*list) < n {
		var zero T
		*list = append(*list, zero)
	}
}

func (f *form) child(i int, c *protocol.Child, kind protocol.Kind, from lists) {
	at := "children." + strconv.Itoa(i)
	f.group(at, f.t("admin.child", "number", i+1), "h3", func(g *field) {
		g.Where = g.Label
		g.Buttons = []button{{"remove-child." + strconv.Itoa(i), f.t("admin.removechild"), "children"}}
		name := f.line(at+".name", "form.name", &c.Name).help(f.t("form.name.help"))
		name.Required = kind != protocol.UnidentifiedFound
		f.list(at+".other_names", "form.publicnames", &c.OtherNames)
		choice(f, at+".sex", "form.sex", &c.Sex, protocol.Sexes(), "sex.").need()
		f.year(at+".birth_year", "form.born", &c.BirthYear)
		f.age(at+".age", &c.Age, kind)
		choice(f, at+".eyes", "form.eyes", &c.Eyes, protocol.EyeColours(), "eyes.")
		checks(f, at+".hair", "form.hair", &c.Hair, protocol.HairColours(), "hair.")
		f.check(at+".hair_dyed", "form.dyed", &c.HairDyed)
		f.height(at+".height", &c.Height)
		f.group(at+".weight", f.t("case.weight"), "row", func(*field) {
			w := &c.Weight
			f.span(at+".weight.min_hg", "form.weightmin", at+".weight.max_hg", "form.weightmax", &w.Min, &w.Max, w.Max != 0, 1, kilograms)
			f.date(at+".weight.as_of", "form.asof", &w.AsOf)
		})
		f.choices(at+".languages", "form.languages", &c.Languages, from.languages)
		f.words(at+".marks", "form.marks", &c.Marks)
		f.words(at+".clothing", "form.clothing", &c.Clothing)
		f.words(at+".appearance", "form.appearance", &c.Appearance)
	})
}

// age is the age when missing, with its unit. Without a number it is unknown, whatever the unit.
func (f *form) age(at string, a *protocol.Age, kind protocol.Kind) {
	legend := "case.agethen"
	if kind == protocol.UnidentifiedFound {
		legend = "case.agefound"
	}
	f.group(at, f.t(legend), "row", func(*field) {
		has := f.span(at+".min", "form.agemin", at+".max", "form.agemax", &a.Min, &a.Max, a.Unit != "", 0, plainNumber)
		unit := a.Unit
		if unit == "" {
			unit = protocol.Years
		}
		x := choice(f, at+".unit", "form.ageunit", &unit, protocol.AgeUnits(), "form.ageunit.")
		x.Options = x.Options[1:] // an age has a unit
		if _, unread := f.kept[at+".min"]; unread && f.sent != nil {
			f.kept[x.Path] = string(unit) // it belongs to the numbers that were sent
		} else if a.Unit = unit; !has {
			*a = protocol.Age{}
		}
	})
}

func (f *form) height(at string, h *protocol.Height) {
	f.group(at, f.t("case.height"), "row", func(*field) {
		f.span(at+".min_cm", "form.heightmin", at+".max_cm", "form.heightmax", &h.Min, &h.Max, h.Max != 0, 1, plainNumber)
		f.date(at+".as_of", "form.asof", &h.AsOf)
	})
}

func (f *form) companion(i int, c *protocol.Companion) {
	at := "companions." + strconv.Itoa(i)
	f.group(at, f.t("admin.companion", "number", i+1), "h3", func(g *field) {
		g.Where = g.Label
		g.Buttons = []button{{"remove-companion." + strconv.Itoa(i), f.t("admin.removecompanion"), "companions"}}
		f.line(at+".name", "case.name", &c.Name)
		choice(f, at+".relation", "form.relation", &c.Relation, protocol.Relations(), "relation.").need()
		choice(f, at+".sex", "form.sex", &c.Sex, protocol.Sexes(), "sex.").need()
		f.year(at+".birth_year", "form.born", &c.BirthYear)
		choice(f, at+".eyes", "form.eyes", &c.Eyes, protocol.EyeColours(), "eyes.")
		checks(f, at+".hair", "form.hair", &c.Hair, protocol.HairColours(), "hair.")
		f.height(at+".height", &c.Height)
		f.words(at+".appearance", "form.appearance", &c.Appearance)
	})
}

// photo is a photo of the draft. Whom it shows says also whether it is a picture of a companion.
func (f *form) photo(i int, d *store.Draft) {
	p, at := &d.Photos[i], "photos."+strconv.Itoa(i)
	f.group(at, f.t("admin.photo", "number", i+1), "photo", func(g *field) {
		g.Where = g.Label
		g.Photo = &shownPhoto{
			Thumb: "/photos/" + p.Thumb.Cid.String(), Full: "/photos/" + p.File.Cid.String(),
			Width: int(p.ThumbWidth), Height: int(p.ThumbHeight),
		}
		if i == 0 {
			g.Photo.Main = f.t("admin.mainphoto")
		}
		f.hidden(at+".file", p.File.Cid.String())
		f.shows(at, p, &d.Case)
		f.date(at+".taken", "form.taken", &p.Taken)
		f.words(at+".caption", "form.caption", &p.Caption)
		if i > 0 {
			g.Buttons = append(g.Buttons, button{"main-photo." + strconv.Itoa(i), f.t("admin.makemain"), "photos"})
		}
		g.Buttons = append(g.Buttons, button{"remove-photo." + strconv.Itoa(i), f.t("admin.removephoto"), "photos"})
	})
}

// shows visits whom and what a photo shows. A picture of a companion is of no other kind.
func (f *form) shows(at string, p *protocol.Photo, c *protocol.Case) {
	if v, ok := f.take(at + ".kind"); ok {
		p.Kind = protocol.PhotoKind(v)
	}
	if v, ok := f.take(at + ".who"); ok {
		part, index, _ := strings.Cut(v, ".")
		n, err := strconv.ParseUint(index, 10, 8)
		switch {
		case err != nil:
			f.keep(at+".who", v, "who")
		case part == "companion":
			p.Who, p.Kind = uint8(n), protocol.CompanionShot
		default:
			p.Who = uint8(n)
			if p.Kind == protocol.CompanionShot {
				p.Kind = protocol.Portrait
			}
		}
	}
	who := &field{Path: at + ".who", Kind: "choice", Label: f.t("form.who")}
	for i := range c.Children {
		who.Options = append(who.Options, person("child", i, f.t("admin.child", "number", i+1), c.Children[i].Name))
	}
	for i := range c.Companions {
		who.Options = append(who.Options, person("companion", i, f.t("admin.companion", "number", i+1), c.Companions[i].Name))
	}
	part, kinds := "child", slices.DeleteFunc(protocol.PhotoKinds(), func(k protocol.PhotoKind) bool { return k == protocol.CompanionShot })
	if p.Kind == protocol.CompanionShot {
		part, kinds = "companion", []protocol.PhotoKind{protocol.CompanionShot}
	}
	who.choose(part + "." + strconv.Itoa(int(p.Who)))
	f.add(who)
	kind := p.Kind
	choice(f, at+".kind", "form.photokind", &kind, kinds, "photokind.")
}

func person(part string, i int, label, name string) option {
	if name != "" {
		label += ": " + i18n.IsolateAuto(name)
	}
	return option{Value: part + "." + strconv.Itoa(i), Text: label}
}

// members visits what other members may see. What is empty at the end is left out of the record.
func (f *form) members(m *protocol.Members, c *protocol.Case, from lists) {
	resize(&m.Children, len(c.Children))
	for i := range m.Children {
		child, at := &m.Children[i], "members.children."+strconv.Itoa(i)
		f.group(at, person("", i, f.t("admin.child", "number", i+1), c.Children[i].Name).Text, "h3", func(g *field) {
			g.Where = f.t("admin.child", "number", i+1)
			f.date(at+".birth", "form.birthdate", &child.Birth)
			f.list(at+".other_names", "form.othernames", &child.OtherNames)
			f.choices(at+".nationalities", "form.nationality", &child.Nationalities, from.countries)
		})
	}
	for n := len(m.Children); n > 0 && m.Children[n-1].Birth.IsZero() && len(m.Children[n-1].OtherNames)+len(m.Children[n-1].Nationalities) == 0; n-- {
		m.Children = m.Children[:n-1]
	}
	if len(m.Children) == 0 {
		m.Children = nil
	}
	f.list("members.destinations", "form.destinations", &m.Destinations)
	f.words("members.companions", "form.aboutcompanions", &m.Companions)
	f.line("members.vehicle", "form.vehicle", &m.Vehicle)
	choice(f, "members.legal_basis", "admin.legalbasis", &m.LegalBasis, protocol.LegalBases(), "legal.")
}

// local visits what never leaves the country.
func (f *form) local(l *protocol.Local) {
	choice(f, "local.legal_basis", "admin.legalbasis", &l.LegalBasis, protocol.LegalBases(), "legal.").help(f.t("invalid.adultbasis"))
	f.line("local.guardian", "form.guardian", &l.Guardian)
	f.area("local.contact", "form.contact", &l.Contact)
	f.area("local.address", "form.address", &l.Address)
	f.line("local.school", "form.school", &l.School)
	f.area("local.medical", "form.medical", &l.Medical)
	f.check("local.in_care", "form.incare", &l.InCare)
	f.area("local.notes", "admin.notes", &l.Notes)
}

// country is one country of the list.
func (f *form) country(path, label string, p *string, countries []option) *field {
	if v, ok := f.take(path); ok {
		*p = v
	}
	x := &field{Path: path, Kind: "choice", Label: f.t(label), Options: append([]option{{Text: f.t("form.notgiven")}}, countries...)}
	x.choose(*p)
	return f.add(x)
}

// spoken are the languages that the form offers; any other tag that a case has stays and is shown.
var spoken = strings.Fields(`aa ab af ak am ar as ay az ba be ber bg bm bn bo br bs ca ce ceb ckb cs cy da de dv dz ee el en eo es
	et eu fa ff fi fil fj fo fr fy ga gd gl gn gu ha haw he hi hmn hr ht hu hy id ig is it ja jv ka kab kk kl km kmr kn ko kok ku ky lb
	lg ln lo lt lv mai mg mi mk ml mn mr ms mt my nan nb ne nl nn nso ny oc om or os pa pap pl prs ps pt qu rm rn ro rom ru rw sa
	sd se sg si sk sl sm sn so sq sr st su sv sw syr ta te tet tg th ti tk tl tn to tpi tr ts tt ty ug uk ur uz ve vi wo wuu xh yi yo yue
	zh zu`)

// listsOf makes the long lists in one language, in the order of its dictionaries. own names countries that no list has.
func listsOf(l *i18n.Locale, own []*protocol.Card) lists {
	var from lists
	for _, c := range l.Countries() {
		from.countries = append(from.countries, option{Value: c.Code, Text: c.Name})
	}
	for _, card := range own {
		if !slices.ContainsFunc(from.countries, func(o option) bool { return o.Value == card.Country }) {
			from.countries = append(from.countries, option{Value: card.Country, Text: ui.CountryName(l, card.CountryNames, card.Country)})
		}
	}
	for _, tag := range spoken {
		if name := l.Language(tag); name != tag {
			from.languages = append(from.languages, option{Value: tag, Text: name})
		}
	}
	order := collate.New(language.Make(l.Tag))
	for _, list := range [][]option{from.countries, from.languages} {
		slices.SortStableFunc(list, func(a, b option) int { return order.CompareString(a.Text, b.Text) })
	}
	return from
}
