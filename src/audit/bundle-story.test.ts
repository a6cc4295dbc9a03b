/** Bundles of servers that lie to their own log, of erased content, and of witnessed logs. */
import { generateKeyPairSync, hash, sign } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { buildBundle, resign } from "../../test/evidence/build-bundle.ts";
import type { BuiltBundle } from "../../test/evidence/build-bundle.ts";
import {
  approve,
  arrived,
  delivered,
  failed,
  handOff,
  log,
  makeKeys,
  reject,
} from "../../test/evidence/story-plan.ts";
import type { SigningKeys, StoryPlan, StoryStep } from "../../test/evidence/story-plan.ts";
import type { Bundle } from "./bundle-format.ts";
import { verifyBundle } from "./bundle.ts";
import type { LogEntry } from "./entry.ts";

const now = new Date("2026-03-02T11:00:00Z");
let keys: SigningKeys;
let built: BuiltBundle;

beforeAll(async () => {
  keys = await makeKeys();
  built = await buildBundle({ keys });
});

describe("a server that lies to its own log is found out:", () => {
  const lies: [string, string, Omit<StoryPlan, "keys">][] = [
    [
      "the author approves",
      "approvers",
      { steps: [approve("01KEYAUTHOR000000000000000"), handOff, arrived] },
    ],
    [
      "one person approves for two",
      "approvers",
      { required: 2, steps: [approve("a"), approve("a"), handOff, arrived] },
    ],
    [
      "one person approves for two, by two keys of theirs",
      "approvers",
      { required: 2, steps: [byKey("a", "k1"), byKey("a", "k2"), handOff, arrived] },
    ],
    [
      "one person's two keys count as two approvals",
      "approvals",
      { required: 2, steps: [byKey("a", "k1"), byKey("a", "k2"), handOff, arrived] },
    ],
    [
      "the author's person approves by another key",
      "approvers",
      { author: "person:a", steps: [byKey("a", "k1"), handOff, arrived] },
    ],
    [
      "the author's person approves as themselves",
      "status",
      { author: "person:a", steps: [approve("a"), handOff, arrived] },
    ],
    [
      "a key that says it is another key",
      "entries",
      { author: "key:another", steps: [approve("a"), handOff, arrived] },
    ],
    [
      "a person who says they are another",
      "entries",
      { forge: forged("message.decided", { principal: "person:another" }) },
    ],
    [
      "one approval where two are required",
      "approvals",
      { required: 2, steps: [approve("a"), handOff, arrived] },
    ],
    ["no approval", "approvals", { steps: [handOff, arrived] }],
    [
      "an approval that is not in the log",
      "approvals",
      { steps: [approve("a"), { do: "hand_off", approvals: ["ab".repeat(32)] }, arrived] },
    ],
    ["an approval after the hand-off", "order", { steps: [handOff, approve("a"), arrived] }],
    [
      "an approval after a rejection",
      "rejection",
      { required: 2, steps: [reject("a"), approve("b")], status: "rejected" },
    ],
    ["a hand-off after a rejection", "rejection", { steps: [reject("a"), handOff, arrived] }],
    [
      "an approval from before a revision",
      "approvals",
      {
        required: 2,
        steps: [approve("a"), { do: "revise", by: "b" }, approve("c"), handOff, arrived],
      },
    ],
    ["an extra hand-off", "status", { steps: [approve("a"), handOff, arrived, handOff] }],
    [
      "a hand-off after it was cancelled",
      "status",
      { steps: [approve("a"), log("message.cancelled"), handOff, arrived] },
    ],
    [
      "a hand-off after it expired",
      "status",
      { steps: [log("message.expired"), handOff, arrived] },
    ],
    ["a hand-off of a test message", "status", { test: true }],
    ["delivered without a hand-off", "order", { steps: [approve("a"), arrived] }],
    ["delivered without an attempt", "status", { steps: [approve("a"), handOff] }],
    [
      "a mode that gates everything, without a gate",
      "status",
      { mode: "gated_all", gated: false, steps: [handOff, arrived] },
    ],
    ["a mode that forbids sending", "status", { mode: "read_only" }],
    ["two submissions", "entries", { steps: [log("message.submitted"), ...delivered] }],
    ["an event of no known kind", "status", { steps: [...delivered, log("message.teleported")] }],
    [
      "a submission after the decision",
      "order",
      { before: [approve("a")], steps: [handOff, arrived] },
    ],
    [
      "another digest in the decision",
      "digest",
      { forge: forged("message.decided", { digest: "ab".repeat(32) }) },
    ],
    [
      "another digest in the hand-off",
      "digest",
      { forge: forged("message.handed_off", { digest: "ab".repeat(32) }) },
    ],
    [
      "another mode in the hand-off",
      "approvals",
      { forge: forged("message.handed_off", { mode: "autonomous" }) },
    ],
    [
      "another length in the submission",
      "digest",
      { forge: forged("message.submitted", { size: 1 }) },
    ],
    [
      "a submission without a digest",
      "entries",
      { forge: forged("message.submitted", { digest: null }) },
    ],
    [
      "a result for somebody who was not handed off",
      "receipts",
      { steps: [approve("a"), { do: "hand_off", recipients: [] }, arrived] },
    ],
    [
      "a decision on another attachment",
      "openings",
      { attachments: { submitted: ['{"filename":"a.txt"}'], decided: ['{"filename":"b.txt"}'] } },
    ],
    [
      "a decision on one attachment less",
      "openings",
      { attachments: { submitted: ['{"filename":"a.txt"}'], decided: [] } },
    ],
    ["another statement than its entry names", "statements", { forge: otherStatement }],
    [
      "a statement about another message",
      "statements",
      stating({ email_id: "01AAAAAAAAAAAAAAAAAAAAAAAA" }),
    ],
    ["a statement about other content", "statements", stating({ content_digest: "ab".repeat(32) })],
    [
      "a statement of another requester",
      "statements",
      stating({ requester: { kind: "api_key", id: "x" } }),
    ],
    [
      "a statement of another approver",
      "statements",
      stating({ approver: { kind: "person", id: "x" } }),
    ],
    ["a statement for another mailbox", "statements", stating({ mailbox: "x" })],
    ["a statement for another log", "statements", stating({ log: "x" })],
    ["a statement that saw the future", "statements", stating({ log_size: 900 })],
    ["a statement with a wrong empty root", "statements", stating({ log_root: Buffer.alloc(32) })],
    ["a statement from last year", "statements", stating({ iat: 1_740_000_000 })],
    ["a statement that says reject", "statements", stating({ decision: "reject" })],
  ];
  it.each(lies)("%s (%s)", async (_, check, plan) => {
    const { bundle } = await buildBundle({ keys, ...plan });
    const report = await verifyBundle(bundle, { pinned: keys.public, now });
    expect(report.verdict).toBe("invalid");
    expect(failed(report)).toContain(check);
  });

  it("but two people with a key each are two, and the author's person is none of them", async () => {
    const { bundle } = await buildBundle({
      keys,
      author: "person:c",
      required: 2,
      steps: [byKey("a", "k1"), byKey("b", "k2"), handOff, arrived],
    });
    const report = await verifyBundle(bundle, { pinned: keys.public, now });
    expect(failed(report)).toEqual([]);
  });

  function byKey(by: string, key: string): StoryStep {
    return { do: "approve", by, key };
  }

  function forged(type: string, change: Record<string, unknown>): (entry: LogEntry) => LogEntry {
    return (entry) =>
      entry.type === type ? { ...entry, data: { ...entry.data, ...change } } : entry;
  }

  function otherStatement(entry: LogEntry): LogEntry {
    const statement = "ab".repeat(32);
    const [link] = entry.approval ?? [];
    if (link === undefined) return entry;
    return { ...entry, approval: [{ ...link, statement }], data: { ...entry.data, statement } };
  }

  function stating(change: object): Omit<StoryPlan, "keys"> {
    return {
      steps: [
        { do: "approve", by: "a", state: (input) => ({ ...input, ...change }) },
        handOff,
        arrived,
      ],
    };
  }
});

