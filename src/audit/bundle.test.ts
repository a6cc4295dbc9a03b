/** Evidence bundles: honest stories verify, and every change of a bundle makes a named check fail. */
import { beforeAll, describe, expect, it } from "vitest";
import { buildBundle, resign } from "../../test/evidence/build-bundle.ts";
import type { BuiltBundle } from "../../test/evidence/build-bundle.ts";
import { changeLeaf, leafPaths } from "../../test/evidence/json-paths.ts";
import {
  approve,
  arrived,
  deferred,
  failed,
  handOff,
  log,
  makeKeys,
  reject,
} from "../../test/evidence/story-plan.ts";
import type { SigningKeys, StoryPlan } from "../../test/evidence/story-plan.ts";
import type { Bundle } from "./bundle-format.ts";
import { verifyBundle } from "./bundle.ts";
import type { BundleReport } from "./bundle.ts";
import { promise } from "../../test/promises.ts";
import { signCheckpoint } from "./checkpoint.ts";
import type { LogEntry } from "./entry.ts";

const now = new Date("2026-03-02T11:00:00Z");
let keys: SigningKeys;
let other: SigningKeys;
let built: BuiltBundle;
/** The statement of completeness of another bundle by the same key. */
let second: string;

beforeAll(async () => {
  [keys, other] = await Promise.all([makeKeys(), makeKeys()]);
  const recipients = [
    { kind: "to", address: "bob@example.net" },
    { kind: "bcc", address: "Eve@Example.org" },
  ] as const;
  built = await buildBundle({ keys, recipients: [...recipients] });
  second = (await buildBundle({ keys })).bundle.completeness;
});

async function verifyPlan(plan: Omit<StoryPlan, "keys">): Promise<BundleReport> {
  const { bundle } = await buildBundle({ keys, ...plan });
  return verifyBundle(bundle, { pinned: keys.public, now });
}

it(promise("evidence.offline"), async () => {
  const report = await verifyPlan({});
  expect(report.checks.filter((check) => check.status === "fail")).toEqual([]);
  expect(report).toMatchObject({ verdict: "valid", exit_code: 0 });
});

