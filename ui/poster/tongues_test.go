package poster

import (
	"strings"
	"testing"

	"github.com/gmcn/gmcn/protocol"
)

// tongue is one child's poster in the words of one language. The child, the place and the family are invented.
type tongue struct {
	name, place, what, clothing string
}

// tongues has the languages that posters come in; one that is not here is tried with the words of English. Thai words end at a bar, which stands for U+200B.
var tongues = map[string]tongue{
	"en": {"Mira Aldenhoven", "Port Avel",
		"Mira left school at about four in the afternoon and did not come home. She may have taken the bus towards the lake.",
		"Yellow raincoat, blue jeans"},
	"es": {"Lucía Ibarbengoa Núñez", "Puerto Avel",
		"Lucía salió del colegio hacia las cuatro de la tarde y no volvió a casa. Es posible que tomara el autobús hacia el lago.",
		"Impermeable amarillo y vaqueros azules"},
	"pt-BR": {"Conceição Brandalise", "Porto Avel",
		"Conceição saiu da escola por volta das quatro da tarde e não voltou para casa. Pode ter tomado o ônibus em direção ao lago.",
		"Capa de chuva amarela e calça jeans azul"},
	"pt-PT": {"Inês Simões Bragançal", "Porto Avel",
		"A Inês saiu da escola por volta das quatro da tarde e não regressou a casa. Pode ter apanhado o autocarro em direção ao lago.",
		"Gabardina amarela e calças de ganga azuis"},
	"fr": {"Chloé Bérangère-Noël", "Port-Avel",
		"Chloé a quitté l’école vers seize heures et n’est pas rentrée chez elle. Elle a peut-être pris le bus en direction du lac.",
		"Ciré jaune et jean bleu"},
	"de": {"Jördis Großweischede", "Avelhafen",
		"Jördis verließ gegen vier Uhr nachmittags die Schule und kam nicht nach Hause. Vielleicht ist sie mit dem Bus in Richtung See gefahren.",
		"Gelbe Regenjacke, blaue Jeans"},
	"nl": {"Zoë van ’t Hoffenbeek", "Avelhaven",
		"Zoë verliet rond vier uur ’s middags de school en kwam niet thuis. Misschien heeft ze de bus naar het meer genomen.",
		"Gele regenjas, blauwe spijkerbroek"},
	"it": {"Noemi Cittàbella", "Porto Avel",
		"Noemi è uscita da scuola verso le quattro del pomeriggio e non è tornata a casa. Forse ha preso l’autobus in direzione del lago.",
		"Impermeabile giallo, jeans blu"},
	"el": {"Ελένη Ξυδοπλαγιώτη", "Λιμένας Άβελ",
		"Η Ελένη έφυγε από το σχολείο γύρω στις τέσσερις το απόγευμα και δεν επέστρεψε στο σπίτι. Ίσως πήρε το λεωφορείο προς τη λίμνη.",
		"Κίτρινο αδιάβροχο, μπλε τζιν"},
	"sq": {"Çlirime Gjokutaj", "Porti Avel",
		"Çlirimja doli nga shkolla rreth orës katër pasdite dhe nuk u kthye në shtëpi. Mund të ketë marrë autobusin drejt liqenit.",
		"Mushama e verdhë, xhinse blu"},
	"sr-Cyrl": {"Ђурђица Љубићанин", "Лука Авел",
		"Ђурђица је око четири сата поподне изашла из школе и није дошла кући. Можда је аутобусом отишла према језеру.",
		"Жута кабаница, плаве фармерке"},
	"sr-Latn": {"Đurđica Ljubićanin", "Luka Avel",
		"Đurđica je oko četiri sata popodne izašla iz škole i nije došla kući. Možda je autobusom otišla prema jezeru.",
		"Žuta kabanica, plave farmerke"},
	"ro": {"Ștefania Țîrleanca", "Portul Avel",
		"Ștefania a plecat de la școală în jurul orei patru după-amiaza și nu a ajuns acasă. Este posibil să fi luat autobuzul spre lac.",
		"Pelerină galbenă, blugi albaștri"},
	"pl": {"Łucja Żółcińska", "Port Avel",
		"Łucja wyszła ze szkoły około czwartej po południu i nie wróciła do domu. Mogła pojechać autobusem w stronę jeziora.",
		"Żółta kurtka przeciwdeszczowa, niebieskie dżinsy"},
	"ru": {"Алёна Щукинцева", "Порт-Авель",
		"Алёна вышла из школы около четырёх часов дня и не вернулась домой. Возможно, она поехала на автобусе в сторону озера.",
		"Жёлтый плащ, синие джинсы"},
	"be": {"Іўга Шчасніца", "Порт-Авель",
		"Іўга выйшла са школы каля чатырох гадзін дня і не вярнулася дадому. Магчыма, яна паехала на аўтобусе ў бок возера.",
		"Жоўты дажджавік, сінія джынсы"},
	"uk": {"Їванна Ґалаґанець", "Порт-Авель",
		"Їванна вийшла зі школи близько четвертої години дня й не повернулася додому. Можливо, вона поїхала автобусом у бік озера.",
		"Жовтий дощовик, сині джинси"},
	"tr": {"Işıl Güneşçağ", "Avel Limanı",
		"Işıl saat dört sularında okuldan çıktı ve eve dönmedi. Göl yönüne giden otobüse binmiş olabilir.",
		"Sarı yağmurluk, mavi kot pantolon"},
	"ar": {"ليلى عبد الستار البحيري", "ميناء أفيل",
		"غادرت ليلى المدرسة نحو الساعة الرابعة عصراً ولم تعد إلى البيت. ربما استقلت الحافلة باتجاه البحيرة.",
		"معطف مطر أصفر وسروال جينز أزرق"},
	"fa": {"پریسا گرامی\u200cنژاد", "بندر آول",
		"پریسا حدود ساعت چهار بعدازظهر از مدرسه بیرون آمد و به خانه نرسید. شاید سوار اتوبوسی به سمت دریاچه شده باشد.",
		"بارانی زرد، شلوار جین آبی"},
	"hi": {"श्रुति क्षत्रियाणी", "एवेल बंदरगाह",
		"श्रुति दोपहर करीब चार बजे स्कूल से निकली और घर नहीं पहुँची। हो सकता है कि वह झील की ओर जाने वाली बस में बैठी हो।",
		"पीला रेनकोट, नीली जींस"},
	"th": {"น้ำผึ้ง ญาณกตัญญู", "ท่าเรือ|อเวล",
		"น้ำผึ้ง|ออก|จาก|โรงเรียน|ราว|สี่|โมง|เย็น|และ|ไม่|ได้|กลับ|บ้าน เธอ|อาจ|ขึ้น|รถ|โดยสาร|ไป|ทาง|ทะเลสาบ",
		"เสื้อ|กันฝน|สี|เหลือง กางเกง|ยีน|สี|น้ำเงิน"},
	"ko": {"홍가람새", "아벨항",
		"가람새는 오후 네 시쯤 학교를 나선 뒤 집에 돌아오지 않았습니다. 호수 방면 버스를 탔을 수 있습니다.",
		"노란색 우비, 파란색 청바지"},
	"zh-Hant": {"陳小螢", "阿維爾港",
		"小螢下午四點左右離開學校後沒有回家。她可能搭上了往湖邊的公車。",
		"黃色雨衣、藍色牛仔褲"},
}

// inTongue is a poster with everything on it in the words of a language.
func inTongue(t testing.TB, tag string, format Format) Input {
	t.Helper()
	w, ok := tongues[tag]
	if !ok {
		w = tongues["en"]
	}
	say := func(s string) string { return strings.ReplaceAll(s, "|", "\u200b") }
	in := sample(t, tag, format)
	in.Fonts = fontsOf(t, tag)
	c, child := in.Case, &in.Case.Children[0]
	child.Name, child.OtherNames = say(w.name), []string{tongues["ru"].name}
	c.From.Locality, c.From.Area = say(w.place), ""
	c.What = protocol.Text{tag: say(w.what)}
	child.Marks, child.Clothing = nil, protocol.Text{tag: say(w.clothing)}
	in.Organisation = protocol.Text{tag: say(w.place)}
	return in
}