describe("erasure", () => {
  /** The good story with an erasure entry behind it, and the named fields' openings gone. */
  async function erasedBundle(fields: string[], named: string[]): Promise<Bundle> {
    const erased = [
      { index: 0, fields: named },
      { index: 1, fields: named },
    ];
    const { bundle } = await buildBundle({
      keys,
      noise: 0,
      steps: [...delivered, { do: "log", type: "erasure", data: { erased } }],
    });
    bundle.openings = bundle.openings.filter(({ field }) => !fields.includes(field));
    return bundle;
  }

  it("on the record leaves a bundle whose rest holds, with exit code 20", async () => {
    const bundle = await erasedBundle(["to[0]"], ["to[0]"]);
    const report = await verifyBundle(bundle, { pinned: keys.public, now });
    expect(failed(report)).toEqual([]);
    expect(report).toMatchObject({ verdict: "erased", exit_code: 20 });
    expect(report.erased).toHaveLength(2);
    expect(report.erased[0]).toContain("leaf 4");
    const unpinned = await verifyBundle(bundle, { now });
    expect(unpinned).toMatchObject({ verdict: "unpinned", exit_code: 11 });
    expect(unpinned.erased).toHaveLength(2);
  });

  it("of the message and its recipient too", async () => {
    const all = ["to[0]", "subject", "body"];
    const bundle = await erasedBundle(all, all);
    bundle.mime = "";
    bundle.recipients[0]!.address = "";
    const signed = await resign(keys, bundle);
    const report = await verifyBundle(signed, { pinned: keys.public, now });
    expect(failed(report)).toEqual([]);
    expect(report.verdict).toBe("erased");
  });

  it("of a field that no entry names is an alarm", async () => {
    const report = await verifyBundle(await erasedBundle(["to[0]", "subject"], ["to[0]"]), { now });
    expect(failed(report)).toEqual(["openings"]);
  });

  it("of a message that no entry names is an alarm", async () => {
    const bundle = await erasedBundle(["to[0]"], ["to[0]"]);
    bundle.mime = "";
    expect(failed(await verifyBundle(bundle, { now }))).toEqual(["digest"]);
  });
});

