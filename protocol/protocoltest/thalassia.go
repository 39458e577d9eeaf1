package protocoltest

import (
	"time"

	"github.com/gmcn/gmcn/protocol"
)

// thalassia is a country of islands that speaks Greek.
func thalassia(now time.Time) Country {
	return Country{
		Code:         "XB",
		CountryNames: protocol.Text{"el": "Θαλασσία", "en": "Thalassia", "fr": "Thalassie", "ar": "ثالاسيا"},
		Names: protocol.Text{"el": "Ο Φάρος των Παιδιών", "en": "The Children’s Lighthouse",
			"fr": "Le Phare des enfants", "ar": "منارة الأطفال"},
		Hotlines: []protocol.Hotline{
			{Number: "+0 99 101", Label: protocol.Text{"el": "Όλο το εικοσιτετράωρο, χωρίς χρέωση", "en": "Day and night, free of charge",
				"fr": "Jour et nuit, appel gratuit", "ar": "ليلاً ونهاراً، مجاناً"}},
		},
		Languages: []string{"el", "en"},
		Brand:     "#0a6b63",
		Accent:    "#ff9e80",
		Cases:     []Seed{danai(now), orestis(now), nefeli(now), salim(now)},
	}
}

// danai is an infant, counted in months, who may be with her mother.
func danai(now time.Time) Seed {
	lost := before(now, 0, 0, 4)
	born := before(lost, 0, 7, 12)
	mother := before(lost, 28, 4, 0)
	look := Look{Seed: 204, Age: 0, Skin: SkinSand, Hair: HairDark, Eyes: EyesBrown, Style: Cropped, Smile: true,
		Top: 0xe78fb3, Cloth: 0xe0a526, Background: 0xf3e3a9}
	adult := Look{Seed: 272, Age: 27, Skin: SkinSand, Hair: HairDark, Eyes: EyesGreen, Style: Ponytail,
		Top: 0x4f772d, Cloth: 0xa23b72, Background: 0xd6dcf5}
	return Seed{
		Case: protocol.Case{
			Kind: protocol.FamilyAbduction, Urgent: true, Since: day(lost),
			From:   protocol.Place{Country: "XB", Area: "Κυανές Νήσοι (Kyanes Nisoi)", Locality: "Γαλήνη (Galini)"},
			Agency: protocol.Agency{Name: "Αστυνομία Κυανών Νήσων", Phone: "+0 99 111"},
			What: protocol.Text{
				"el": "Η Δανάη, βρέφος επτά μηνών, έφυγε τη νύχτα με τη μητέρα της, χωρίς τα πράγματά της. Ανησυχούμε και για τις δύο και θέλουμε να βοηθήσουμε. Αν τις δείτε, μην πλησιάσετε. Τηλεφωνήστε μας.",
				"en": "Danai, a baby of seven months, left at night with her mother, without her things. We are worried about both and want to help. If you see them, do not approach: call us.",
			},
			Children: []protocol.Child{{
				Name: "Δανάη Γλαροπέτρη", OtherNames: []string{"Danai Glaropetri"}, BirthYear: uint16(born.Year()),
				Age: protocol.Age{Min: 7, Max: 7, Unit: protocol.Months}, Sex: "female",
				Eyes: "brown", Hair: []protocol.HairColour{"brown"},
				Height: protocol.Height{Min: 66, Max: 68, AsOf: month(lost)},
				Weight: protocol.Weight{Min: 73, Max: 77, AsOf: month(lost)},
				Marks: protocol.Text{
					"el": "Μικρή κόκκινη κηλίδα στον αυχένα.",
					"en": "A small red mark on the nape of the neck."},
				Clothing: protocol.Text{
					"el": "Κίτρινο φορμάκι, άσπρη πλεκτή κουβέρτα.",
					"en": "Yellow romper suit, white knitted blanket."},
			}},
			Companions: []protocol.Companion{{
				Name: "Μυρσίνη Γλαροπέτρη (Myrsini Glaropetri)", Relation: "mother", Sex: "female", BirthYear: uint16(mother.Year()),
				Eyes: "green", Hair: []protocol.HairColour{"brown"}, Height: protocol.Height{Min: 164, Max: 168},
				Appearance: protocol.Text{"el": "Μαλλιά πιασμένα σε αλογοουρά.", "en": "Hair tied in a ponytail."},
			}},
		},
		Members: protocol.Members{
			Children:     []protocol.MemberChild{{Birth: day(born), OtherNames: []string{"Δανάη-Θάλεια Γλαροπέτρη"}, Nationalities: []string{"XB"}}},
			Destinations: []string{"Port-aux-Lucioles, Arvenia, with the ferry"},
			Companions:   protocol.Text{"el": "Η μητέρα έχει συγγενείς στην Αρβενία.", "en": "The mother has relatives in Arvenia."},
			Vehicle:      "White hatchback, plate ΘΑΛ 2093",
			LegalBasis:   "court_order",
		},
		Local: protocol.Local{
			Guardian: "Λέανδρος Γλαροπέτρης, πατέρας", Contact: "+0 99 502 4410 0001", Address: "Οδός Ιππόκαμπου 12, Γαλήνη",
			Medical: "Πίνει μόνο γάλα χωρίς λακτόζη", LegalBasis: "court_order",
			Notes: "Ο παιδίατρος Κοχύλης περιμένει να τον πάρουμε τηλέφωνο.",
		},
		Photos: []SeedPhoto{
			{Look: look, Kind: protocol.Portrait, Taken: day(before(lost, 0, 0, 15))},
			{Look: adult, Kind: protocol.CompanionShot, Taken: year(before(lost, 0, 8, 0))},
		},
	}
}

