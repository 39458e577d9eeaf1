package protocoltest

import (
	"bytes"
	"encoding/json"
	"image/jpeg"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

// seeds calls fn with each seed of each country.
func seeds(now time.Time, fn func(c *Country, s *Seed)) {
	all := countries(now.UTC())
	for i := range all {
		for j := range all[i].Cases {
			fn(&all[i], &all[i].Cases[j])
		}
	}
}

// texts returns all that the public reads of a case in its own language.
func (s *Seed) texts() []protocol.Text {
	all := []protocol.Text{s.Case.What}
	for _, child := range s.Case.Children {
		all = append(all, child.Marks, child.Clothing, child.Appearance)
	}
	for _, adult := range s.Case.Companions {
		all = append(all, adult.Appearance)
	}
	for _, p := range s.Photos {
		all = append(all, p.Caption)
	}
	return slices.DeleteFunc(all, func(t protocol.Text) bool { return len(t) == 0 })
}

// span is what a date may mean in whole years until another.
func span(from, to protocol.Date) (least, most int) {
	years := func(a, b time.Time) int {
		n := b.Year() - a.Year()
		if a.AddDate(n, 0, 0).After(b) {
			n--
		}
		return n
	}
	return years(from.Last(), to.First()), years(from.First(), to.Last())
}

func TestSeedsAreValidOnAnyDay(t *testing.T) {
	days := []time.Time{
		today,
		time.Date(2028, 2, 29, 23, 59, 0, 0, time.UTC),
		time.Date(2032, 2, 29, 0, 0, 0, 0, time.FixedZone("east", 14*3600)),
		time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(2027, 1, 1, 0, 0, 0, 0, time.FixedZone("west", -11*3600)),
	}
	for d := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC); d.Year() < 2029; d = d.AddDate(0, 0, 9) {
		days = append(days, d)
	}
	for _, now := range days {
		seeds(now, func(_ *Country, s *Seed) {
			c, at := &s.Case, now.Format(time.DateOnly)+" "+s.Case.Number
			for _, err := range []error{c.Validate(now), s.Members.Validate(c, now), s.Local.Validate(c)} {
				if err != nil {
					t.Errorf("%s: %v", at, err)
				}
			}
			checkAges(t, at, s, protocol.DateOf(now.UTC()))
		})
		if t.Failed() {
			return
		}
	}
}

// checkAges compares what the three tiers and the pictures say of one age.
func checkAges(t *testing.T, at string, s *Seed, now protocol.Date) {
	born := func(who uint8) protocol.Date {
		if int(who) < len(s.Members.Children) {
			return s.Members.Children[who].Birth
		}
		return protocol.Date{}
	}
	for i, child := range s.Case.Children {
		birth := born(uint8(i))
		if birth.IsZero() {
			if s.Case.Kind != protocol.UnidentifiedFound {
				t.Errorf("%s: child %d has no birth", at, i)
			}
			continue
		}
		if child.BirthYear != birth.Year {
			t.Errorf("%s: born in %d, or in %d?", at, child.BirthYear, birth.Year)
		}
		least, most := span(birth, s.Case.Since)
		lo, hi := int(child.Age.Min), int(child.Age.Max)
		if child.Age.Unit == protocol.Months {
			born := birth.First()
			if lost := s.Case.Since.First(); lost.Before(born.AddDate(0, lo, 0)) || !lost.Before(born.AddDate(0, hi+1, 0)) {
				t.Errorf("%s: born %s, missing %s, but %d months old", at, birth, s.Case.Since, lo)
			}
		} else if lo > most || hi < least {
			t.Errorf("%s: %d to %d when missing, but born %s, missing %s", at, lo, hi, birth, s.Case.Since)
		}
		least, most = span(birth, now)
		if lo, hi, ok := child.AgeNow(s.Case.Since, now.First()); !ok || lo > most || hi < least {
			t.Errorf("%s: now %d to %d, but born %s", at, lo, hi, birth)
		}
	}
	for i, p := range s.Photos {
		if p.Taken.IsZero() || p.Taken.First().After(now.First()) {
			t.Errorf("%s: photo %d taken %q", at, i, p.Taken)
		}
		birth := born(p.Who)
		switch {
		case p.Kind == protocol.CompanionShot:
			birth = protocol.Date{Year: s.Case.Companions[p.Who].BirthYear}
			if p.Look.Age < 18 {
				t.Errorf("%s: the companion is drawn at %d", at, p.Look.Age)
			}
		case birth.IsZero():
			if age := s.Case.Children[p.Who].Age; p.Look.Age < int(age.Min) || p.Look.Age > int(age.Max) {
				t.Errorf("%s: drawn at %d", at, p.Look.Age)
			}
			continue
		case p.Kind == protocol.AgeProgressed:
			if !p.Taken.First().After(s.Case.Since.Last()) {
				t.Errorf("%s: progressed to %s, before the child was missing", at, p.Taken)
			}
		case p.Taken.First().After(s.Case.Since.Last()):
			t.Errorf("%s: photo %d taken %s, missing since %s", at, i, p.Taken, s.Case.Since)
		}
		if least, most := span(birth, p.Taken); p.Look.Age < least || p.Look.Age > most {
			t.Errorf("%s: photo %d of %s drawn at %d, was %d to %d", at, i, p.Taken, p.Look.Age, least, most)
		}
	}
}