describe("witnesses", () => {
  const pair = generateKeyPairSync("ed25519");
  const raw = Buffer.from(pair.publicKey.export({ format: "jwk" }).x!, "base64url");
  const typed = Buffer.concat([Buffer.of(4), raw]);
  const id = hash(
    "sha256",
    Buffer.concat([Buffer.from("witness.example\n"), typed]),
    "buffer",
  ).subarray(0, 4);
  const vkey = `witness.example+${id.toString("hex")}+${typed.toString("base64")}`;

  /** Adds a cosignature of C2SP tlog-cosignature to a checkpoint. */
  function cosign(note: string): string {
    const text = note.slice(0, note.indexOf("\n\n") + 1);
    const time = Buffer.alloc(8);
    time.writeBigUInt64BE(1_772_000_000n);
    const signature = sign(
      null,
      Buffer.from(`cosignature/v1\ntime 1772000000\n${text}`),
      pair.privateKey,
    );
    return `${note}— witness.example ${Buffer.concat([id, time, signature]).toString("base64")}\n`;
  }

  it("that were asked for and signed make the bundle valid; others leave it unwitnessed, with exit code 10", async () => {
    const witnesses = { vkeys: [vkey], needed: 1 };
    const pinned = keys.public;
    const seen = await buildBundle({ keys, cosign });
    expect(await verifyBundle(seen.bundle, { pinned, witnesses, now })).toMatchObject({
      verdict: "valid",
      exit_code: 0,
    });
    expect(await verifyBundle(built.bundle, { pinned, witnesses, now })).toMatchObject({
      verdict: "unwitnessed",
      exit_code: 10,
    });
    const two = { vkeys: [vkey, vkey], needed: 2 };
    expect(await verifyBundle(seen.bundle, { pinned, witnesses: two, now })).toMatchObject({
      exit_code: 10,
    });
  });

  it("whose cosignature is over another time have not signed", async () => {
    const late = (note: string) => cosign(note).replace(/(— witness.example \S{10})\S/, "$1Z");
    const { bundle } = await buildBundle({ keys, cosign: late });
    expect(
      await verifyBundle(bundle, {
        pinned: keys.public,
        witnesses: { vkeys: [vkey], needed: 1 },
        now,
      }),
    ).toMatchObject({ exit_code: 10 });
  });

  it("do not make up for a failed check", async () => {
    const { bundle } = await buildBundle({ keys, cosign });
    bundle.email.gated = false;
    const witnesses = { vkeys: [vkey], needed: 2 };
    expect(await verifyBundle(bundle, { witnesses, now })).toMatchObject({ exit_code: 30 });
  });
});
