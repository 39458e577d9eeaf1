// Marks the ends of words with U+200B in languages that write none, when the officer leaves a text: posters break their lines
// there. Without it they break between syllables. The mark is not seen, and is not searched or copied.
const letter = { th: /\p{Script=Thai}/u, lo: /\p{Script=Lao}/u, km: /\p{Script=Khmer}/u, my: /\p{Script=Myanmar}/u };

function marked(text, lang) {
	const [tag] = lang.split("-");
	if (!Object.hasOwn(letter, tag) || !Intl.Segmenter) return text;
	const whole = text.replaceAll("\u200b", "");
	let out = "";
	for (const { segment, isWordLike } of new Intl.Segmenter(lang, { granularity: "word" }).segment(whole)) {
		const before = Array.from(out.slice(-2)).pop() ?? "";
		const first = Array.from(segment)[0];
		if (isWordLike && letter[tag].test(before) && letter[tag].test(first)) out += "\u200b";
		out += segment;
	}
	return out;
}

document.addEventListener("change", ({ target }) => {
	if (!target.matches("textarea[lang]")) return;
	const text = marked(target.value, target.lang);
	if (text !== target.value) target.value = text;
});
