package protocoltest

import (
	"time"

	"github.com/gmcn/gmcn/protocol"
)

// zahira is a country of springs and a silver coast that speaks Arabic and French.
func zahira(now time.Time) Country {
	return Country{
		Code:         "XC",
		CountryNames: protocol.Text{"ar": "زاهرة", "fr": "Zahira", "en": "Zahira", "el": "Ζαχίρα"},
		Names: protocol.Text{"ar": "بيت القمر", "fr": "La Maison de la Lune",
			"en": "House of the Moon", "el": "Το Σπίτι του Φεγγαριού"},
		Hotlines: []protocol.Hotline{
			{Number: "+0 99 201", Label: protocol.Text{"ar": "ليلاً ونهاراً، مجاناً", "fr": "Jour et nuit, appel gratuit",
				"en": "Day and night, free of charge", "el": "Όλο το εικοσιτετράωρο, χωρίς χρέωση"}},
			{Number: "+0 99 202", Label: protocol.Text{"ar": "من خارج البلاد", "fr": "Depuis l’étranger",
				"en": "From abroad", "el": "Από το εξωτερικό"}},
		},
		Languages: []string{"ar", "fr"},
		Brand:     "#7a2e5d",
		Accent:    "#8fd6a8",
		Cases:     []Seed{abdArRahman(now), found(now), raghad(now), yasir(now)},
	}
}

// abdArRahman has the longest name in a right-to-left script.
func abdArRahman(now time.Time) Seed {
	lost := before(now, 0, 0, 1)
	born := before(lost, 6, 8, 11)
	look := Look{Seed: 301, Age: 6, Skin: SkinBronze, Hair: HairBlack, Eyes: EyesDark, Style: Cropped, Smile: true,
		Top: 0xf4e9d8, Cloth: 0x2b4c7e, Background: 0xc9dbe8}
	return Seed{
		Case: protocol.Case{
			Kind: protocol.LostInjured, Urgent: true, Since: day(lost),
			From:   protocol.Place{Country: "XC", Area: "إقليم السواقي (as-Sawaqi)", Locality: "عين الغزلان (Ayn al-Ghizlan)"},
			Agency: protocol.Agency{Name: "شرطة إقليم السواقي", Phone: "+0 99 211"},
			What: protocol.Text{
				"ar": "ابتعد عبد الرحمن عن عائلته في السوق الأسبوعي بعين الغزلان قبيل الغروب. قد يكون خائفاً أو متعباً فلا يجيب. يُرجى النظر في الأفنية والمخازن والسيارات المتوقفة.",
				"fr": "Abd ar-Rahman s’est éloigné de sa famille au marché d’Ayn al-Ghizlan, peu avant le coucher du soleil. Effrayé ou fatigué, il peut ne pas répondre. Merci de regarder dans les cours, les remises et les voitures.",
				"en": "Abd ar-Rahman wandered away from his family at the weekly market of Ayn al-Ghizlan shortly before sunset. Frightened or tired, he may not answer. Please look in yards, sheds and parked cars.",
			},
			Children: []protocol.Child{{
				Name:       "عبد الرحمن بن سليمان بن يوسف آل قوس قزح",
				OtherNames: []string{"Abd ar-Rahman ibn Sulayman ibn Yusuf Al Qaws Quzah"},
				BirthYear:  uint16(born.Year()), Age: aged(6), Sex: "male",
				Eyes: "brown", Hair: []protocol.HairColour{"black"}, Languages: []string{"ar"},
				Height: protocol.Height{Min: 115, Max: 119, AsOf: month(before(lost, 0, 4, 0))},
				Weight: protocol.Weight{Min: 200, Max: 220, AsOf: month(before(lost, 0, 4, 0))},
				Marks: protocol.Text{
					"ar": "شامة صغيرة على الكتف الأيمن.",
					"fr": "Un petit grain de beauté sur l’épaule droite.",
					"en": "A small mole on the right shoulder."},
				Clothing: protocol.Text{
					"ar": "قميص أصفر، سروال أزرق، صندل بني.",
					"fr": "Chemise jaune, pantalon bleu, sandales brunes.",
					"en": "Yellow shirt, blue trousers, brown sandals."},
			}},
		},
		Members: protocol.Members{
			Children:   []protocol.MemberChild{{Birth: day(born), OtherNames: []string{"عبّودي قوس قزح"}, Nationalities: []string{"XC"}}},
			LegalBasis: "guardian_consent",
		},
		Local: protocol.Local{
			Guardian: "سليمان آل قوس قزح، الأب", Contact: "+0 99 503 9020 0001", Address: "زقاق الفوانيس 14، عين الغزلان",
			School: "روضة العصافير الخضراء", Medical: "ضعيف السمع في الأذن اليسرى", LegalBasis: "guardian_consent",
			Notes: "يستجيب لأغنية جدته، واتفقنا مع الأب على موعد كل صباح.",
		},
		Photos: []SeedPhoto{
			{Look: look, Kind: protocol.Portrait, Taken: day(before(lost, 0, 1, 2))},
			{Look: look.calm(0x2a9d8f), Kind: protocol.Portrait, Taken: month(before(lost, 0, 5, 0))},
		},
	}
}