// orestis is named by first name and initial; the full name stays among members.
func orestis(now time.Time) Seed {
	lost := before(now, 0, 0, 36)
	born := before(lost, 16, 3, 9)
	look := Look{Seed: 207, Age: 16, Skin: SkinOlive, Hair: HairBlack, Eyes: EyesBrown, Style: Curls,
		Top: 0x3d6fb6, Cloth: 0xc8553d, Background: 0xf6cfc4}
	younger := look.later(15, 0xd1495b)
	younger.Smile = true
	return Seed{
		Case: protocol.Case{
			Kind: protocol.Runaway, Since: day(lost),
			From:   protocol.Place{Country: "XB", Area: "Βόρεια Ακτή (Voria Akti)", Locality: "Ανεμόπετρα (Anemopetra)"},
			Agency: protocol.Agency{Name: "Αστυνομία Βόρειας Ακτής", Phone: "+0 99 112"},
			What: protocol.Text{
				"el": "Ο Ορέστης δεν γύρισε από το λιμάνι της Ανεμόπετρας, όπου συναντούσε φίλους. Ίσως ταξιδεύει με κάποιο πλοίο της γραμμής. Ορέστη, αν το διαβάζεις, πάρε μας όποτε θέλεις.",
				"en": "Orestis did not come back from the harbour of Anemopetra, where he used to meet friends. He may be travelling by ferry. Orestis, if you read this, call us whenever you like.",
			},
			Children: []protocol.Child{{
				Name: "Ορέστης Φ.", OtherNames: []string{"Orestis F."}, BirthYear: uint16(born.Year()), Age: aged(16), Sex: "male",
				Eyes: "brown", Hair: []protocol.HairColour{"black"}, Languages: []string{"el", "en"},
				Height: protocol.Height{Min: 174, Max: 178, AsOf: year(before(lost, 0, 4, 0))},
				Weight: protocol.Weight{Min: 620, Max: 680, AsOf: year(before(lost, 0, 4, 0))},
				Marks: protocol.Text{
					"el": "Ουλή στον δεξιό αστράγαλο.",
					"en": "A scar on the right ankle."},
				Clothing: protocol.Text{
					"el": "Μπλε αντιανεμικό, μαύρο παντελόνι, σακίδιο ώμου.",
					"en": "Blue windcheater, black trousers, shoulder bag."},
			}},
		},
		Members: protocol.Members{
			Children:     []protocol.MemberChild{{Birth: day(born), OtherNames: []string{"Ορέστης Φεγγαροβάτης", "Orestis Fengarovatis"}, Nationalities: []string{"XB"}}},
			Destinations: []string{"Candle Quay, Arvenia, where a cousin fishes"},
			LegalBasis:   "own_mandate",
		},
		Local: protocol.Local{
			Guardian: "Ευτέρπη Φεγγαροβάτη, θεία", Contact: "efterpi@fengarovatis.example", Address: "Πλατεία Ανέμων 3, Ανεμόπετρα",
			School: "Λύκειο του Παλιού Φάρου", InCare: true, LegalBasis: "own_mandate",
			Notes: "Έφυγε και πέρσι για δύο μέρες. Εμπιστεύεται τη γυμνάστρια.",
		},
		Photos: []SeedPhoto{
			{Look: look, Kind: protocol.Portrait, Taken: month(before(lost, 0, 1, 0))},
			{Look: younger, Kind: protocol.Portrait, Taken: month(before(lost, 0, 9, 0))},
		},
	}
}

