package protocoltest

import (
	"time"

	"github.com/gmcn/gmcn/protocol"
)

// arvenia is a country of woods and small ports that speaks English and French.
func arvenia(now time.Time) Country {
	return Country{
		Code:         "XA",
		CountryNames: protocol.Text{"en": "Arvenia", "fr": "Arvénie", "el": "Αρβενία", "ar": "أرفينيا"},
		Names: protocol.Text{"en": "The Lighted Window", "fr": "La Fenêtre éclairée",
			"el": "Το Φωτισμένο Παράθυρο", "ar": "النافذة المضيئة"},
		Hotlines: []protocol.Hotline{
			{Number: "+0 99 001", Label: protocol.Text{"en": "Day and night, free of charge", "fr": "Jour et nuit, appel gratuit",
				"el": "Όλο το εικοσιτετράωρο, χωρίς χρέωση", "ar": "ليلاً ونهاراً، مجاناً"}},
			{Number: "+0 99 002", Label: protocol.Text{"en": "For children who want to talk", "fr": "Pour les enfants qui veulent parler",
				"el": "Για παιδιά που θέλουν να μιλήσουν", "ar": "للأطفال الذين يريدون الكلام"}},
		},
		Languages: []string{"en", "fr"},
		Brand:     "#1f4f8b",
		Accent:    "#ffc94d",
		Cases:     []Seed{wren(now), maelys(now), ilo(now), maximiliane(now), basile(now)},
	}
}

// wren is the newest appeal: urgent, with a smiling and a calm photo.
func wren(now time.Time) Seed {
	lost := before(now, 0, 0, 2)
	born := before(lost, 8, 4, 9)
	look := Look{Seed: 101, Age: 8, Skin: SkinFair, Hair: HairBlond, Eyes: EyesBlue, Style: Plaits, Smile: true, Freckles: true,
		Top: 0xe4572e, Cloth: 0x2b4c7e, Background: 0xcfe6c8}
	return Seed{
		Case: protocol.Case{
			Kind: protocol.LostInjured, Urgent: true, Since: day(lost),
			From:   protocol.Place{Country: "XA", Area: "Northmark", Locality: "Fennbrook"},
			Agency: protocol.Agency{Name: "Northmark Police", Phone: "+0 99 011"},
			What: protocol.Text{
				"en": "Wren was last seen in the afternoon, on a family walk in the woods above Fennbrook. She knows the paths but may be hurt or hiding. She answers to her name and to a whistle.",
				"fr": "Wren a été vue pour la dernière fois l’après-midi, en promenade familiale dans les bois de Fennbrook. Elle connaît les sentiers, mais peut être blessée ou se cacher. Elle répond à son prénom et au sifflet.",
			},
			Children: []protocol.Child{{
				Name: "Wren Alderthorn", BirthYear: uint16(born.Year()), Age: aged(8), Sex: "female",
				Eyes: "blue", Hair: []protocol.HairColour{"blond"}, Languages: []string{"en", "fr"},
				Height: protocol.Height{Min: 126, Max: 130, AsOf: month(before(lost, 0, 2, 0))},
				Weight: protocol.Weight{Min: 250, Max: 270, AsOf: month(before(lost, 0, 2, 0))},
				Marks: protocol.Text{
					"en": "A round birthmark on the left forearm, a small scar on the right knee.",
					"fr": "Une tache de naissance ronde sur l’avant-bras gauche, une petite cicatrice au genou droit."},
				Clothing: protocol.Text{
					"en": "Yellow raincoat, dark green trousers, red rubber boots.",
					"fr": "Imperméable jaune, pantalon vert foncé, bottes de caoutchouc rouges."},
				Appearance: protocol.Text{
					"en": "Freckles, hair in two plaits.",
					"fr": "Des taches de rousseur, deux tresses."},
			}},
		},
		Members: protocol.Members{
			Children:     []protocol.MemberChild{{Birth: day(born), OtherNames: []string{"Birdie Alderthorn"}, Nationalities: []string{"XA"}}},
			Destinations: []string{"The cabin of an aunt at Elder Ford"},
			LegalBasis:   "guardian_consent",
		},
		Local: protocol.Local{
			Guardian: "Ottilie Alderthorn, mother", Contact: "+0 99 501 7731 0001", Address: "9 Candlewick Lane, Fennbrook",
			School: "Little Owl School, class 3b", Medical: "Carries a blue asthma inhaler", LegalBasis: "guardian_consent",
			Notes: "The family asks for calls before eight in the evening.",
		},
		Photos: []SeedPhoto{
			{Look: look, Kind: protocol.Portrait, Taken: day(before(lost, 0, 1, 6))},
			{Look: look.calm(0x3d6fb6), Kind: protocol.Portrait, Taken: month(before(lost, 0, 3, 0))},
		},
	}
}