// found is a child whom nobody has named: an estimated age, and no place nearer than the province.
func found(now time.Time) Seed {
	since := before(now, 0, 0, 10)
	look := Look{Seed: 304, Age: 4, Skin: SkinUmber, Hair: HairBlack, Eyes: EyesDark, Style: Curls,
		Top: 0x5b8e7d, Cloth: 0xc8553d, Background: 0xf7dcb4}
	return Seed{
		Case: protocol.Case{
			Kind: protocol.UnidentifiedFound, Since: day(since),
			From:   protocol.Place{Country: "XC", Area: "الساحل الفضي (as-Sahil al-Fiddi)"},
			Agency: protocol.Agency{Name: "محكمة الأسرة بالساحل الفضي", Phone: "+0 99 212"},
			What: protocol.Text{
				"ar": "عُثر على طفل صغير وحده، وهو الآن في أيدٍ أمينة. لا يذكر اسم عائلته بعد، ويخلط كلمات من أكثر من لغة. هل تعرفون من يكون؟ يُرجى الاتصال بنا.",
				"fr": "Un petit garçon a été trouvé seul. Il est entre de bonnes mains. Il ne dit pas encore son nom de famille et mêle des mots de plusieurs langues. Savez-vous qui il est\u00a0? Appelez-nous.",
				"en": "A small boy was found alone and is in good hands. He does not yet say his family name and mixes words of more than one language. Do you know who he is? Please call.",
			},
			Children: []protocol.Child{{
				Age: protocol.Age{Min: 3, Max: 5, Unit: protocol.Years}, Sex: "male",
				Eyes: "brown", Hair: []protocol.HairColour{"black"}, Languages: []string{"ar", "fr"},
				Height: protocol.Height{Min: 101, Max: 101, AsOf: day(since)},
				Weight: protocol.Weight{Min: 158, Max: 158, AsOf: day(since)},
				Marks: protocol.Text{
					"ar": "أثر جرح قديم على الركبة اليسرى.",
					"fr": "Une ancienne cicatrice au genou gauche.",
					"en": "An old scar on the left knee."},
				Clothing: protocol.Text{
					"ar": "سترة صوفية خضراء وحذاء كبير عليه قليلاً.",
					"fr": "Gilet de laine vert, chaussures un peu grandes.",
					"en": "Green woollen cardigan, shoes a little too large."},
			}},
		},
		Members: protocol.Members{
			Children:   []protocol.MemberChild{{OtherNames: []string{"يقول إن اسمه دودو", "Says that he is Doudou"}}},
			Companions: protocol.Text{"ar": "رُئيت قربه امرأة بشال رمادي.", "en": "A woman in a grey shawl was seen near him."},
			LegalBasis: "court_order",
		},
		Local: protocol.Local{
			Guardian: "قاضي الأسرة، الملف 512", Contact: "court@sahil-fiddi.example", Address: "دار الياسمين، الغرفة الثانية", InCare: true,
			Medical: "تعافى من سعال خفيف", LegalBasis: "court_order",
			Notes: "المترجمة تزوره يوم الأحد ومعها كتب مصورة.",
		},
		Photos: []SeedPhoto{
			{Look: look, Kind: protocol.Portrait, Taken: day(before(now, 0, 0, 8))},
		},
	}
}