// nefeli and her brother were parted from their family; only the month is known.
func nefeli(now time.Time) Seed {
	lost := before(now, 0, 3, 0)
	sister, brother := before(lost, 10, 6, 0), before(lost, 6, 6, 0)
	girl := Look{Seed: 210, Age: 10, Skin: SkinHoney, Hair: HairChestnut, Eyes: EyesHazel, Style: Ponytail, Smile: true,
		Top: 0x7b5ea7, Cloth: 0xe0a526, Background: 0xcfe6c8}
	boy := Look{Seed: 213, Age: 6, Skin: SkinHoney, Hair: HairBrown, Eyes: EyesHazel, Style: Short, Smile: true,
		Top: 0xf4e9d8, Cloth: 0x3a7ca5, Background: 0xf3e3a9}
	return Seed{
		Case: protocol.Case{
			Kind: protocol.SeparatedDisaster, Since: month(lost),
			From:   protocol.Place{Country: "XB", Area: "Βόρεια Ακτή (Voria Akti)", Locality: "Φεγγαρόπολη (Fengaropoli)"},
			Agency: protocol.Agency{Name: "Πολιτική Προστασία Βόρειας Ακτής", Phone: "+0 99 113"},
			What: protocol.Text{
				"el": "Τα δύο αδέλφια χωρίστηκαν από την οικογένειά τους όταν η πλημμύρα ανάγκασε όλους να φύγουν. Ίσως έχουν καταγραφεί αλλού ή τα φιλοξενεί κάποια οικογένεια. Πιθανότατα είναι μαζί.",
				"en": "The two were parted from their family when the flood made everyone leave. They may have been registered elsewhere, or a family may have taken them in. They are probably together.",
			},
			Children: []protocol.Child{
				{
					Name: "Νεφέλη Ακροκυμάτη", OtherNames: []string{"Nefeli Akrokymati"}, BirthYear: uint16(sister.Year()), Age: aged(10), Sex: "female",
					Eyes: "hazel", Hair: []protocol.HairColour{"brown"}, Languages: []string{"el"},
					Height: protocol.Height{Min: 138, Max: 142},
					Marks: protocol.Text{
						"el": "Μικρή ουλή στον αριστερό αγκώνα.",
						"en": "A small scar on the left elbow."},
					Clothing: protocol.Text{
						"el": "Κόκκινη ζακέτα, τζιν παντελόνι.",
						"en": "Red cardigan, jeans."},
				},
				{
					Name: "Φαίδων Ακροκυμάτης", OtherNames: []string{"Faidon Akrokymatis"}, BirthYear: uint16(brother.Year()), Age: aged(6), Sex: "male",
					Eyes: "hazel", Hair: []protocol.HairColour{"brown"}, Languages: []string{"el"},
					Height: protocol.Height{Min: 114, Max: 118},
					Marks: protocol.Text{
						"el": "Ελιά στη δεξιά παλάμη.",
						"en": "A mole on the right palm."},
					Clothing: protocol.Text{
						"el": "Γαλάζιο φούτερ με άσπρο αστέρι.",
						"en": "Light blue hooded top with a white star."},
				},
			},
		},
		Members: protocol.Members{
			Children: []protocol.MemberChild{
				{Birth: month(sister), OtherNames: []string{"Νεφελίτσα Ακροκυμάτη"}, Nationalities: []string{"XB"}},
				{Birth: month(brother), OtherNames: []string{"Φαίδωνας Ακροκυμάτης"}, Nationalities: []string{"XB"}},
			},
			Destinations: []string{"Reception halls in Port-aux-Lucioles, Arvenia"},
			LegalBasis:   "guardian_consent",
		},
		Local: protocol.Local{
			Guardian: "Αλκυόνη Ακροκυμάτη, μητέρα", Contact: "+0 99 502 4410 0003", Address: "Προσωρινό κατάλυμα 6, Φεγγαρόπολη",
			School: "Τρίτο Δημοτικό της Όχθης", LegalBasis: "guardian_consent",
			Notes: "Ο πατέρας ψάχνει στους καταλόγους κάθε Δευτέρα.",
		},
		Photos: []SeedPhoto{
			{Look: girl, Kind: protocol.Portrait, Taken: month(before(lost, 0, 2, 0))},
			{Look: boy, Kind: protocol.Portrait, Who: 1, Taken: month(before(lost, 0, 2, 0))},
		},
	}
}

