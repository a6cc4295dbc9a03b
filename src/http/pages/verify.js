/** The verify page: checks an identity statement (formats, section 2) in this browser, against this server's published keys. */
const form = document.querySelector("#verify");
const outcome = document.querySelector("#outcome");
const encoder = new TextEncoder();

/** Says no in words that a person reads. */
class Invalid extends Error {}
const must = (condition, what) => {
  if (!condition) throw new Invalid(what);
};

/** The one spelling of bytes in base64url is taken; whatever else decodes to them is not. */
const bytesOf = (text) => {
  let letters;
  try {
    letters = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  } catch {
    throw new Invalid("the statement is misspelt");
  }
  const bytes = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
  must(base64url(bytes) === text, "the statement is misspelt");
  return bytes;
};
const base64url = (bytes) => {
  let letters = "";
  for (const byte of bytes) letters += String.fromCharCode(byte);
  return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
};
const sha256 = async (text) =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(text)));
const jsonOf = (bytes, what) => {
  try {
    const value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    must(typeof value === "object" && value !== null && !Array.isArray(value), what);
    return value;
  } catch {
    throw new Invalid(what);
  }
};

/** The token of what somebody pasted or a link brought: bare, or the whole header line, folded or not. */
const tokenOf = (text) => {
  must(text.length <= 65_536, "this is too long to be an identity statement");
  const bare = text.replace(/^\s*X-MultiMail-Identity\s*:/i, "").replaceAll(/[ \t\r\n]/g, "");
  must(bare !== "", "there is nothing to verify");
  must(
    bare.length <= 32_768 && /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}$/.test(bare),
    "this is no identity statement: it has three parts with dots between them",
  );
  return bare;
};

/** The token chooses neither algorithm nor key: any other header than the one that we write is refused. */
const keyIdOf = (part) => {
  const header = jsonOf(bytesOf(part), "its header cannot be read");
  must(header.alg === "ES256", "its algorithm is not ES256");
  must(header.typ === "mm-identity+jwt", "it is a token of another kind");
  must(
    Object.keys(header).every((name) => ["alg", "typ", "kid"].includes(name)),
    "its header holds a parameter that is not allowed",
  );
  must(/^[A-Za-z0-9_-]{43}$/.test(header.kid), "its key has no proper id");
  return header.kid;
};

/** The published key of that id; null where this server has none. */
const keyOf = async (kid) => {
  const reply = await fetch("/.well-known/multimail-jwks.json");
  if (!reply.ok) throw new Error("the keys cannot be read");
  const { keys } = await reply.json();
  const jwk = keys.find((one) => one.kid === kid);
  if (jwk === undefined) return null;
  const { kty, crv, x, y } = jwk;
  must(kty === "EC" && crv === "P-256", "the key is of another kind");
  // RFC 7638: the id is the key's own thumbprint.
  const print = base64url(await sha256(JSON.stringify({ crv, kty, x, y })));
  must(print === kid, "the key id is not the thumbprint of its key");
  const key = await crypto.subtle.importKey(
    "jwk",
    { kty, crv, x, y },
    { name: "ECDSA", namedCurve: "P-256" },
    false,
    ["verify"],
  );
  return { key, jwk };
};

const isTexts = (value, ...names) => names.every((name) => typeof value?.[name] === "string");

/** What the statement says of itself in time: a sentence where it does not hold now. */
const untimely = (claims, jwk) => {
  const now = Date.now() / 1000;
  const { iat, exp } = claims;
  must(Number.isSafeInteger(iat) && Number.isSafeInteger(exp) && exp > iat, "its times are wrong");
  must(iat <= now + 300, "it was made in the future");
  const outside =
    (typeof jwk.nbf === "number" && iat < jwk.nbf) ||
    (typeof jwk.exp === "number" && iat > jwk.exp);
  must(!outside, "it was not made while its key was in use");
  if (jwk.status === "revoked") return ["revoked", "It is signed, but its key was revoked."];
  return exp < now ? ["expired", "It is signed, but has expired."] : null;
};

