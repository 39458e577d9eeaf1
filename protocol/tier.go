package protocol

import (
	"errors"
	"time"
)

// Members is what other members may see of a case and the public may not: the second tier. It travels inside the record,
// which only members hold, and no public page can reach it.
type Members struct {
	// Children stand in the order of Case.Children; there may be fewer.
	Children []MemberChild `cbor:"ch,omitempty" json:"children,omitempty"`
	// Destinations are where the child may have gone or been taken, in the owner's words.
	Destinations []string   `cbor:"de,omitempty" json:"destinations,omitempty"`
	Companions   Text       `cbor:"co,omitempty" json:"companions,omitempty"`
	Vehicle      string     `cbor:"vh,omitempty" json:"vehicle,omitempty"`
	LegalBasis   LegalBasis `cbor:"lb,omitempty" json:"legal_basis,omitempty"`
}

// MemberChild is what other members may know about a child beyond Child.
type MemberChild struct {
	Birth         Date     `cbor:"b,omitzero" json:"birth,omitzero"`
	OtherNames    []string `cbor:"on,omitempty" json:"other_names,omitempty"`
	Nationalities []string `cbor:"na,omitempty" json:"nationalities,omitempty"`
}

// IsZero says whether there is nothing in it; then it is left out of the record.
func (m *Members) IsZero() bool {
	return m == nil || len(m.Children) == 0 && len(m.Destinations) == 0 && len(m.Companions) == 0 && m.Vehicle == "" && m.LegalBasis == ""
}

// Validate returns what is wrong as Problems whose fields begin with "members.", nil when nothing is.
func (m *Members) Validate(c *Case, now time.Time) error {
	v := &checker{last: lastDay(now)}
	v.count("members.children", len(m.Children), 0, len(c.Children))
	for i, child := range m.Children {
		v.in("members.children", i)
		v.date("birth", child.Birth, false)
		v.texts("other_names", child.OtherNames, maxNames, maxName)
		v.count("nationalities", len(child.Nationalities), 0, maxCountries)
		for _, n := range child.Nationalities {
			if !validCountry(n) {
				v.add("nationalities", "country")
			}
		}
	}
	v.out().texts("members.destinations", m.Destinations, maxDestinations, maxPlace)
	v.words("members.companions", m.Companions, maxShort, true)
	v.text("members.vehicle", m.Vehicle, maxShort, false)
	v.choice("members.legal_basis", string(m.LegalBasis), legalBases, false)
	return v.found.err()
}

// Local is what never leaves the country: the third tier. It has no form for the wire.
type Local struct {
	Guardian   string     `json:"guardian,omitempty"`
	Contact    string     `json:"contact,omitempty"`
	Address    string     `json:"address,omitempty"`
	School     string     `json:"school,omitempty"`
	Medical    string     `json:"medical,omitempty"`
	InCare     bool       `json:"in_care,omitempty"`
	LegalBasis LegalBasis `json:"legal_basis,omitempty"`
	Notes      string     `json:"notes,omitempty"`
}

var errLocal = errors.New("local details never leave the country: they have no form for the wire")

// MarshalCBOR always fails: there is no wire form.
func (Local) MarshalCBOR() ([]byte, error) { return nil, errLocal }

// UnmarshalCBOR always fails: there is no wire form.
func (*Local) UnmarshalCBOR([]byte) error { return errLocal }

// Validate returns what is wrong as Problems whose fields begin with "local.", nil when nothing is. A case that shows an
// adult needs a legal basis.
func (l *Local) Validate(c *Case) error {
	v := &checker{}
	v.anyText("local.guardian", l.Guardian, maxShort, false, true)
	v.anyText("local.contact", l.Contact, maxShort, false, true)
	v.anyText("local.address", l.Address, maxShort, false, true)
	v.anyText("local.school", l.School, maxShort, false, true)
	v.anyText("local.medical", l.Medical, maxStory, false, true)
	v.anyText("local.notes", l.Notes, maxStory, false, true)
	v.choice("local.legal_basis", string(l.LegalBasis), legalBases, false)
	if len(c.Companions) > 0 && l.LegalBasis == "" {
		v.add("local.legal_basis", "adultbasis")
	}
	return v.found.err()
}
