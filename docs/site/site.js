// The search, and the switch between light and dark. The index is a script, as file:// needs.
const root = document.currentScript.dataset.root;
const input = document.getElementById("search"), results = document.getElementById("results");
let entries = null, chosen = -1;

// --- Light and dark: as the system says, until the reader chooses.
const theme = document.getElementById("theme");
function show_theme() {
  const now = document.documentElement.dataset.theme;
  theme.textContent = now === "dark" ? "☾ dark" : now === "light" ? "☀ light" : "◐ auto";
}
theme.addEventListener("click", () => {
  const next = { "": "dark", dark: "light", light: "" };
  document.documentElement.dataset.theme = next[document.documentElement.dataset.theme || ""];
  try { localStorage.setItem("crisp-theme", document.documentElement.dataset.theme); } catch (e) {}
  show_theme();
});
show_theme();

const here = document.querySelector(".menu [aria-current]");
if (here) here.closest(".menu").scrollTop = here.offsetTop - 200;

// --- The search.
function load(then) {
  if (entries) return then();
  const script = document.createElement("script");
  script.src = root + "search_index.js";
  script.onload = () => {
    entries = window.crispIndex.map(([name, where, address, text]) =>
      ({ name, where, address, text, low: name.toLowerCase(), low_text: text.toLowerCase() }));
    then();
  };
  document.head.append(script);
}

// How well an entry fits the words; 0 if one of them is nowhere, unless any will do.
function score(entry, words, any) {
  let sum = 0;
  for (const word of words) {
    const last = entry.low.split("::").pop();
    if (entry.low === word || last === word) sum += 100;
    else if (entry.low.startsWith(word) || last.startsWith(word)) sum += 40;
    else if (entry.low.includes(word)) sum += 20;
    else if (entry.low_text.includes(word) || entry.where.toLowerCase().includes(word)) sum += 5;
    else if (!any) return 0;
  }
  if (!entry.text && /::[a-z]\w*$/.test(entry.name)) sum *= 0.15;  // a field that nothing is said of
  return sum > 0 ? sum - Math.min(entry.name.length, 40) / 20 : 0;
}

function marked(text, words) {
  const escaped = text.replace(/[&<>]/g, c => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[c]);
  const pattern = words.map(w => w.replace(/[.*+?^${}()|[\]\\&<>]/g, "\\$&")).join("|");
  return escaped.replace(new RegExp(pattern, "gi"), "<mark>$&</mark>");
}

// The part of the text around the first word that is found.
function excerpt(entry, words) {
  const at = Math.max(0, ...words.map(word => entry.low_text.indexOf(word)));
  const begin = at > 70 ? entry.text.indexOf(" ", at - 60) + 1 : 0;
  const end = begin + 150;
  return (begin ? "… " : "") + entry.text.slice(begin, end) + (entry.text.length > end ? " …" : "");
}

function best(words, any) {
  return entries.map(entry => [score(entry, words, any), entry]).filter(([points]) => points > 0)
    .sort((a, b) => b[0] - a[0]).slice(0, 30);
}

function search() {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  results.hidden = words.length === 0;
  if (results.hidden) return;
  let found = best(words, false);
  if (found.length === 0) found = best(words, true);
  const rows = found.map(([, entry]) =>
    `<li><a href="${root}${entry.address}"><i>${marked(entry.where, words)}</i>` +
    `<b>${marked(entry.name, words)}</b><small>${marked(excerpt(entry, words), words)}</small></a></li>`);
  results.innerHTML = rows.join("") || '<li class="none">Nothing was found.</li>';
  choose(0);
}

function choose(number) {
  const rows = [...results.querySelectorAll("li")];
  chosen = Math.max(0, Math.min(number, rows.length - 1));
  rows.forEach((row, i) => row.classList.toggle("chosen", i === chosen));
  rows[chosen]?.scrollIntoView({ block: "nearest" });
}

input.addEventListener("input", () => load(search));
input.addEventListener("keydown", event => {
  if (event.key === "ArrowDown") choose(chosen + 1);
  else if (event.key === "ArrowUp") choose(chosen - 1);
  else if (event.key === "Enter") results.querySelectorAll("a")[chosen]?.click();
  else if (event.key === "Escape") { input.value = ""; results.hidden = true; return; }
  else return;
  event.preventDefault();
});
results.addEventListener("click", () => { results.hidden = true; });
document.addEventListener("click", event => { if (!event.target.closest(".search")) results.hidden = true; });
document.addEventListener("keydown", event => {
  if (event.key !== "/" || event.target.closest("input, textarea")) return;
  event.preventDefault();
  input.focus();
});

// A page may be opened with a search: index.html?search=conv2d.
const wanted = new URLSearchParams(location.search).get("search");
if (wanted) { input.value = wanted; load(search); }
