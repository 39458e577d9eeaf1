// Moves the bar of something that is being made, and shows the page anew when it is done. Without it a link does.
const bar = document.querySelector("progress[data-live]");
const said = document.querySelector("[data-said]");

async function look() {
	try {
		const answer = await fetch(location.href);
		const page = new DOMParser().parseFromString(await answer.text(), "text/html");
		const fresh = page.querySelector("progress[data-live]");
		if (!fresh) {
			location.reload();
			return;
		}
		if (fresh.hasAttribute("value")) {
			bar.max = fresh.max;
			bar.value = fresh.value;
		}
		said.textContent = page.querySelector("[data-said]").textContent;
	} catch {
		// The node does not answer just now.
	}
	setTimeout(look, 1000);
}

if (bar) setTimeout(look, 500);