describe("an honest story is valid:", () => {
  const honest: [string, Omit<StoryPlan, "keys">][] = [
    ["approved and delivered", {}],
    ["still pending", { steps: [], status: "pending_approval" }],
    ["approved once of twice", { required: 2, steps: [approve("a")], status: "pending_approval" }],
    [
      "approved by two people",
      { required: 2, steps: [approve("a"), approve("b"), handOff, arrived] },
    ],
    ["rejected", { steps: [reject("a")], status: "rejected" }],
    [
      "approved, then rejected by the second",
      { required: 2, steps: [approve("a"), reject("b")], status: "rejected" },
    ],
    ["sent back", { steps: [{ do: "revise", by: "a" }], status: "draft" }],
    ["expired", { steps: [log("message.expired")], status: "expired" }],
    [
      "cancelled in the time to undo",
      { steps: [approve("a"), log("message.cancelled")], status: "cancelled" },
    ],
    ["waiting in the time to undo", { steps: [approve("a")], status: "scheduled" }],
    ["released after it", { steps: [approve("a"), log("message.released"), handOff, arrived] }],
    ["without a gate", { mode: "autonomous", gated: false, steps: [handOff, arrived] }],
    [
      "written with a test key",
      { test: true, steps: [approve("a"), log("message.sandboxed")], status: "sandboxed" },
    ],
    ["deferred and tried again", { steps: [approve("a"), handOff, deferred, handOff, arrived] }],
    [
      "lost and tried again",
      { steps: [approve("a"), handOff, log("message.outcome_unknown"), handOff, arrived] },
    ],
    ["suppressed", { steps: [approve("a"), log("message.suppressed")], status: "suppressed" }],
    ["blocked", { steps: [approve("a"), log("message.blocked")], status: "blocked" }],
    ["class C", { steps: [{ do: "approve", by: "a", class: "C" }, handOff, arrived] }],
    [
      "with an attachment, whose description is written in another order",
      {
        attachments: {
          submitted: ['{"filename":"a.txt","size_bytes":2}'],
          decided: ['{"size_bytes": 2, "filename": "a.txt"}'],
        },
      },
    ],
    ["sent and not yet reported on", { steps: [approve("a"), handOff], status: "sending" }],
  ];
  it.each(honest)("%s", async (_, plan) => {
    const report = await verifyPlan(plan);
    expect(report.checks.filter(({ status }) => status === "fail")).toEqual([]);
    expect(report).toMatchObject({ verdict: "valid", exit_code: 0 });
  });

  it("held after a first attempt, because the mailbox was tightened, then approved", async () => {
    const { bundle } = await buildBundle({
      keys,
      gated: false,
      steps: [handOff, deferred, log("message.held"), approve("a"), handOff, arrived],
    });
    bundle.email.gated = true;
    expect(failed(await verifyBundle(bundle, { now }))).toEqual([]);
    const without = await buildBundle({
      keys,
      gated: false,
      steps: [handOff, deferred, log("message.held"), handOff, arrived],
    });
    without.bundle.email.gated = true;
    expect(failed(await verifyBundle(without.bundle, { now }))).toContain("approvals");
  });

  it("but for entries that the log has not placed yet: those fail, and nothing else", async () => {
    const bundle = structuredClone(built.bundle);
    for (const entry of bundle.entries.slice(1)) Object.assign(entry, { index: null, proof: null });
    const report = await verifyBundle(await resign(keys, bundle), { now });
    expect(failed(report)).toEqual(["inclusion"]);
    expect(report.checks.find(({ name }) => name === "inclusion")?.words).toContain(
      "fetch the bundle again",
    );
  });

  it("as of when it was made, which the report tells, since later entries are not in it", async () => {
    const report = await verifyBundle(built.bundle, { pinned: keys.public, now });
    expect(report.as_of).toBe(built.bundle.created_at);
    expect(report.checks.find(({ name }) => name === "completeness")).toMatchObject({
      status: "pass",
      words: expect.stringContaining(
        `as of ${built.bundle.created_at}: later entries are not excluded`,
      ),
    });
  });

  it("with the receipt of each recipient's own last attempt", async () => {
    const recipients = ["a@example.net", "b@example.net"].map((address) => ({
      kind: "to" as const,
      address,
    }));
    const { bundle } = await buildBundle({
      keys,
      recipients,
      steps: [
        approve("a"),
        handOff,
        deferred,
        { do: "hand_off", recipients: [1] },
        { do: "attempt", status: "delivered", recipient_status: "delivered", recipients: [1] },
      ],
    });
    // The first recipient asked for no more mail between the two.
    bundle.recipients[0]!.status = "suppressed";
    const verify = async () =>
      failed(await verifyBundle(await resign(keys, bundle), { pinned: keys.public, now }));
    expect(bundle.recipients.map(({ receipt }) => receipt?.reply)).toEqual([
      "ok, queued 1",
      "ok, queued 2",
    ]);
    expect(await verify()).toEqual([]);
    bundle.recipients[1]!.receipt!.reply = "ok, queued 1";
    expect(await verify()).toEqual(["receipts"]);
    bundle.recipients[1]!.receipt!.reply = "ok, queued 2";
    bundle.recipients[0]!.receipt!.reply = "ok, queued 2";
    expect(await verify()).toEqual(["receipts"]);
    bundle.recipients[0]!.receipt = null;
    expect(await verify()).toEqual(["receipts"]);
  });

  it("only with keys pinned: by its own it is unpinned, with exit code 11, whoever made it", async () => {
    const own = await verifyBundle(built.bundle, { now });
    expect(own).toMatchObject({ verdict: "unpinned", exit_code: 11 });
    expect(own.checks.find(({ name }) => name === "keys")).toMatchObject({
      status: "absent",
      words: expect.stringContaining("as stated by the bundle"),
    });
    expect(own.checks.find(({ name }) => name === "witnesses")?.words).toBe(
      "no witness was asked for",
    );
  });
});

/** Changes a copy of the good bundle's entry body, without making a new leaf of it. */
function editEntry(
  bundle: Bundle,
  at: number,
  edit: (data: Record<string, unknown>) => void,
): void {
  const entry = bundle.entries[at]!;
  const value = JSON.parse(Buffer.from(entry.body, "base64").toString()) as LogEntry;
  edit(value.data);
  entry.body = Buffer.from(JSON.stringify(value)).toString("base64");
}

