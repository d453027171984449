// The control socket: what the desk is told, and what it asks for. It comes back by itself.

const HERE_MS = 5000;
const PAUSES_MS = [300, 1000, 3000];
const ANOTHER_PAGE = 4002;

export class Control {
  #told;
  #socket = null;
  #failures = 0;
  #isOver = false;

  /** told: { state, note, lost, elsewhere, refused } */
  constructor(told) {
    this.#told = told;
    setInterval(() => this.order("here"), HERE_MS);
  }

  open() {
    this.#isOver = false;
    const url = new URL("control", location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url);
    let opened = false;
    socket.onopen = () => { opened = true; this.#failures = 0; };
    socket.onmessage = ({ data }) => {
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
