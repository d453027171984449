// The list of who waits. Elements are kept while their kiosk waits, so that the keyboard's
// focus stays where it is however often the list changes.

import { say } from "./words.js";

export class Line {
  #items = new Map();
  #list;
  #answer;
  #since = new Map();
  #isFree = true;

  constructor(list, answer) {
    this.#list = list;
    this.#answer = answer;
    setInterval(() => this.#tick(), 1000);
  }

  /** Show who waits; return the names of those who are new, and answered by nobody. */
  show(waiting, isFree) {
    this.#isFree = isFree;
    const fresh = [];
    const ids = new Set(waiting.map(({ id }) => id));
    for (const [id, item] of this.#items) {
      if (!ids.has(id)) this.#drop(id, item);
    }
    for (const waiter of waiting) {
      if (!this.#items.has(waiter.id)) {
        this.#items.set(waiter.id, this.#newItem(waiter.id));
        if (!waiter.answeredBy) fresh.push(waiter.name);
      }
      this.#since.set(waiter.id, performance.now() - waiter.waitedMs);
      const item = this.#items.get(waiter.id);
      this.#fill(item, waiter);
      if (!item.root.isConnected) this.#list.append(item.root);
    }
    return fresh;
  }

  #drop(id, { root }) {
    const hadFocus = root.contains(document.activeElement);
    root.remove();
    this.#items.delete(id);
    this.#since.delete(id);
    if (hadFocus) document.getElementById("line-title").focus();
  }

  #newItem(id) {
    const root = document.createElement("li");
    const parts = {};
    for (const name of ["name", "where", "how"]) {
      parts[name] = document.createElement("span");
      parts[name].className = name;
      root.append(parts[name]);
    }
    parts.button = document.createElement("button");
    parts.button.type = "button";
    parts.button.addEventListener("click", () => {
      if (parts.button.getAttribute("aria-disabled") !== "true") this.#answer(id);
    });
    root.append(parts.button);
    return { root, ...parts };
  }

  #fill(item, waiter) {
    item.waiter = waiter;
    put(item.name, waiter.name);
    put(item.where, waiter.branch);
    put(item.button, say("waiting.answer"));
    item.button.setAttribute("aria-label", say("waiting.answer_whom", { name: waiter.name }));
    // Not "disabled", which would take the focus away from under somebody's fingers.
    item.button.setAttribute("aria-disabled", String(!(waiter.answerable && this.#isFree)));
    this.#time(item);
  }

  #tick() { for (const item of this.#items.values()) this.#time(item); }

  #time({ how, waiter }) {
    const passed = performance.now() - this.#since.get(waiter.id);
    const said = [say("waiting.time", { time: clock(passed) })];
    if (waiter.position > 0) said.push(say("waiting.place", { place: waiter.position }));
    if (waiter.answeredBy) said.push(say("waiting.answered", { name: waiter.answeredBy }));
    put(how, said.join(" · "));
  }
}

export function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function clock(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
