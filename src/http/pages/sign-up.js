/** Proof of work for the sign-up form: fetches a challenge of ours when the form is sent, solves it, and sends the form on. */
const form = document.querySelector("form[data-proof]");
const progress = form?.querySelector('[role="status"]');
const say = (text) => {
  if (progress) progress.textContent = text;
};

let busy = false;

// SHA-256 (FIPS 180-4) of one block: browsers have their own only on https, and a self-hosted page may be plain http.
const primes = [];
for (let n = 2; primes.length < 64; n++)
  if (primes.every((prime) => n % prime !== 0)) primes.push(n);
const fraction = (root) => ((root - Math.floor(root)) * 2 ** 32) | 0;
const k = Int32Array.from(primes, (prime) => fraction(Math.cbrt(prime)));
const start = Int32Array.from(primes.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));
const words = new Int32Array(64);
const turn = (x, by) => (x >>> by) | (x << (32 - by));

/** The hash of an ASCII text, in hex. */
const sha256 = (text) => {
  const blocks = Math.floor((text.length + 8) / 64) + 1;
  const bytes = new Uint8Array(blocks * 64);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  bytes[text.length] = 0x80;
  const view = new DataView(bytes.buffer);
  view.setUint32(bytes.length - 4, text.length * 8);
  const state = start.slice();
  for (let block = 0; block < blocks; block++) {
    for (let i = 0; i < 16; i++) words[i] = view.getInt32(block * 64 + i * 4);
    for (let i = 16; i < 64; i++) {
      const [a, b] = [words[i - 15], words[i - 2]];
      const s0 = turn(a, 7) ^ turn(a, 18) ^ (a >>> 3);
      const s1 = turn(b, 17) ^ turn(b, 19) ^ (b >>> 10);
      words[i] = (words[i - 16] + s0 + words[i - 7] + s1) | 0;
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 64; i++) {
      const s1 = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25);
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + k[i] + words[i]) | 0;
      const s0 = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22);
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0];
    }
    for (const [i, x] of [a, b, c, d, e, f, g, h].entries()) state[i] = (state[i] + x) | 0;
  }
  return [...state].map((x) => (x >>> 0).toString(16).padStart(8, "0")).join("");
};

/** The number that solves a challenge; the page stays usable meanwhile. */
const solve = async ({ challenge, salt, maxnumber }) => {
  for (let number = 0; number <= maxnumber; number++) {
    if (sha256(salt + number) === challenge) return number;
    if (number % 2000 === 1999) {
      say(`Working: ${Math.round((100 * number) / maxnumber)} % at most.`);
      await new Promise((resume) => setTimeout(resume));
    }
  }
  throw new Error("no solution");
};

/** Solves a challenge and sends the form. */
const send = async () => {
  say("Working. This takes a few seconds.");
  try {
    const reply = await fetch("/v1/signup/challenge");
    if (!reply.ok) throw new Error(`challenge: ${reply.status}`);
    const { algorithm, challenge, maxnumber, salt, signature } = await reply.json();
    const number = await solve({ challenge, salt, maxnumber });
    const solution = { algorithm, challenge, number, salt, signature };
    form.elements.altcha.value = btoa(JSON.stringify(solution));
    form.submit();
  } catch {
    busy = false;
    say("That did not work. Try again.");
  }
};

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  if (busy) return;
  busy = true;
  void send();
});
const button = form?.querySelector("button");
if (button) button.disabled = false;
form?.querySelector("[data-without-script]")?.remove();

// A module: its names are its own.
// oxlint-disable-next-line unicorn/require-module-specifiers
export {};