func TestSeedsAreOfEveryKind(t *testing.T) {
	kinds, bases, partial := map[protocol.Kind]int{}, map[protocol.LegalBasis]int{}, map[int]int{}
	shots, seen, urgent := map[protocol.PhotoKind]int{}, map[string]int{}, 0
	seeds(today, func(c *Country, s *Seed) {
		kinds[s.Case.Kind]++
		bases[s.Local.LegalBasis]++
		partial[len(s.Case.Since.String())]++
		if s.Case.Urgent {
			urgent++
		}
		for what, is := range map[string]bool{
			"siblings": len(s.Case.Children) > 1, "a companion": len(s.Case.Companions) > 0, "no photo": len(s.Photos) == 0,
			"no name": len(s.Case.Title()) == 0, "in care": s.Local.InCare, "no locality": s.Case.From.Locality == "",
		} {
			if is {
				seen[what]++
			}
		}
		for _, child := range s.Case.Children {
			for what, is := range map[string]bool{
				"an infant": child.Age.Unit == protocol.Months, "dyed hair": child.HairDyed,
				"a long name": len([]rune(child.Name)) > 40, "other scripts": len(child.OtherNames) > 0 && child.Name[0] > 0x7f,
			} {
				if is {
					seen[what]++
				}
			}
		}
		for _, p := range s.Photos {
			shots[p.Kind]++
			alone := !slices.ContainsFunc(s.Photos, func(q SeedPhoto) bool { return q.Kind == protocol.Portrait && q.Who == p.Who })
			if p.Kind == protocol.AgeProgressed && alone {
				t.Errorf("%s: an age-progressed picture stands alone", s.Case.Number)
			}
		}
	})
	for _, k := range protocol.Kinds() {
		if kinds[k] == 0 {
			t.Errorf("no case is %s", k)
		}
	}
	for _, b := range protocol.LegalBases() {
		if bases[b] == 0 {
			t.Errorf("no case rests on %s", b)
		}
	}
	for _, k := range []protocol.PhotoKind{protocol.Portrait, protocol.CompanionShot, protocol.AgeProgressed} {
		if shots[k] == 0 {
			t.Errorf("no photo is %s", k)
		}
	}
	for _, form := range []string{"2026", "2026-03", "2026-03-09"} {
		if partial[len(form)] == 0 {
			t.Errorf("no date is like %s", form)
		}
	}
	for _, what := range []string{"siblings", "a companion", "no photo", "no name", "in care", "no locality", "an infant", "dyed hair",
		"a long name", "other scripts"} {
		if seen[what] == 0 {
			t.Errorf("no case has %s", what)
		}
	}
	if urgent < 2 || urgent > 5 {
		t.Errorf("%d cases are urgent", urgent)
	}
}

