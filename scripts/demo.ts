/** `npm run demo`: one gated send from an agent's call to an outsider's offline verification, told step by step. */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

type FirstRun = { url: string; agent_key: string; oversight_key: string; mailbox_id: string };

const root = join(import.meta.dirname, "..");
let step = 0;
const tell = (text: string): void => {
  step++;
  process.stdout.write(`\n${step}. ${text}\n`);
};
const show = (text: string): void => {
  for (const line of text.trimEnd().split("\n")) process.stdout.write(`     ${line}\n`);
};

/** Runs one of our commands; answers its exit code and what it printed. */
function run(args: string[], env: Record<string, string>): Promise<{ code: number; text: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(root, "src/multimail.ts"), ...args], {
      env: { ...process.env, ...env },
    });
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (text += chunk.toString()));
    child.on("close", (code) => resolve({ code: code ?? 1, text }));
  });
}

async function call(
  url: string,
  key: string,
  body?: object,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(url, {
    method: body ? "POST" : "GET",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

/** Asks again until `accept` is content, for 20 seconds at most. */
async function until<T>(ask: () => Promise<T>, accept: (answer: T) => boolean): Promise<T> {
  const end = Date.now() + 20_000;
  for (;;) {
    const answer = await ask();
    if (accept(answer)) return answer;
    if (Date.now() > end)
      throw new Error(`it took too long; last answer: ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function expect(condition: boolean, what: string): void {
  if (!condition) throw new Error(`the demo expected: ${what}`);
}

/** The agent writes, a person approves, the catcher takes it. Answers the message and the caught file. */
async function sendGated(folder: string, known: FirstRun): Promise<{ id: string; eml: string }> {
  const { url, agent_key: agent, oversight_key: overseer, mailbox_id: mailbox } = known;
  tell(
    "An agent calls send_email. Its mailbox is in mode gated_send, so the message waits for a person.",
  );
  const sent = await call(`${url}/v1/mailboxes/${mailbox}/send`, agent, {
    to: ["Ada Lovelace <ada@example.com>"],
    subject: "Your refund is on its way",
    markdown: "Dear Ada,\n\nyour refund of **42.00** was approved and arrives within *three days*.",
    idempotency_key: "demo-1",
  });
  const id = String(sent.body["id"]);
  show(`${sent.status} ${String(sent.body["status"])}  ${id}`);
  expect(
    sent.status === 202 && sent.body["status"] === "pending_send_approval",
    "a pending message",
  );

  tell("The agent tries to approve its own message. It cannot: its key has no oversight scope.");
  const own = await call(`${url}/v1/oversight/decide`, agent, {
    email_id: id,
    decision: "approve",
  });
  show(`${own.status} ${String(own.body["code"])}: ${String(own.body["error"])}`);
  expect(own.status === 403, "a refusal");

  tell("A person looks at what waits and approves exactly that content, by its digest.");
  const pending = await call(`${url}/v1/oversight/pending`, overseer);
  const [first] = pending.body["emails"] as { digest: string; subject: string; to: string[] }[];
  show(`"${first?.subject ?? ""}" to ${first?.to.join(", ") ?? ""}\ndigest ${first?.digest ?? ""}`);
  const decided = await call(`${url}/v1/oversight/decide`, overseer, {
    email_id: id,
    decision: "approve",
    digest: first?.digest,
    reason: "The refund is in the ledger.",
  });
  show(`${decided.status} ${String(decided.body["status"])}`);
  expect(decided.status === 200, "an accepted decision");

  tell(
    "The message is signed (DKIM twice, identity claim with proof of the approval) and leaves. Here the local catcher takes it.",
  );
  const done = await until(
    () => call(`${url}/v1/mailboxes/${mailbox}/emails/${id}`, agent),
    ({ body }) => body["status"] === "delivered",
  );
  const [to] = done.body["recipients"] as {
    address: string;
    receipt: { code: number; reply: string };
  }[];
  show(`delivered to ${to?.address ?? ""}: ${to?.receipt.code ?? ""} ${to?.receipt.reply ?? ""}`);
  const files = await caughtFor(join(folder, "catcher"), to?.address ?? "");
  expect(files.length === 1, "one caught mail for the recipient");
  return { id, eml: files[0] ?? "" };
}

/** Files of the mail that was caught for an address; whoever decides is told by mail too, and that lies beside it. */
async function caughtFor(folder: string, address: string): Promise<string[]> {
  const sidecars = (await readdir(folder)).filter((name) => name.endsWith(".json"));
  const caught = await Promise.all(
    sidecars.map(async (name) => {
      const { to } = JSON.parse(await readFile(join(folder, name), "utf8")) as { to: string[] };
      return to.includes(address) ? [join(folder, `${name.slice(0, -5)}.eml`)] : [];
    }),
  );
  return caught.flat();
}

/** An outsider checks what was sent, a forgery of it, and the whole log. */
async function verifyAll(
  folder: string,
  known: FirstRun,
  { id, eml }: { id: string; eml: string },
): Promise<void> {
  const { url, oversight_key: overseer, mailbox_id: mailbox } = known;
  const env = { MULTIMAIL_DATA: folder };
  tell(
    "An outsider takes the mail as received and the evidence bundle, and checks the whole story offline.",
  );
  const bundle = await until(
    () => call(`${url}/v1/mailboxes/${mailbox}/emails/${id}/proof`, overseer),
    ({ body }) =>
      (body["entries"] as { proof: string | null }[]).every((entry) => entry.proof !== null),
  );
  const bundleFile = join(folder, "bundle.json");
  await writeFile(bundleFile, JSON.stringify(bundle.body, null, 2));
  const verified = await run(["verify", eml, "--bundle", bundleFile], env);
  show(verified.text);
  expect(verified.code === 0, "a valid mail and bundle");

  tell("Somebody changes one word of the mail. The same check refuses it.");
  const forged = join(folder, "forged.eml");
  const original = await readFile(eml, "latin1");
  await writeFile(forged, original.replace("42.00", "99.00"), "latin1");
  expect(original.includes("42.00"), "the amount in the mail");
  const refused = await run(["verify", forged, "--bundle", bundleFile], env);
  show(refused.text);
  expect(refused.code === 30, "a refusal of the forged mail");

  tell("The whole audit log is verified: every entry, every tile, the signed checkpoint.");
  const log = await run(["audit", "verify"], env);
  show(log.text);
  expect(log.code === 0, "a log that verifies");
}

const folder = await mkdtemp(join(tmpdir(), "multimail-demo-"));
const began = Date.now();
process.stdout.write("MultiMail: one gated send, from the agent's call to the outsider's proof.\n");
const server = spawn(process.execPath, [join(root, "src/main.ts")], {
  env: { ...process.env, MULTIMAIL_DATA: folder, MULTIMAIL_PORT: "0" },
  stdio: ["ignore", "pipe", "inherit"],
});
const ended = new Promise<void>((resolve) => server.once("exit", () => resolve()));
try {
  await new Promise<void>((resolve, reject) => {
    server.stdout.on("data", (chunk: Buffer) => {
      if (chunk.toString().includes("is ready at")) resolve();
    });
    server.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
  });
  const known = JSON.parse(await readFile(join(folder, "first-run.json"), "utf8")) as FirstRun;
  await verifyAll(folder, known, await sendGated(folder, known));
  process.stdout.write(
    `\nThat was the whole road, in ${((Date.now() - began) / 1000).toFixed(1)} s.\n`,
  );
} catch (error) {
  process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  server.kill("SIGTERM");
  await ended;
  await rm(folder, { recursive: true, force: true });
}
