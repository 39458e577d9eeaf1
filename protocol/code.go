package protocol

// Codes stand in records; every language has its own words for them (ui/i18n). Adding one is a change of the protocol.

// Kind is why a child is missing, or that a child was found and nobody knows who it is.
type Kind string

const (
	Runaway            Kind = "runaway"
	FamilyAbduction    Kind = "family_abduction"
	NonfamilyAbduction Kind = "nonfamily_abduction"
	LostInjured        Kind = "lost_injured"
	Unaccompanied      Kind = "unaccompanied_migrant"
	EndangeredMissing  Kind = "endangered_missing"
	SeparatedDisaster  Kind = "separated_disaster"
	UnidentifiedFound  Kind = "unidentified_found"
)

var kinds = []string{"endangered_missing", "runaway", "family_abduction", "nonfamily_abduction", "lost_injured",
	"unaccompanied_migrant", "separated_disaster", "unidentified_found"}

// Sex as recorded by the authority.
type Sex string

var sexes = []string{"female", "male", "other", "unknown"}

// EyeColour is the natural colour; "different" is two eyes of different colours.
type EyeColour string

var eyeColours = []string{"brown", "blue", "green", "hazel", "grey", "black", "amber", "different", "unknown"}

// HairColour is a colour, or bald. Dyed hair is a flag of its own.
type HairColour string

var hairColours = []string{"black", "brown", "blond", "red", "grey", "white", "sandy", "bald", "other", "unknown"}

// Relation is what a companion is to the child.
type Relation string

var relations = []string{"mother", "father", "relative", "stranger", "other", "unknown"}

// AgeUnit is the unit of an Age.
type AgeUnit string

const (
	Years  AgeUnit = "years"
	Months AgeUnit = "months"
	Days   AgeUnit = "days"
)

var ageUnits = []string{"years", "months", "days"}

// maxAge is the largest age in each unit; an older infant is counted in the next.
var maxAge = map[AgeUnit]uint16{Years: 25, Months: 60, Days: 366}

// PhotoKind is what a photo shows. An age-progressed picture is always labelled and never stands alone.
type PhotoKind string

const (
	Portrait      PhotoKind = "portrait"
	FullFigure    PhotoKind = "full"
	CompanionShot PhotoKind = "companion"
	AgeProgressed PhotoKind = "age_progressed"
	Object        PhotoKind = "object"
)

var photoKinds = []string{"portrait", "full", "companion", "age_progressed", "object"}

// LegalBasis is what entitles the member to publish: kept by members, never public.
type LegalBasis string

var legalBases = []string{"police_request", "court_order", "guardian_consent", "own_mandate"}

// Reason is why a case was closed. It stays in the country: publishing "found safe" keeps a child findable for ever.
type Reason string

var reasons = []string{"located_safe", "located_deceased", "returned", "court_order", "consent_withdrawn", "error",
	"duplicate", "age_rule", "expired", "other"}

// ValidateReason returns the Problem with a reason that is none of the codes, nil for one that is.
func ValidateReason(r Reason) error {
	v := &checker{}
	v.choice("reason", string(r), reasons, true)
	return v.found.err()
}

// Kinds returns every kind of case, in the order in which a form offers them. The caller owns the slice; so for the others.
func Kinds() []Kind { return codes[Kind](kinds) }

// Sexes returns every code.
func Sexes() []Sex { return codes[Sex](sexes) }

// EyeColours returns every code.
func EyeColours() []EyeColour { return codes[EyeColour](eyeColours) }

// HairColours returns every code.
func HairColours() []HairColour { return codes[HairColour](hairColours) }

// Relations returns every code.
func Relations() []Relation { return codes[Relation](relations) }

// AgeUnits returns every code.
func AgeUnits() []AgeUnit { return codes[AgeUnit](ageUnits) }

// PhotoKinds returns every code.
func PhotoKinds() []PhotoKind { return codes[PhotoKind](photoKinds) }

// LegalBases returns every code.
func LegalBases() []LegalBasis { return codes[LegalBasis](legalBases) }

// Reasons returns every code.
func Reasons() []Reason { return codes[Reason](reasons) }

func codes[T ~string](from []string) []T {
	out := make([]T, len(from))
	for i, s := range from {
		out[i] = T(s)
	}
	return out
}