/** Verifies; gives the verdict, a sentence, and the claims where the signature is good. */
const verify = async (token) => {
  const [head, body, signature] = token.split(".");
  const found = await keyOf(keyIdOf(head));
  if (found === null)
    return [
      "unknown",
      "It is signed with a key that this server does not know. Ask the server that it names in its message.",
    ];
  const good = await crypto.subtle.verify(
    { name: "ECDSA", hash: "SHA-256" },
    found.key,
    bytesOf(signature),
    encoder.encode(`${head}.${body}`),
  );
  must(good, "its signature does not match");
  const claims = jsonOf(bytesOf(body), "its claims cannot be read");
  const whole =
    isTexts(claims, "iss", "sub", "agent", "oversight", "jti") &&
    isTexts(claims.operator, "name", "id") &&
    typeof claims.operator.verified === "boolean";
  must(whole, "a claim is missing");
  return [...(untimely(claims, found.jwk) ?? ["valid", "The statement is genuine."]), claims];
};

const modes = {
  read_only: "may only read",
  gated_all: "a person looks at everything it sends and receives",
  gated_send: "a person looks at what it sends, unless the recipients were allowed before",
  monitored: "a person gets a copy of what it sends",
  autonomous: "writes by itself",
};
const classes = {
  A: "a person, with a passkey for this very message",
  B: "a person who was signed in, or a system in their name",
  C: "a person, by a mailed link or answer",
};
const standings = {
  new: "too little was sent to say",
  good: "good",
  fair: "fair: some of its mail comes back",
  poor: "poor: much of its mail comes back or is complained about",
  paused: "it is stopped at present",
};

const rowsOf = (claims) => [
  ["Mailbox", claims.sub],
  [
    "Operator",
    `${claims.operator.name}${claims.operator.verified ? "" : " (its domain is not proven)"}`,
  ],
  ["Written by", claims.ai_generated === true ? "an AI agent" : "not stated to be an AI agent"],
  ["Oversight", modes[claims.oversight] ?? claims.oversight],
  ["Approved by", classes[claims.approval?.class] ?? "nobody looked at this message"],
  ["Made", new Date(claims.iat * 1000).toUTCString()],
  ["Server", claims.iss],
];

/** How the mailbox fares, where this server says so. */
const standingOf = async ({ sub }) => {
  const digest = await sha256(sub.toLowerCase());
  const hash = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const reply = await fetch(`/.well-known/reputation/${hash}`);
  if (!reply.ok) return [];
  const { standing } = await reply.json();
  return [["Its mail of late", standings[standing] ?? String(standing)]];
};

const element = (name, text, className) => {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className !== undefined) made.className = className;
  return made;
};

const show = (verdict, sentence, rows = []) => {
  outcome.dataset.verdict = verdict;
  const tones = { valid: "good", expired: "warn", unknown: "warn" };
  const parts = [element("p", sentence, `alert ${tones[verdict] ?? "bad"}`)];
  if (rows.length > 0) {
    const list = element("dl");
    for (const [name, value] of rows) {
      const said = element("dd");
      said.append(element("bdi", value));
      list.append(element("dt", name), said);
    }
    parts.push(
      list,
      element(
        "p",
        "Compare mailbox and time with your message: a statement can be copied from one message into another. multimail verify checks a whole message.",
        "quiet",
      ),
    );
  }
  outcome.replaceChildren(...parts);
};

let latest = 0;
const run = async (text) => {
  const mine = ++latest;
  const say = (...what) => mine === latest && show(...what);
  say("working", "Checking …");
  try {
    must(globalThis.crypto?.subtle !== undefined, "this page works over https only");
    const [verdict, sentence, claims] = await verify(tokenOf(text));
    const rows = claims === undefined ? [] : [...rowsOf(claims), ...(await standingOf(claims))];
    say(verdict, sentence, rows);
  } catch (error) {
    if (error instanceof Invalid) say("invalid", `Not genuine: ${error.message}.`);
    else say("failed", "It could not be checked: the keys cannot be read just now.");
  }
};

const field = form.querySelector("textarea");
const fromLink = () => {
  // Behind the # it never leaves this browser.
  const text = location.hash.slice(1).replace(/^token=/, "");
  if (text === "") return;
  field.value = text;
  void run(text);
};
form.addEventListener("submit", (event) => {
  event.preventDefault();
  void run(field.value);
});
addEventListener("hashchange", fromLink);
form.hidden = false;
fromLink();

// A module: its names are its own.
// oxlint-disable-next-line unicorn/require-module-specifiers
export {};