// The picture and the text of a case must not contradict each other.
func TestLooksAreWhatTheTextSays(t *testing.T) {
	hair := map[Tint]protocol.HairColour{HairBlack: "black", HairDark: "brown", HairBrown: "brown", HairChestnut: "brown",
		HairAuburn: "red", HairGinger: "red", HairBlond: "blond", HairFair: "blond", HairGrey: "grey"}
	eyes := map[Tint]protocol.EyeColour{EyesDark: "brown", EyesBrown: "brown", EyesHazel: "hazel", EyesGreen: "green",
		EyesBlue: "blue", EyesGrey: "grey"}
	seeds(today, func(_ *Country, s *Seed) {
		for i, p := range s.Photos {
			var wantHair []protocol.HairColour
			var wantEyes protocol.EyeColour
			var said protocol.Text
			dyed := false
			if p.Kind == protocol.CompanionShot {
				a := s.Case.Companions[p.Who]
				wantHair, wantEyes, said = a.Hair, a.Eyes, a.Appearance
			} else {
				c := s.Case.Children[p.Who]
				wantHair, wantEyes, said, dyed = c.Hair, c.Eyes, c.Appearance, c.HairDyed
			}
			colour, natural := hair[p.Look.Hair]
			if !natural {
				colour = "other"
			}
			if !slices.Contains(wantHair, colour) || !natural && !dyed {
				t.Errorf("%s: photo %d shows %s hair, the text says %v", s.Case.Number, i, colour, wantHair)
			}
			if eyes[p.Look.Eyes] != wantEyes {
				t.Errorf("%s: photo %d shows %s eyes, the text says %s", s.Case.Number, i, eyes[p.Look.Eyes], wantEyes)
			}
			words := strings.ToLower(said["en"])
			for word, shown := range map[string]bool{"freckles": p.Look.Freckles, "glasses": p.Look.Glasses, "beard": p.Look.Beard} {
				if strings.Contains(words, word) != shown {
					t.Errorf("%s: photo %d and the text do not agree on %s", s.Case.Number, i, word)
				}
			}
		}
	})
}

// What is kept from the public must be easy to search for, and must not stand in the public part by mistake.
func TestSecretsAreSecret(t *testing.T) {
	public := ""
	for _, c := range Countries(today) {
		for _, lang := range c.Languages {
			public += c.Home[lang] + c.About[lang]
		}
		for i := range c.Cases {
			b, err := json.Marshal(c.Cases[i].Case)
			if err != nil {
				t.Fatal(err)
			}
			public += string(b)
		}
	}
	seen := map[string]bool{}
	seeds(today, func(_ *Country, s *Seed) {
		local, members := s.Secrets()
		if len(local) < 3 || len(members) < 1 {
			t.Errorf("%s keeps only %d and %d secrets", s.Case.Number, len(local), len(members))
		}
		for _, secret := range append(local, members...) {
			if len(secret) < 10 {
				t.Errorf("%q is short enough to occur by chance", secret)
			}
			if strings.ContainsAny(secret, "<>&\"'\\\n") {
				t.Errorf("%q is written in another way in HTML or JSON", secret)
			}
			if strings.Contains(public, secret) {
				t.Errorf("%q is public", secret)
			}
			if seen[secret] {
				t.Errorf("%q is twice: whose is it?", secret)
			}
			seen[secret] = true
		}
	})
}

func TestPhotosAreDrawnSoon(t *testing.T) {
	if testing.Short() {
		t.Skip("draws twenty pictures")
	}
	start, n := time.Now(), 0
	seeds(today, func(_ *Country, s *Seed) {
		for i, p := range s.Photos {
			b := p.JPEG()
			c, err := jpeg.DecodeConfig(bytes.NewReader(b))
			if err != nil || c.Width != 1200 || c.Height != 1500 || len(b) > protocol.MaxPhotoBytes {
				t.Errorf("%s: photo %d is %d by %d in %d bytes, %v", s.Case.Number, i, c.Width, c.Height, len(b), err)
			}
			n++
		}
	})
	took := time.Since(start)
	t.Logf("%d pictures in %v", n, took)
	if took > time.Duration(n)*3*time.Second {
		t.Errorf("%d pictures took %v", n, took)
	}
}
