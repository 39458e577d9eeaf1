package typeset

// sample is a text of a poster in one language. The people in them are invented.
type sample struct {
	lang string
	rtl  bool
	text string
}

var samples = []sample{
	{"en", false, "Have you seen this child? Mia Örsted-O’Neill, 11, left the “Harbour” bus stop at 16:40."},
	{"es", false, "¿Has visto a esta niña? Lucía Ibáñez, de 9 años, salió del colegio a las 15:30."},
	{"pt-BR", false, "Você viu esta criança? João Conceição, 10 anos, saiu da praça às 17h."},
	{"pt-PT", false, "Viste esta criança? Inês Simões, 12 anos, desapareceu em Évora à tarde."},
	{"fr", false, "Avez-vous vu cet enfant ? Noël Lefèvre, né à Nîmes, portait un gilet « bleu ciel » et des chaussures à œillets."},
	{"de", false, "Wer hat dieses Kind gesehen? Jürgen Groß, 8 Jahre, aus Köln-Mülheim, trug eine weiße Mütze."},
	{"nl", false, "Heeft u dit kind gezien? Zoë van ’t Hoff, 7 jaar, uit Den Haag, op een blauwe fiets; ĳsmuts."},
	{"it", false, "Hai visto questo bambino? Nicolò Città, 6 anni, perché è uscito da solo più tardi."},
	{"el", false, "Μήπως είδατε αυτό το παιδί; Η Άννα Ξύδη, 10 ετών, φορούσε ριγέ μπλούζα· εξαφανίστηκε στη Λαμία."},
	{"sq", false, "A e keni parë këtë fëmijë? Çlirim Gjoka, 9 vjeç, nga Shkodra."},
	{"sr-Cyrl", false, "Да ли сте видели ово дете? Ђорђе Љубић, 11 година, из Чачка, бгдпт."},
	{"sr-Latn", false, "Da li ste videli ovo dete? Đorđe Ljubić, 11 godina, iz Čačka."},
	{"ro", false, "Ați văzut acest copil? Ștefan Țîrlea, 10 ani, din Brașov, lângă piață."},
	{"pl", false, "Czy widziałeś to dziecko? Łucja Żółć, 12 lat, wyszła z domu w Łodzi."},
	{"ru", false, "Вы видели этого ребёнка? Семён Щёголев, 9 лет, ушёл из дома в Подъячево."},
	{"be", false, "Ці бачылі вы гэтае дзіця? Іўга Шчасны, 8 гадоў, з Магілёва."},
	{"ko", false, "이 아이를 보셨나요? 홍가람, 열한 살, 부산역 근처에서 마지막으로 목격되었습니다."},
	{"ar", true, "هل رأيت هذه الطفلة؟ ليلى (١١ سنة) من تونس، لا تزال مفقودة منذ 2026."},
	{"tr", false, "Bu çocuğu gördünüz mü? Işıl Güneş, 9 yaşında, İzmir’den ağaçlığa doğru gitti."},
	{"uk", false, "Ви бачили цю дитину? Їжак Ґалаґан, 10 років, з м. Бердичів, об’їзна."},
	{"zh-Hant", false, "您見過這個孩子嗎？陳小明，十一歲，最後在臺北車站被看見。"},
	{"fa", true, "آیا این کودک را دیده\u200cاید؟ پریسا گرامی، ۱۱ ساله، از شیراز می\u200cآمد."},
	{"hi", false, "क्या आपने इस बच्ची को देखा है? श्रुति क्षत्रिय, कार्तिक विद्यार्थी, उम्र ११ वर्ष।"},
	{"th", false, "คุณเห็นเด็กคนนี้ไหม น้ำผึ้ง ญาติ อายุ ๑๑ ปี หายไปที่สถานีรถไฟ กตัญญู ฐุ"},
	{"ur", true, "کیا آپ نے اس بچے کو دیکھا ہے؟ عائشہ نستعلیق، عمر ۱۱ سال، لاہور سے لاپتہ ہے۔"},
	{"he", true, "האם ראיתם את הילדה הזאת? נועה בן־ארי, בת 11, מתל־אביב (יפו), צה״ל."},
	{"am", false, "ይህን ልጅ አይተዋል? አበበ ተስፋዬ፣ ዕድሜ ፲፩፣ ከአዲስ አበባ።"},
	{"ka", false, "გინახავთ ეს ბავშვი? ნინო წყალტუბელი, 11 წლის."},
	{"hy", false, "Տեսե՞լ եք այս երեխային։ Արամ Ճոճյան, 11 տարեկան։"},
	{"bn", false, "আপনি কি এই শিশুটিকে দেখেছেন? শ্রেয়া বন্দ্যোপাধ্যায়, বয়স ১১, ঢাকা।"},
	{"ta", false, "இந்தக் குழந்தையைப் பார்த்தீர்களா? கோமதி ஸ்ரீநிவாசன், வயது 11."},
	{"km", false, "តើអ្នកបានឃើញក្មេងនេះទេ? សុខ ស្រីម៉ៅ អាយុ ១១ ឆ្នាំ ភ្នំពេញ។"},
	{"my", false, "ဤကလေးကို တွေ့ဖူးပါသလား။ မောင်ကျော်စွာ အသက် ၁၁ နှစ်၊ ရန်ကုန်မြို့။"},
	{"si", false, "ඔබ මේ දරුවා දැක තිබේද? ශ්\u200dරීමතී ක්\u200dරිෂාන්ති, වයස 11, කොළඹ."},
	{"pa", false, "ਕੀ ਤੁਸੀਂ ਇਸ ਬੱਚੇ ਨੂੰ ਦੇਖਿਆ ਹੈ? ਗੁਰਪ੍ਰੀਤ ਸਿੰਘ, ਉਮਰ ੧੧ ਸਾਲ।"},
	{"gu", false, "શું તમે આ બાળકને જોયું છે? શ્રેયા ક્ષત્રિય, ઉંમર ૧૧ વર્ષ."},
	{"te", false, "మీరు ఈ బిడ్డను చూశారా? లక్ష్మి శ్రీనివాస్, వయస్సు 11."},
	{"kn", false, "ನೀವು ಈ ಮಗುವನ್ನು ನೋಡಿದ್ದೀರಾ? ಲಕ್ಷ್ಮಿ ಶ್ರೀನಿವಾಸ, ವಯಸ್ಸು ೧೧."},
	{"ml", false, "ഈ കുട്ടിയെ കണ്ടിട്ടുണ്ടോ? ലക്ഷ്മി ശ്രീനിവാസൻ, വയസ്സ് 11, കൊച്ചി."},
	{"lo", false, "ທ່ານເຫັນເດັກນ້ອຍຄົນນີ້ບໍ? ນ້ຳຝົນ ອາຍຸ ໑໑ ປີ ວຽງຈັນ"},
	{"dv", true, "މި ކުއްޖާ ފެނުނުތަ؟ އައިޝަތު، އުމުރުން 11 އަހަރު، މާލެ."},
	{"ja", false, "この子を見ませんでしたか。葛城さくら、十一歳、「東京駅」で最後に目撃されました。"},
	{"zh-Hans", false, "您见过这个孩子吗？陈小明，十一岁，最后在上海火车站被看见。"},
	{"vi", false, "Bạn có thấy đứa trẻ này không? Nguyễn Thị Mỹ Hạnh, 11 tuổi, ở Huế."},
}
