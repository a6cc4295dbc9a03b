/** Decisions by passkey: compares the statement with the message that the page shows, and has the device sign just that. */
const key = globalThis.PublicKeyCredential;
const form = document.querySelector("form[data-prompt]");

const encoder = new TextEncoder();

const bytesOf = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) =>
    letter.charCodeAt(0),
  );
const base64url = (bytes) =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const fromHex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const joined = (parts) => {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
};
const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

/** Says no in words that a person reads. */
class Mismatch extends Error {}
const must = (condition, what) => {
  if (!condition) throw new Mismatch(what);
};

/** An element's text as a person sees it, invisible characters by what their marks stand for. */
const textOf = (element) => {
  if (!element) return null;
  let text = "";
  for (const node of element.childNodes) {
    const hidden = node.nodeType === Node.ELEMENT_NODE ? node.dataset.hidden : undefined;
    if (hidden !== undefined)
      text += String.fromCodePoint(...hidden.split(" ").map((code) => parseInt(code, 16)));
    else text += node.nodeType === Node.TEXT_NODE ? node.data : textOf(node);
  }
  return text;
};

/** What the page shows of the message, in the form in which statements commit to it. */
const shown = async () => {
  const to = [...document.querySelectorAll("dd[data-recipient]")].map(
    (one) => `${one.dataset.recipient}:${textOf(one.querySelector(".address"))}`,
  );
  const attachments = [...document.querySelectorAll("tr[data-bytes]")].map((row) => ({
    filename: textOf(row.querySelector("th bdi")),
    content_type: textOf(row.querySelector("td.type bdi")),
    size_bytes: Number(row.dataset.bytes),
  }));
  // Line ends of either kind look the same.
  const body = textOf(document.querySelector("[data-decided] pre.body")) ?? "";
  const bodies = [body, body.replaceAll("\n", "\r\n")].map((text) => encoder.encode(text));
  return {
    to,
    subject: textOf(document.querySelector("#subject bdi")) ?? "",
    bodies: await Promise.all(bodies.map(async (bytes) => hex(await sha256(bytes)))),
    attachments,
  };
};

/** The content digest of the message's bytes and envelope, as this browser has them (formats, section 1). */
const digestOf = async (recipients) => {
  const reply = await fetch(form.dataset.raw);
  must(reply.ok, "the message cannot be read");
  const addresses = recipients.map((one) => {
    const address = one.slice(one.indexOf(":") + 1);
    const at = address.lastIndexOf("@");
    return address.slice(0, at + 1) + address.slice(at + 1).toLowerCase();
  });
  const envelope = [...new Set(addresses)].sort(byUnits).map((address) => `${address}\n`);
  const mime = new Uint8Array(await reply.arrayBuffer());
  return hex(await sha256(joined([mime, encoder.encode(envelope.join(""))])));
};

/** Each commitment of the statement opens, once, to what is given; answers the opened values by field. */
const opened = async (content, openings) => {
  const committed = new Map([
    ...content.to.map((c, i) => [`to[${i}]`, c]),
    ["subject", content.subject],
    ["body", content.body],
    ...content.attachments.map((c, i) => [`attachments[${i}]`, c]),
  ]);
  const values = new Map();
  for (const { field, r, data } of openings) {
    const prefix = encoder.encode(`mm-commit/v1\n${field}\n`);
    const c = hex(await sha256(joined([prefix, fromHex(r), encoder.encode(data)])));
    must(committed.get(field) === c && !values.has(field), `${field} does not open`);
    values.set(field, data);
  }
  must(values.size === committed.size, "a part of the message is not opened");
  return values;
};

/** In the order of UTF-16 code units, whatever the language of the browser. */
const byUnits = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const same = (a, b) =>
  JSON.stringify([...a].sort(byUnits)) === JSON.stringify([...b].sort(byUnits));

/** Refuses a statement that is about anything else than what this page shows and this person chose. */
const check = async (statement, openings, decision) => {
  const { subject, predicateType, predicate } = statement;
  must(subject.length === 1 && subject[0].name === form.dataset.message, "another message");
  must(subject[0].digest.sha256 === form.elements.digest.value, "other content");
  must(predicateType === `https://${location.host}/decision/v1`, "another site");
  must(predicate.decision === decision && predicate.class === "A", "another decision");
  const { approver } = predicate;
  must(approver.kind === "person" && approver.id === form.dataset.person, "another person");
  const values = await opened(predicate.content, openings);
  const page = await shown();
  const recipients = predicate.content.to.map((_, i) => values.get(`to[${i}]`));
  must(same(recipients, page.to), "other recipients than those shown");
  const digest = await digestOf(recipients);
  must(digest === subject[0].digest.sha256, "other bytes than those of the message");
  const title = values.get("subject");
  must(title === page.subject || (title.trim() === "" && page.subject === ""), "another subject");
  must(page.bodies.includes(values.get("body")), "another text than the one shown");
  const plain = ({ filename, content_type, size_bytes }) =>
    JSON.stringify([filename, content_type, size_bytes]);
  const files = predicate.content.attachments.map((_, i) =>
    plain(JSON.parse(values.get(`attachments[${i}]`))),
  );
  must(same(files, page.attachments.map(plain)), "other attachments than those shown");
};

/** SHA-256 over the DSSE pre-authentication encoding: never a challenge that somebody else computed. */
const challengeOf = (statement) => {
  const type = "application/vnd.in-toto+json";
  const head = encoder.encode(`DSSEv1 ${type.length} ${type} ${statement.length} `);
  return sha256(joined([head, statement]));
};

const decide = async (decision) => {
  const reply = await fetch(form.dataset.prompt, {
    method: "POST",
    body: new URLSearchParams({
      csrf_token: form.elements.csrf_token.value,
      digest: form.elements.digest.value,
      decision,
    }),
  });
  if (!reply.ok) throw new Mismatch((await reply.text()).slice(0, 300));
  const { statement, openings, options } = await reply.json();
  const bytes = bytesOf(statement);
  await check(JSON.parse(new TextDecoder().decode(bytes)), openings, decision);
  const challenge = base64url(await challengeOf(bytes));
  const made = await navigator.credentials.get({
    publicKey: key.parseRequestOptionsFromJSON({ ...options, challenge }),
  });
  const { id, response } = made.toJSON();
  form.elements.assertion.value = JSON.stringify({
    id,
    client_data_json: response.clientDataJSON,
    authenticator_data: response.authenticatorData,
    signature: response.signature,
  });
  const chosen = document.createElement("input");
  chosen.type = "hidden";
  chosen.name = "decision";
  chosen.value = decision;
  form.append(chosen);
  form.submit();
};

const pressed = async (button) => {
  const said = form.querySelector("[role=status]");
  said.textContent = "";
  button.disabled = true;
  try {
    await decide(button.dataset.decision);
  } catch (error) {
    said.textContent =
      error instanceof Mismatch
        ? `Not signed: ${error.message}.`
        : "The passkey did not answer. Nothing was decided.";
  } finally {
    button.disabled = false;
  }
};

if (form && key?.parseRequestOptionsFromJSON && globalThis.crypto?.subtle) {
  for (const part of form.querySelectorAll("[data-passkeys]")) part.hidden = false;
  for (const button of form.querySelectorAll("button[data-decision]"))
    button.addEventListener("click", () => void pressed(button));
}

// A module: its names are its own.
// oxlint-disable-next-line unicorn/require-module-specifiers
export {};
