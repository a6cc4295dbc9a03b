/** Runs the packed SDK in a world that has what a worker has and nothing of Node's; prints what came of it as JSON. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { SourceTextModule, createContext } from "node:vm";

const { URL, TextEncoder, TextDecoder, AbortSignal, AbortController, Headers } = globalThis;
const { crypto, atob, btoa, setTimeout, clearTimeout } = globalThis;
const calls = [];
const world = createContext({
  URL,
  TextEncoder,
  TextDecoder,
  AbortSignal,
  AbortController,
  Headers,
  crypto,
  atob,
  btoa,
  setTimeout,
  clearTimeout,
  async fetch(url, init) {
    calls.push(`${init.method} ${url}`);
    return Response.json({ id: "1", emails: [{ id: "2" }], next_cursor: null });
  },
});

const modules = new Map();
/** Each file once, in the bare world. */
async function load(path) {
  if (!modules.has(path))
    modules.set(
      path,
      new SourceTextModule(await readFile(path, "utf8"), { context: world, identifier: path }),
    );
  return modules.get(path);
}

const entry = await load(join(process.argv[2] ?? "", "dist/multimail.js"));
await entry.link((name, from) => load(join(from.identifier, "..", name)));
await entry.evaluate();
const { MultiMail, signWebhook, verifyWebhook } = entry.namespace;
const client = new MultiMail({ baseUrl: "https://mail.example.com", apiKey: "k" });
const message = { mailbox_id: "m", to: "a@example.com", subject: "s", markdown: "m" };
const sent = await client.sendEmail(message);
const listed = [];
for await (const { id } of client.checkInbox({ mailbox_id: "m" })) listed.push(id);
const secret = "whsec_c2VjcmV0";
const headers = await signWebhook(secret, "id", '{"type":"x"}');
const { type } = await verifyWebhook({ secret, headers, body: '{"type":"x"}' });
console.log(JSON.stringify({ sent: sent.id, listed, type, calls }));