// maelys has dyed her hair: one photo before, one after.
func maelys(now time.Time) Seed {
	lost := before(now, 0, 0, 21)
	born := before(lost, 15, 5, 20)
	look := Look{Seed: 104, Age: 15, Skin: SkinSand, Hair: HairBrown, Eyes: EyesGreen, Style: Bob, Glasses: true,
		Top: 0xf4e9d8, Cloth: 0x8e5572, Background: 0xe6d3ee}
	dyed := look.later(15, 0x264653)
	dyed.Hair, dyed.Smile = 0x3f63b5, true
	return Seed{
		Case: protocol.Case{
			Kind: protocol.Runaway, Since: day(lost),
			From:   protocol.Place{Country: "XA", Area: "Hautes-Brumes", Locality: "Port-aux-Lucioles"},
			Agency: protocol.Agency{Name: "Police des Hautes-Brumes", Phone: "+0 99 012"},
			What: protocol.Text{
				"en": "Maëlys left home in the evening with a small rucksack. She may have gone on by train or by coach. Nobody is angry with her, we only want to know that she is well.",
				"fr": "Maëlys est partie de chez elle le soir avec un petit sac à dos. Elle a peut-être pris un train ou un car. Personne ne lui en veut, nous voulons seulement savoir qu’elle va bien.",
			},
			Children: []protocol.Child{{
				Name: "Maëlys Boisdormant", BirthYear: uint16(born.Year()), Age: aged(15), Sex: "female",
				Eyes: "green", Hair: []protocol.HairColour{"brown", "other"}, HairDyed: true, Languages: []string{"fr", "en"},
				Height: protocol.Height{Min: 163, Max: 166, AsOf: year(before(lost, 0, 1, 0))},
				Marks: protocol.Text{
					"en": "A thin scar on the back of the right hand.",
					"fr": "Une fine cicatrice sur le dos de la main droite."},
				Clothing: protocol.Text{
					"en": "Black denim jacket, striped jumper, white trainers.",
					"fr": "Veste en jean noire, pull rayé, baskets blanches."},
				Appearance: protocol.Text{
					"en": "Her brown hair is dyed blue. She wears glasses.",
					"fr": "Ses cheveux bruns sont teints en bleu. Elle porte des lunettes."},
			}},
		},
		Members: protocol.Members{
			Children:     []protocol.MemberChild{{Birth: day(born), OtherNames: []string{"Mimi Boisdormant"}, Nationalities: []string{"XA"}}},
			Destinations: []string{"Concerts in Fengaropoli, Thalassia"},
			LegalBasis:   "guardian_consent",
		},
		Local: protocol.Local{
			Guardian: "Aurèle Boisdormant, father", Contact: "aurele@boisdormant.example", Address: "27 quai des Lucioles, third floor",
			School: "Lycée du Vieux Phare", Medical: "Allergic to penicillin", LegalBasis: "guardian_consent",
			Notes: "Left a letter for her brother, who asks us to keep it closed.",
		},
		Photos: []SeedPhoto{
			{Look: dyed, Kind: protocol.Portrait, Taken: day(before(lost, 0, 0, 12)),
				Caption: protocol.Text{"en": "With dyed hair", "fr": "Avec les cheveux teints"}},
			{Look: look, Kind: protocol.Portrait, Taken: month(before(lost, 0, 4, 0)),
				Caption: protocol.Text{"en": "With her own hair colour", "fr": "Avec sa couleur naturelle"}},
		},
	}
}

