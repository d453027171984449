// The control socket: what the desk is told, and what it asks for. It comes back by itself.

const HERE_MS = 5000;
const UNANSWERED = 3; // a network that went away says nothing: 15 s of silence are its end
const PAUSES_MS = [300, 1000, 3000];
const ANOTHER_PAGE = 4002;

export class Control {
  #told;
  #socket = null;
  #failures = 0;
  #unanswered = 0;
  #isOver = false;

  /** told: { state, note, lost, elsewhere, refused } */
  constructor(told) {
    this.#told = told;
    setInterval(() => this.#ask(), HERE_MS);
  }

  open() {
    this.#isOver = false;
    const url = new URL("control", location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url);
    let opened = false;
    this.#unanswered = 0;
    socket.onopen = () => { opened = true; this.#failures = 0; };
    socket.onmessage = ({ data }) => {
      this.#unanswered = 0;
      const said = JSON.parse(data);
      if (said.say === "state") this.#told.state(said);
      else this.#told.note(said);
    };
    socket.onclose = ({ code }) => {
      if (this.#socket !== socket || this.#isOver) return;
      if (code === ANOTHER_PAGE) this.#told.elsewhere();
      else this.#again(opened);
    };
    this.#socket = socket;
  }

  close() {
    this.#isOver = true;
    this.#socket?.close();
  }

  order(verb, fields = {}) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#socket.send(JSON.stringify({ do: verb, ...fields }));
  }

  /** Say that the page lives, which is answered; a socket that stays silent is given up. */
  #ask() {
    const socket = this.#socket;
    if (!socket || socket.readyState > WebSocket.OPEN) return;
    if (this.#unanswered < UNANSWERED) {
      this.#unanswered += 1;
      this.order("here");
      return;
    }
    this.#socket = null; // without a network it would take long to close
    socket.close();
    this.#again(true);
  }

  async #again(opened) {
    this.#told.lost();
    const pause = PAUSES_MS[Math.min(this.#failures, PAUSES_MS.length - 1)];
    this.#failures += 1;
    await new Promise((resolve) => setTimeout(resolve, pause));
    if (this.#isOver) return;
    // A socket that never opened tells no reason: perhaps we are logged out.
    if (!opened && await isLoggedOut()) this.#told.refused();
    else this.open();
  }
}

export async function whoAmI() {
  return (await (await fetch("me")).json()).name;
}

async function isLoggedOut() {
  try {
    return (await whoAmI()) === null;
  } catch {
    return false; // nobody answers: try again
  }
}
