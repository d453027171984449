// The page's texts: by key, in the language chosen, the names filled in.
// They come from gettext's catalogues on the server; what one lacks is said in English.

const CHOSEN = "desk.language";
let catalogues = { en: {} };
let language = "en";

export async function loadWords() {
  catalogues = await (await fetch("words.json")).json();
  language = wanted();
}

export function languages() {
  return Object.entries(catalogues).map(([code, words]) => [code, words.language]);
}

export function chosen() { return language; }

export function choose(code) {
  language = code;
  try { localStorage.setItem(CHOSEN, code); } catch { /* private windows keep nothing */ }
}

export function say(key, gaps = {}) {
  const text = catalogues[language]?.[key] ?? catalogues.en[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (gap, name) => gaps[name] ?? gap);
}

/** Fill in every element that names its text. */
export function fillIn(root = document) {
  document.documentElement.lang = language.replace("_", "-");
  document.title = say("desk.title");
  for (const element of root.querySelectorAll("[data-word]")) {
    element.textContent = say(element.dataset.word);
  }
}

function wanted() {
  let kept = null;
  try { kept = localStorage.getItem(CHOSEN); } catch { /* as above */ }
  if (kept in catalogues) return kept;
  for (const tag of navigator.languages) {
    if (/^zh\b.*(TW|HK|MO|Hant)/i.test(tag)) return "zh_TW";
    if (/^zh\b/i.test(tag)) return "zh_CN";
    if (/^en\b/i.test(tag)) return "en";
  }
  return "en";
}