// ilo may be with his father, who is shown because a court allows it.
func ilo(now time.Time) Seed {
	lost := before(now, 0, 8, 3)
	born := before(lost, 5, 2, 15)
	father := before(lost, 37, 6, 0)
	look := Look{Seed: 107, Age: 5, Skin: SkinPorcelain, Hair: HairFair, Eyes: EyesGrey, Style: Fringe, Smile: true,
		Top: 0x2a9d8f, Cloth: 0xc8553d, Background: 0xf7dcb4}
	adult := Look{Seed: 171, Age: 36, Skin: SkinFair, Hair: HairChestnut, Eyes: EyesGrey, Style: Short, Beard: true,
		Top: 0x264653, Cloth: 0x5b8e7d, Background: 0xc9dbe8}
	return Seed{
		Case: protocol.Case{
			Kind: protocol.FamilyAbduction, Since: day(lost),
			From:   protocol.Place{Country: "XA", Area: "The Saltings", Locality: "Candle Quay"},
			Agency: protocol.Agency{Name: "Saltings Police", Phone: "+0 99 013"},
			What: protocol.Text{
				"en": "Ilo was not brought back after a weekend with his father. They may be travelling together, perhaps abroad. Please do not speak to them: call the number given here.",
				"fr": "Ilo n’a pas été ramené après un week-end chez son père. Ils voyagent peut-être ensemble, peut-être à l’étranger. Ne leur parlez pas, appelez le numéro indiqué ici.",
			},
			Children: []protocol.Child{{
				Name: "Ilo Marrowby", BirthYear: uint16(born.Year()), Age: aged(5), Sex: "male",
				Eyes: "grey", Hair: []protocol.HairColour{"blond"}, Languages: []string{"en"},
				Height: protocol.Height{Min: 108, Max: 111, AsOf: month(before(lost, 0, 1, 0))},
				Marks: protocol.Text{
					"en": "A birthmark like a bean behind the left knee.",
					"fr": "Une tache de naissance en forme de haricot derrière le genou gauche."},
				Clothing: protocol.Text{
					"en": "Green jumper, corduroy trousers, blue canvas shoes.",
					"fr": "Pull vert, pantalon de velours, chaussures de toile bleues."},
			}},
			Companions: []protocol.Companion{{
				Name: "Casper Marrowby", Relation: "father", Sex: "male", BirthYear: uint16(father.Year()),
				Eyes: "grey", Hair: []protocol.HairColour{"brown"}, Height: protocol.Height{Min: 184, Max: 188},
				Appearance: protocol.Text{"en": "A short brown beard.", "fr": "Une courte barbe brune."},
			}},
		},
		Members: protocol.Members{
			Children:     []protocol.MemberChild{{Birth: day(born), OtherNames: []string{"Ilo Casper Marrowby-Tansy"}, Nationalities: []string{"XA", "XB"}}},
			Destinations: []string{"The harbour of Galini, Thalassia", "Friends near Marsa al-Qamar, Zahira"},
			Companions:   protocol.Text{"en": "The father speaks Greek and has worked on ferries."},
			Vehicle:      "Grey van, plate ARV 0417 K",
			LegalBasis:   "court_order",
		},
		Local: protocol.Local{
			Guardian: "Petra Tansy, mother", Contact: "+0 99 501 7731 0003", Address: "Kept by the Saltings court, file 88-T",
			School: "Puffin kindergarten", LegalBasis: "court_order",
			Notes: "The mother lives at a protected place: no visit without the police.",
		},
		Photos: []SeedPhoto{
			{Look: look, Kind: protocol.Portrait, Taken: month(before(lost, 0, 1, 0))},
			{Look: adult, Kind: protocol.CompanionShot, Taken: year(before(lost, 1, 0, 0))},
		},
	}
}

// maximiliane has been missing for six years, under the longest name that a poster has to bear.
func maximiliane(now time.Time) Seed {
	lost := before(now, 6, 1, 10)
	born := before(lost, 7, 3, 12)
	look := Look{Seed: 110, Age: 7, Skin: SkinFair, Hair: HairGinger, Eyes: EyesHazel, Style: Long, Freckles: true,
		Top: 0xf2a541, Cloth: 0x3a7ca5, Background: 0xd6dcf5}
	return Seed{
		Case: protocol.Case{
			Kind: protocol.EndangeredMissing, Since: day(lost),
			From:   protocol.Place{Country: "XA", Area: "Northmark", Locality: "Alderport"},
			Agency: protocol.Agency{Name: "Northmark Police, unsolved cases", Phone: "+0 99 014"},
			What: protocol.Text{
				"en": "Maximiliane, called Maxi, went out to play in the early evening and did not come back. She is a teenager today and may go by another name. Small memories help too.",
				"fr": "Maximiliane, dite Maxi, est sortie jouer en début de soirée et n’est pas rentrée. C’est aujourd’hui une adolescente, peut-être sous un autre nom. Le moindre souvenir peut aider.",
			},
			Children: []protocol.Child{{
				Name:       "Maximiliane-Théodora Featherwick von Quillensee-Ombreval",
				OtherNames: []string{"Maxi Featherwick"}, BirthYear: uint16(born.Year()), Age: aged(7), Sex: "female",
				Eyes: "hazel", Hair: []protocol.HairColour{"red"}, Languages: []string{"en", "de"},
				Height: protocol.Height{Min: 120, Max: 124, AsOf: year(lost)},
				Marks: protocol.Text{
					"en": "Three moles in a row on the left shoulder.",
					"fr": "Trois grains de beauté alignés sur l’épaule gauche."},
				Appearance: protocol.Text{"en": "Freckles.", "fr": "Des taches de rousseur."},
			}},
		},
		Members: protocol.Members{
			Children: []protocol.MemberChild{{Birth: day(born), OtherNames: []string{"Maxi von Quillensee"}, Nationalities: []string{"XA"}}},
			Vehicle:  "A pale blue estate car was asked about, plate unknown",
		},
		Local: protocol.Local{
			Guardian: "Gundula von Quillensee, grandmother", Contact: "gundula@quillensee.example", Address: "The Old Mill, Quillensee",
			School: "Alderport Ropewalk School", LegalBasis: "police_request",
			Notes: "The grandmother wishes a call on each birthday of the child.",
		},
		Photos: []SeedPhoto{
			{Look: look, Kind: protocol.Portrait, Taken: month(before(lost, 0, 1, 0))},
			{Look: look.later(13, 0x7b5ea7), Kind: protocol.AgeProgressed, Taken: day(before(now, 0, 2, 0)),
				Caption: protocol.Text{
					"en": "Drawn by an artist: how Maxi may look today",
					"fr": "Dessin d’artiste, telle que Maxi pourrait être aujourd’hui"}},
		},
	}
}