describe("a changed bundle is invalid:", () => {
  const flip = (text: string, at: number): string => {
    const bytes = Buffer.from(text, "base64");
    bytes[at] = bytes[at]! ^ 1;
    return bytes.toString("base64");
  };
  const changes: [string, string, (bundle: Bundle) => void][] = [
    ["a byte of the message", "digest", (b) => (b.mime = flip(b.mime, 400))],
    ["a recipient", "digest", (b) => (b.recipients[0]!.address = "mallory@example.net")],
    [
      "a recipient, to the log",
      "recipients",
      (b) => (b.recipients[0]!.address = "mallory@example.net"),
    ],
    ["the kind of a recipient", "recipients", (b) => (b.recipients[1]!.kind = "cc")],
    ["one recipient less", "recipients", (b) => b.recipients.pop()],
    ["recipients in another order", "recipients", (b) => b.recipients.reverse()],
    ["the digest", "digest", (b) => (b.digest = `00${b.digest.slice(2)}`)],
    [
      "a byte of a statement",
      "statements",
      (b) => (b.decisions[0]!.statement.payload = flip(b.decisions[0]!.statement.payload, 700)),
    ],
    [
      "a signature",
      "statements",
      (b) =>
        (b.decisions[0]!.statement.signatures[0]!.sig = flip(
          b.decisions[0]!.statement.signatures[0]!.sig,
          10,
        )),
    ],
    [
      "the signing key's id",
      "statements",
      (b) => (b.decisions[0]!.statement.signatures[0]!.keyid = "x"),
    ],
    ["the decision", "statements", (b) => (b.decisions[0]!.decision = "reject")],
    ["the class", "statements", (b) => (b.decisions[0]!.class = "C")],
    ["class A, which is not supported yet", "statements", (b) => (b.decisions[0]!.class = "A")],
    ["the time of a decision", "statements", (b) => (b.decisions[0]!.at = "2026-03-03T10:00:00Z")],
    ["no decision", "statements", (b) => (b.decisions = [])],
    ["a decision twice", "statements", (b) => b.decisions.push(b.decisions[0]!)],
    [
      "no decision and no entry of it",
      "approvals",
      (b) => {
        const [gone] = b.entries.splice(1, 1);
        b.decisions = [];
        b.openings = b.openings.filter(({ entry_id }) => entry_id !== gone!.id);
      },
    ],
    [
      "swapped proofs",
      "inclusion",
      (b) =>
        ([b.entries[0]!.proof, b.entries[1]!.proof] = [b.entries[1]!.proof, b.entries[0]!.proof]),
    ],
    [
      "swapped proofs and indices",
      "inclusion",
      (b) => {
        const [one, two] = [b.entries[1]!, b.entries[2]!];
        [one.proof, two.proof, one.index, two.index] = [two.proof, one.proof, two.index, one.index];
      },
    ],
    ["no proof", "inclusion", (b) => (b.entries[3]!.proof = null)],
    ["two entries of one id", "inclusion", (b) => (b.entries[3]!.id = b.entries[2]!.id)],
    ["an entry twice", "inclusion", (b) => b.entries.push(b.entries[3]!)],
    [
      "an entry's words",
      "inclusion",
      (b) => editEntry(b, 0, (data) => (data["mode"] = "autonomous")),
    ],
    [
      "the checkpoint of another tree by the same key",
      "inclusion",
      (b) =>
        (b.checkpoint = signCheckpoint(
          { origin: keys.origin, size: 16, root: Buffer.alloc(32) },
          keys.log,
        )),
    ],
    [
      "the checkpoint of another log's key",
      "checkpoint",
      (b) =>
        (b.checkpoint = signCheckpoint(
          { origin: other.origin, size: 16, root: Buffer.alloc(32) },
          other.log,
        )),
    ],
    ["no checkpoint", "checkpoint", (b) => (b.checkpoint = null)],
    ["gated flipped to false", "submission", (b) => (b.email.gated = false)],
    ["fewer approvals required", "submission", (b) => (b.email.approvals_required = 0)],
    ["the mode", "submission", (b) => (b.email.oversight_mode = "autonomous")],
    ["the test flag", "submission", (b) => (b.email.test = true)],
    ["the author", "submission", (b) => (b.email.author.id = "somebody")],
    ["the Message-ID", "submission", (b) => (b.email.message_id = "<x@example.com>")],
    ["the message it is of", "entries", (b) => (b.email.id = "01AAAAAAAAAAAAAAAAAAAAAAAA")],
    ["the mailbox", "entries", (b) => (b.email.mailbox_id = "01AAAAAAAAAAAAAAAAAAAAAAAA")],
    ["the status", "status", (b) => (b.email.status = "rejected")],
    ["no opening", "openings", (b) => b.openings.pop()],
    ["an opened value", "openings", (b) => (b.openings[0]!.data = "to:mallory@example.net")],
    ["an opening's randomness", "openings", (b) => (b.openings[0]!.r = "00".repeat(32))],
    ["an opening twice", "openings", (b) => b.openings.push(b.openings[0]!)],
    [
      "an opening of nothing",
      "openings",
      (b) => b.openings.push({ ...b.openings[0]!, field: "to[9]" }),
    ],
    ["a receipt's reply", "receipts", (b) => (b.recipients[0]!.receipt!.reply = "for the CEO")],
    [
      "a receipt's time",
      "receipts",
      (b) => (b.recipients[0]!.receipt!.at = "2031-01-01T00:00:00Z"),
    ],
    ["a receipt's address", "receipts", (b) => (b.recipients[0]!.receipt!.address = "192.0.2.9")],
    ["a receipt's TLS", "receipts", (b) => (b.recipients[0]!.receipt!.tls = null)],
    ["no receipt", "receipts", (b) => (b.recipients[0]!.receipt = null)],
    [
      "a field that receipts do not have",
      "format",
      (b) => Object.assign(b.recipients[0]!.receipt!, { extra: "x" }),
    ],
    ["a recipient's token", "completeness", (b) => (b.recipients[1]!.token = "0".repeat(80))],
    ["the time it was made", "completeness", (b) => (b.created_at = "2031-01-01T00:00:00Z")],
    ["an entry's id", "completeness", (b) => (b.entries[3]!.id = "01AAAAAAAAAAAAAAAAAAAAAAAA")],
    ["entries in another order", "completeness", (b) => b.entries.reverse()],
    ["the last entry", "completeness", (b) => b.entries.pop()],
    ["the status, to completeness", "completeness", (b) => (b.email.status = "queued")],
    ["another statement of completeness", "completeness", (b) => (b.completeness = second)],
    ["no statement of completeness", "format", (b) => Reflect.deleteProperty(b, "completeness")],
    [
      "a decision's time, within its statement's life",
      "statements",
      (b) => (b.decisions[0]!.at = "2026-03-02T10:05:00.250Z"),
    ],
    ["a receipt", "receipts", (b) => (b.recipients[0]!.receipt!.code = 550)],
    ["a recipient's status", "receipts", (b) => (b.recipients[0]!.status = "bounced")],
    ["the form of a token", "recipients", (b) => (b.recipients[0]!.token = "abc")],
    ["one token for two", "recipients", (b) => (b.recipients[0]!.token = b.recipients[1]!.token)],
    ["a field nobody knows", "format", (b) => Object.assign(b, { note: "x" })],
    ["another format", "format", (b) => Object.assign(b, { format: "multimail-bundle/v2" })],
    ["a private key", "format", (b) => (b.keys.jwks.keys[0]!.d = "AAAA")],
    [
      "a key that is not the pinned one",
      "keys",
      (b) => (b.keys.jwks.keys[0]!.x = other.public.jwks.keys[0]!.x!),
    ],
    ["a log key that is not the pinned one", "keys", (b) => (b.keys.logs = other.public.logs)],
    [
      "a revoked key",
      "statements",
      (b) => Object.assign(b.keys.jwks.keys[0]!, { status: "revoked" }),
    ],
  ];
  it.each(changes)("%s (%s)", async (_, check, change) => {
    const bundle = structuredClone(built.bundle);
    change(bundle);
    const report = await verifyBundle(bundle, { pinned: structuredClone(keys.public), now });
    expect(report).toMatchObject({ verdict: "invalid", exit_code: 30 });
    expect(failed(report)).toContain(check);
  });

  it("a class B decision that is called class A", async () => {
    const bundle = structuredClone(built.bundle);
    bundle.decisions[0]!.class = "A";
    const { checks } = await verifyBundle(bundle, { now });
    expect(checks.find(({ name }) => name === "statements")?.words).toContain(
      "not signed by exactly one passkey",
    );
  });

  it("another server's bundle under pinned keys", async () => {
    const theirs = await buildBundle({ keys: other });
    expect((await verifyBundle(theirs.bundle, { now })).verdict).toBe("unpinned");
    expect(failed(await verifyBundle(theirs.bundle, { pinned: keys.public, now }))).toContain(
      "checkpoint",
    );
  });

  it(promise("evidence.tampering"), async () => {
    const survived: string[] = [];
    for (const path of leafPaths(built.bundle)) {
      const bundle = structuredClone(built.bundle);
      changeLeaf(bundle, path);
      const report = await verifyBundle(bundle, { pinned: keys.public, now });
      const name = path.map((part) => (typeof part === "number" ? "*" : part)).join(".");
      if (report.verdict !== "invalid" && !name.startsWith("keys.jwks.keys")) survived.push(name);
    }
    expect([...new Set(survived)]).toEqual([]);
  });
});
