// Shows the poster anew whenever the form changes. Without it a button does.
const form = document.querySelector("form[data-poster]");
const live = document.querySelector("[data-live]");
let wait, turn = 0;

async function show() {
	const mine = ++turn;
	const url = new URL(form.getAttribute("action") || location.pathname, location.href);
	url.search = new URLSearchParams(new FormData(form)).toString();
	live.setAttribute("aria-busy", "true");
	try {
		const answer = await fetch(url);
		if (!answer.ok) throw new Error(String(answer.status));
		const page = new DOMParser().parseFromString(await answer.text(), "text/html");
		if (mine !== turn) return;
		for (const part of document.querySelectorAll("[data-part]")) {
			const fresh = page.querySelector(`[data-part="${part.dataset.part}"]`);
			if (fresh) part.replaceWith(document.adoptNode(fresh));
		}
		history.replaceState(null, "", url);
	} catch {
		if (mine === turn) form.submit();
	} finally {
		live.removeAttribute("aria-busy");
	}
}

if (form && live) {
	form.addEventListener("change", () => {
		clearTimeout(wait);
		wait = setTimeout(show, 150);
	});
}
