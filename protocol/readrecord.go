package protocol

// Each function here reads one struct: its keys in the order of deterministic CBOR, the shorter first. A field that is new in a
// struct belongs in its function too; TestReaderReadsEveryField tells of one that is forgotten.

// payload reads all of a payload but its body, and returns the bytes of that: which kind of body it is stands behind it.
func (r *reader) payload() (p payload, body string) {
	r.open()
	r.must("b")
	body = r.item()
	r.must("c")
	r.fill(p.C[:])
	r.must("e")
	p.E = number[uint64](r)
	r.must("n")
	r.fill(p.N[:])
	r.must("o")
	r.fill(p.O[:])
	if r.has("p") {
		p.P = &Link{}
		*p.P = r.link()
	}
	r.must("q")
	p.Q = number[uint64](r)
	r.must("r")
	p.R = number[uint64](r)
	if r.has("s") {
		p.S = new([64]byte)
		r.fill(p.S[:])
	}
	r.must("t")
	p.T = Type(r.string())
	r.must("v")
	p.V = number[uint64](r)
	if r.has("x") {
		p.X = some(r, r.integer())
	}
	r.must("at")
	p.At = r.integer()
	if r.has("ph") {
		p.Ph = make([]Photo, some(r, r.list(leastPhoto)))
		for i := range p.Ph {
			r.photo(&p.Ph[i])
		}
	}
	r.shut()
	return p, body
}

// The least bytes that an item of a list takes.
const (
	leastPhoto       = 86 // two links of 28, nine keys and seven numbers or texts
	leastChild       = 4  // its sex
	leastCompanion   = 7  // its relation and sex
	leastMemberChild = 1
	leastMark        = 1 + len(Mark{})
)

func (r *reader) photo(p *Photo) {
	r.open()
	r.must("c")
	p.File = r.link()
	if r.has("d") {
		p.Taken = some(r, r.date())
	}
	r.must("h")
	p.Height = number[uint16](r)
	if r.has("i") {
		p.Who = some(r, number[uint8](r))
	}
	r.must("k")
	p.Kind = PhotoKind(r.string())
	r.must("s")
	p.Size = number[uint32](r)
	if r.has("t") {
		p.Caption = r.words()
	}
	r.must("w")
	p.Width = number[uint16](r)
	r.must("th")
	p.Thumb = r.link()
	r.must("ts")
	p.ThumbSize = number[uint32](r)
	r.must("tt")
	p.ThumbHeight = number[uint16](r)
	r.must("tw")
	p.ThumbWidth = number[uint16](r)
	r.shut()
}

func (r *reader) takedown(t *Takedown) {
	r.open()
	if r.has("g") {
		t.Gone = make([]Mark, some(r, r.list(leastMark)))
		for i := range t.Gone {
			r.fill(t.Gone[i][:])
		}
	}
	r.must("r")
	t.LastRev = number[uint64](r)
	r.shut()
}

func (r *reader) stance(s *Stance) {
	r.open()
	r.must("d")
	s.Since = r.integer()
	r.must("m")
	r.fill(s.Member[:])
	if r.has("n") {
		s.Note = Note(some(r, r.string()))
	}
	r.must("s")
	s.View = View(r.string())
	r.shut()
}

func (r *reader) body(b *body) {
	r.open()
	if r.has("m") {
		b.Members = new(Members)
		r.members(b.Members)
	}
	r.must("p")
	r.publicCase(&b.Public)
	r.shut()
}

func (r *reader) members(m *Members) {
	r.open()
	if r.has("ch") {
		m.Children = make([]MemberChild, some(r, r.list(leastMemberChild)))
		for i := range m.Children {
			r.memberChild(&m.Children[i])
		}
	}
	if r.has("co") {
		m.Companions = r.words()
	}
	if r.has("de") {
		m.Destinations = texts[string](r)
	}
	if r.has("lb") {
		m.LegalBasis = LegalBasis(some(r, r.string()))
	}
	if r.has("vh") {
		m.Vehicle = some(r, r.string())
	}
	r.shut()
}