// salim has no photo.
func salim(now time.Time) Seed {
	lost := before(now, 1, 2, 0)
	born := before(lost, 14, 1, 0)
	return Seed{
		Case: protocol.Case{
			Kind: protocol.Unaccompanied, Since: month(lost),
			From: protocol.Place{Country: "XB", Area: "Κυανές Νήσοι (Kyanes Nisoi)", Locality: "Νέα Αλμύρα (Nea Almyra)"},
			What: protocol.Text{
				"el": "Ο Σαλίμ τηλεφώνησε για τελευταία φορά στους δικούς του από τη Νέα Αλμύρα. Ταξίδευε μόνος. Δεν έχουμε φωτογραφία του. Αν τον έχετε συναντήσει, πείτε μας πώς ήταν.",
				"en": "Salim last telephoned his family from Nea Almyra. He was travelling alone. We have no photo of him. If you have met him, tell us how he was.",
			},
			Children: []protocol.Child{{
				Name: "Salim Mawj al-Bahr", OtherNames: []string{"سليم موج البحر", "Σαλίμ Μάουτζ αλ-Μπαχρ"}, BirthYear: uint16(born.Year()),
				Age: protocol.Age{Min: 13, Max: 15, Unit: protocol.Years}, Sex: "male",
				Eyes: "brown", Hair: []protocol.HairColour{"black"}, Languages: []string{"ar", "fr"},
				Height: protocol.Height{Min: 155, Max: 165},
				Marks: protocol.Text{
					"el": "Του λείπει η άκρη του αριστερού μικρού δαχτύλου.",
					"en": "The tip of the left little finger is missing."},
				Clothing: protocol.Text{
					"el": "Καφέ μπουφάν, ριγέ κασκόλ.",
					"en": "Brown jacket, striped scarf."},
			}},
		},
		Members: protocol.Members{
			Children:     []protocol.MemberChild{{Birth: year(born), OtherNames: []string{"Saleem Mouj El Bahr"}, Nationalities: []string{"XC"}}},
			Destinations: []string{"An uncle in Sainte-Ombre, Arvenia"},
			LegalBasis:   "own_mandate",
		},
		Local: protocol.Local{
			Guardian: "Hadia Mawj al-Bahr, aunt", Contact: "hadia@mawj-al-bahr.example", LegalBasis: "own_mandate",
			Medical: "Είχε χτυπήσει στο γόνατο", Notes: "Η θεία τηλεφωνεί κάθε πρώτη του μήνα.",
		},
	}
}