// raghad wears a headscarf: her hair is known but not seen.
func raghad(now time.Time) Seed {
	lost := before(now, 0, 0, 43)
	born := before(lost, 13, 2, 18)
	look := Look{Seed: 307, Age: 13, Skin: SkinHoney, Hair: HairDark, Eyes: EyesHazel, Style: Headscarf, Smile: true,
		Top: 0xf4e9d8, Cloth: 0x3a7ca5, Background: 0xe6d3ee}
	return Seed{
		Case: protocol.Case{
			Kind: protocol.EndangeredMissing, Since: day(lost),
			From:   protocol.Place{Country: "XC", Area: "إقليم السواقي (as-Sawaqi)", Locality: "باب النسيم (Bab an-Nasim)"},
			Agency: protocol.Agency{Name: "شرطة إقليم السواقي", Phone: "+0 99 211"},
			What: protocol.Text{
				"ar": "خرجت رغد صباحاً لزيارة قريبة لها في باب النسيم ولم تصل. ليس من عادتها أن تتأخر. نرجو ممن رآها في الطريق أو في الحافلة أن يتصل بنا.",
				"fr": "Raghad est sortie le matin pour rendre visite à une parente à Bab an-Nasim et n’est pas arrivée. Elle n’est jamais en retard. Si vous l’avez vue en chemin ou dans le car, appelez-nous.",
				"en": "Raghad left in the morning to visit a relative in Bab an-Nasim and did not arrive. It is not like her to be late. If you saw her on the way or on the bus, please call.",
			},
			Children: []protocol.Child{{
				Name: "رغد ياسمين الفجر", OtherNames: []string{"Raghad Yasmin al-Fajr"}, BirthYear: uint16(born.Year()), Age: aged(13), Sex: "female",
				Eyes: "hazel", Hair: []protocol.HairColour{"brown"}, Languages: []string{"ar", "fr"},
				Height: protocol.Height{Min: 152, Max: 156, AsOf: year(before(lost, 0, 3, 0))},
				Marks: protocol.Text{
					"ar": "وحمة صغيرة على ظهر اليد اليمنى.",
					"fr": "Une petite tache de naissance sur le dos de la main droite.",
					"en": "A small birthmark on the back of the right hand."},
				Clothing: protocol.Text{
					"ar": "حجاب أزرق، معطف رمادي طويل، حقيبة بيضاء.",
					"fr": "Foulard bleu, long manteau gris, sac blanc.",
					"en": "Blue headscarf, long grey coat, white bag."},
			}},
		},
		Members: protocol.Members{
			Children:     []protocol.MemberChild{{Birth: day(born), OtherNames: []string{"رغودة ياسمين الفجر"}, Nationalities: []string{"XC"}}},
			Destinations: []string{"خالتها في مرسى القمر"},
			LegalBasis:   "police_request",
		},
		Local: protocol.Local{
			Guardian: "سناء ياسمين الفجر، الأم", Contact: "+0 99 503 9020 0003", Address: "حي الطواحين، البيت الأزرق",
			School: "إعدادية الينابيع السبعة", Medical: "تتناول دواءً كل مساء", LegalBasis: "police_request",
			Notes: "صديقتها المقربة تريد الحديث معنا دون حضور الأهل.",
		},
		Photos: []SeedPhoto{
			{Look: look, Kind: protocol.Portrait, Taken: month(before(lost, 0, 1, 0))},
			{Look: look.calm(0xe78fb3), Kind: protocol.Portrait, Taken: month(before(lost, 0, 1, 25))},
		},
	}
}

// yasir has been out of touch since a year of which nobody knows the month.
func yasir(now time.Time) Seed {
	lost := year(before(now, 2, 0, 0))
	born := protocol.Date{Year: lost.Year - 13}
	look := Look{Seed: 310, Age: 12, Skin: SkinOlive, Hair: HairBrown, Eyes: EyesGreen, Style: Short, Smile: true,
		Top: 0xd1495b, Cloth: 0x5b8e7d, Background: 0xd6dcf5}
	return Seed{
		Case: protocol.Case{
			Kind: protocol.Unaccompanied, Since: lost,
			From: protocol.Place{Country: "XC", Area: "الساحل الفضي (as-Sahil al-Fiddi)", Locality: "مرسى القمر (Marsa al-Qamar)"},
			What: protocol.Text{
				"ar": "غادر ياسر مع مجموعة من المسافرين، وانقطعت أخباره منذ ذلك الحين. قد يكون اليوم في بلد آخر، وباسم كُتب بطريقة مختلفة. أي خبر عنه، ولو كان قديماً، يفيد عائلته.",
				"fr": "Yasir est parti avec un groupe de voyageurs et n’a plus donné de nouvelles. Il est peut-être dans un autre pays, sous un nom écrit autrement. Toute nouvelle, même ancienne, aide sa famille.",
				"en": "Yasir left with a group of travellers and has not been heard of since. He may be in another country, under a name spelt differently. Any news, however old, helps his family.",
			},
			Children: []protocol.Child{{
				Name: "ياسر بن الغيمة", OtherNames: []string{"Yasir ibn al-Ghayma", "Yassir Ben El Gheima"}, BirthYear: born.Year,
				Age: protocol.Age{Min: 12, Max: 13, Unit: protocol.Years}, Sex: "male",
				Eyes: "green", Hair: []protocol.HairColour{"brown"}, Languages: []string{"ar"},
				Height: protocol.Height{Min: 145, Max: 155, AsOf: lost},
				Marks: protocol.Text{
					"ar": "ندبة رفيعة على الساعد الأيسر.",
					"fr": "Une fine cicatrice à l’avant-bras gauche.",
					"en": "A thin scar on the left forearm."},
				Clothing: protocol.Text{
					"ar": "قميص رياضي أحمر عند المغادرة.",
					"fr": "Un maillot rouge à son départ.",
					"en": "A red sports shirt when he left."},
			}},
		},
		Members: protocol.Members{
			Children:     []protocol.MemberChild{{Birth: born, OtherNames: []string{"Yasser Ben Ghaima"}, Nationalities: []string{"XC"}}},
			Destinations: []string{"Ferries to Nea Almyra, Thalassia", "A brother in Brackwater, Arvenia"},
			LegalBasis:   "guardian_consent",
		},
		Local: protocol.Local{
			Guardian: "إدريس بن الغيمة، الجد", Contact: "idris@al-ghayma.example", Address: "مزرعة الرمان، خارج مرسى القمر",
			School: "مدرسة الميناء القديم", LegalBasis: "guardian_consent",
			Notes: "الجد لا يقرأ، فنقرأ عليه كل رسالة بالهاتف.",
		},
		Photos: []SeedPhoto{
			{Look: look, Kind: protocol.Portrait, Taken: protocol.Date{Year: lost.Year - 1}},
		},
	}
}