func (r *reader) memberChild(c *MemberChild) {
	r.open()
	if r.has("b") {
		c.Birth = some(r, r.date())
	}
	if r.has("na") {
		c.Nationalities = texts[string](r)
	}
	if r.has("on") {
		c.OtherNames = texts[string](r)
	}
	r.shut()
}

func (r *reader) publicCase(c *Case) {
	r.open()
	r.must("k")
	c.Kind = Kind(r.string())
	if r.has("u") {
		c.Urgent = r.yes()
	}
	if r.has("w") {
		c.What = r.words()
	}
	if r.has("ag") {
		c.Agency = some(r, r.agency())
	}
	r.must("ch")
	c.Children = make([]Child, r.list(leastChild))
	for i := range c.Children {
		r.child(&c.Children[i])
	}
	if r.has("co") {
		c.Companions = make([]Companion, some(r, r.list(leastCompanion)))
		for i := range c.Companions {
			r.companion(&c.Companions[i])
		}
	}
	if r.has("hl") {
		c.Hotline = some(r, r.string())
	}
	r.must("nr")
	c.Number = r.string()
	r.must("pl")
	c.From = r.from()
	r.must("sd")
	c.Since = r.date()
	r.shut()
}

func (r *reader) agency() (a Agency) {
	r.open()
	r.must("n")
	a.Name = r.string()
	if r.has("p") {
		a.Phone = some(r, r.string())
	}
	r.shut()
	return a
}

func (r *reader) from() (p Place) {
	r.open()
	if r.has("a") {
		p.Area = some(r, r.string())
	}
	r.must("c")
	p.Country = r.string()
	if r.has("l") {
		p.Locality = some(r, r.string())
	}
	r.shut()
	return p
}

func (r *reader) child(c *Child) {
	r.open()
	if r.has("a") {
		c.Age = some(r, r.age())
	}
	if r.has("e") {
		c.Eyes = EyeColour(some(r, r.string()))
	}
	if r.has("h") {
		c.Hair = texts[HairColour](r)
	}
	if r.has("m") {
		c.Marks = r.words()
	}
	if r.has("n") {
		c.Name = some(r, r.string())
	}
	r.must("s")
	c.Sex = Sex(r.string())
	if r.has("ap") {
		c.Appearance = r.words()
	}
	if r.has("by") {
		c.BirthYear = some(r, number[uint16](r))
	}
	if r.has("cl") {
		c.Clothing = r.words()
	}
	if r.has("hd") {
		c.HairDyed = r.yes()
	}
	if r.has("ht") {
		c.Height = some(r, r.height())
	}
	if r.has("ln") {
		c.Languages = texts[string](r)
	}
	if r.has("on") {
		c.OtherNames = texts[string](r)
	}
	if r.has("wt") {
		c.Weight = some(r, Weight(r.height())) // the same fields under the same keys
	}
	r.shut()
}

func (r *reader) companion(c *Companion) {
	r.open()
	if r.has("e") {
		c.Eyes = EyeColour(some(r, r.string()))
	}
	if r.has("h") {
		c.Hair = texts[HairColour](r)
	}
	if r.has("n") {
		c.Name = some(r, r.string())
	}
	r.must("r")
	c.Relation = Relation(r.string())
	r.must("s")
	c.Sex = Sex(r.string())
	if r.has("ap") {
		c.Appearance = r.words()
	}
	if r.has("by") {
		c.BirthYear = some(r, number[uint16](r))
	}
	if r.has("ht") {
		c.Height = some(r, r.height())
	}
	r.shut()
}

func (r *reader) age() (a Age) {
	r.open()
	r.must("l")
	a.Min = number[uint16](r)
	r.must("m")
	a.Max = number[uint16](r)
	r.must("u")
	a.Unit = AgeUnit(r.string())
	r.shut()
	return a
}

func (r *reader) height() (h Height) {
	r.open()
	if r.has("d") {
		h.AsOf = some(r, r.date())
	}
	r.must("l")
	h.Min = number[uint16](r)
	r.must("m")
	h.Max = number[uint16](r)
	r.shut()
	return h
}