// basile was seen with a stranger of whom there is no picture.
func basile(now time.Time) Seed {
	lost := before(now, 0, 0, 5)
	born := before(lost, 11, 7, 8)
	look := Look{Seed: 113, Age: 11, Skin: SkinCocoa, Hair: HairBlack, Eyes: EyesDark, Style: Afro, Smile: true,
		Top: 0xf2a541, Cloth: 0xc8553d, Background: 0xbfe0e2}
	return Seed{
		Case: protocol.Case{
			Kind: protocol.NonfamilyAbduction, Urgent: true, Since: day(lost),
			From:    protocol.Place{Country: "XA", Area: "Hautes-Brumes", Locality: "Sainte-Ombre"},
			Agency:  protocol.Agency{Name: "Police des Hautes-Brumes", Phone: "+0 99 012"},
			Hotline: "+0 99 003",
			What: protocol.Text{
				"en": "Basile was seen in the centre of Sainte-Ombre with a man whom his family does not know. They walked away together. If you were there that afternoon, please call.",
				"fr": "Basile a été vu dans le centre de Sainte-Ombre avec un homme que sa famille ne connaît pas. Ils sont partis ensemble à pied. Si vous y étiez cet après-midi-là, appelez-nous.",
			},
			Children: []protocol.Child{{
				Name: "Basile Ormevent", BirthYear: uint16(born.Year()), Age: aged(11), Sex: "male",
				Eyes: "brown", Hair: []protocol.HairColour{"black"}, Languages: []string{"fr", "en"},
				Height: protocol.Height{Min: 143, Max: 147, AsOf: month(before(lost, 0, 5, 0))},
				Weight: protocol.Weight{Min: 350, Max: 390, AsOf: month(before(lost, 0, 5, 0))},
				Marks: protocol.Text{
					"en": "A burn mark the size of a coin on the left wrist.",
					"fr": "Une trace de brûlure de la taille d’une pièce au poignet gauche."},
				Clothing: protocol.Text{
					"en": "Red football shirt with the number 8, grey shorts.",
					"fr": "Maillot de football rouge avec le numéro 8, short gris."},
			}},
			Companions: []protocol.Companion{{
				Relation: "stranger", Sex: "male", Hair: []protocol.HairColour{"grey"}, Height: protocol.Height{Min: 170, Max: 180},
				Appearance: protocol.Text{
					"en": "About fifty, long dark coat, walks with a stick.",
					"fr": "Environ cinquante ans, long manteau sombre, marche avec une canne."},
			}},
		},
		Members: protocol.Members{
			Children:     []protocol.MemberChild{{Birth: day(born), OtherNames: []string{"Bazou Ormevent"}, Nationalities: []string{"XA"}}},
			Destinations: []string{"The night ferry to Anemopetra"},
			Vehicle:      "Dark green estate car, plate ending in 77 B",
			LegalBasis:   "police_request",
		},
		Local: protocol.Local{
			Guardian: "Célestine Ormevent, mother", Contact: "+0 99 501 7731 0005", Address: "4 passage du Tilleul, Sainte-Ombre",
			School: "École des Trois Sources", LegalBasis: "police_request",
			Notes: "Two callers named the same kiosk. Inspector Galet follows it up.",
		},
		Photos: []SeedPhoto{
			{Look: look, Kind: protocol.Portrait, Taken: day(before(lost, 0, 2, 4))},
			{Look: look.calm(0x3d6fb6), Kind: protocol.Portrait, Taken: month(before(lost, 0, 6, 0))},
		},
	}
}
