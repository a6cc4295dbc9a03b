/** Decisions by passkey through a whole instance: what one file then proves, and everything that is refused. */
import { generateKeyPairSync, sign } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Bundle, PublicKeys } from "../../src/audit/bundle-format.ts";
import { verifyBundle } from "../../src/audit/bundle.ts";
import { coseAlgorithms } from "../../src/audit/cose.ts";
import { challenge } from "../../src/audit/statement.ts";
import { Refusal } from "../../src/core/refusal.ts";
import { createAuthenticator } from "../evidence/authenticator.ts";
import { otherVerdict } from "../evidence/other-webauthn.ts";
import { promise } from "../promises.ts";
import { type Person, answer, decideBy, decider, enrolled, personOf, placeOf } from "./deciders.ts";
import { type OwnerKeys, ownerKeys } from "./owner-keys.ts";
import { type Answer, type Running, run } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
let keys: OwnerKeys;
let owner: Person;
let grace: Person;
let device: Awaited<ReturnType<typeof enrolled>>["device"];

beforeAll(async () => {
  running = await run();
  node = await secondNode(running);
  keys = await ownerKeys(node);
  owner = personOf(node, keys.owner_id, "owner");
  grace = await decider(node, "approver");
  ({ device } = await enrolled(node, grace));
  await node.asOwner("UPDATE mailbox SET undo_seconds = 0");
});
afterAll(async () => {
  await node.close();
  await running.stop();
});

async function pending(more: Record<string, unknown> = {}): Promise<Answer["body"]> {
  const { body } = await running.send({ subject: "For a passkey", ...more });
  return running.settled(body.id, "pending_send_approval");
}

async function refused(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "done";
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

async function bundleOf(id: string): Promise<Bundle> {
  const path = `/v1/mailboxes/${running.known.mailbox_id}/emails/${id}/proof`;
  return (await running.call(running.known.admin_key, path)).body;
}

const pinned = async (): Promise<PublicKeys> =>
  (await running.call(running.known.admin_key, "/v1/public-keys")).body;

async function verdictOf(id: string) {
  const bundle = JSON.parse(JSON.stringify(await bundleOf(id))) as Bundle;
  return verifyBundle(bundle, { pinned: await pinned(), now: new Date() });
}

test(promise("passkey.sent"), async () => {
  const message = await pending();
  const assertion = await answer(node, grace, device, message);
  const [decided] = await decideBy(node, grace, message, assertion);
  expect(decided).toMatchObject({ status: "queued", approvals: 1 });
  const sent = await running.settled(message.id, "sent", "delivered");
  expect(sent.decisions).toMatchObject([{ decision: "approve", class: "A" }]);
  const report = await verdictOf(message.id);
  expect(report.checks.filter(({ status }) => status === "fail")).toEqual([]);
  expect(report.verdict).toBe("valid");
  const { decisions } = await bundleOf(message.id);
  const statement = Buffer.from(decisions[0]?.statement.payload ?? "", "base64");
  const asked = { challenge: challenge(statement), ...placeOf(node), cose: device.cose };
  expect(await otherVerdict(assertion, asked)).toBe(true);
});

test.each(coseAlgorithms)("algorithm %d goes the whole road", async (algorithm) => {
  const other = await enrolled(node, grace, algorithm);
  const message = await pending();
  await decideBy(node, grace, message, await answer(node, grace, other.device, message));
  await running.settled(message.id, "sent", "delivered");
  expect((await verdictOf(message.id)).verdict).toBe("valid");
  await node.engine.revokeFromDirectory(grace, other.passkey_id);
  expect((await verdictOf(message.id)).verdict).toBe("valid");
});

test("a rejection by passkey is signed the same way, and proves itself", async () => {
  const message = await pending();
  const assertion = await answer(node, grace, device, message, "reject");
  await decideBy(node, grace, message, assertion, "reject");
  const report = await verdictOf(message.id);
  expect(report.verdict).toBe("valid");
  expect(report.checks.find(({ name }) => name === "statements")?.words).toContain(
    "reject (class A)",
  );
});

test(promise("passkey.required"), async () => {
  const path = `/v1/mailboxes/${running.known.mailbox_id}`;
  const before = await pending();
  // Whoever may send may ask for more oversight.
  const stricter = await running.call(
    running.known.agent_key,
    `${path}/configure`,
    { passkey_required: true },
    { method: "PATCH" },
  );
  expect(stricter.body).toMatchObject({ passkey_required: true });
  const message = await pending();
  expect(message.passkey_required).toBe(true);
  for (const one of [before, message]) {
    expect((await running.decide(one.id, "approve")).body.code).toBe("passkey_required");
    const signedIn = node.engine.decide(grace, [{ email_id: one.id, decision: "approve" }]);
    expect(await refused(signedIn)).toBe("passkey_required");
    await decideBy(node, grace, one, await answer(node, grace, device, one));
    await running.settled(one.id, "sent", "delivered");
    expect((await verdictOf(one.id)).verdict).toBe("valid");
  }
  // Loosening it waits for a person.
  const looser = { passkey_required: false };
  const asked = await running.call(running.known.admin_key, path, looser, { method: "PATCH" });
  expect(asked.status).toBe(202);
  await node.engine.changeMailbox(owner, running.known.mailbox_id, { passkey_required: false });
});

test("who approved signed in before passkeys were asked for approves again by passkey, and the evidence holds", async () => {
  const message = await pending({ send_at: new Date(Date.now() + 3_600_000).toISOString() });
  const [first] = await node.engine.decide(grace, [{ email_id: message.id, decision: "approve" }]);
  expect(first).toMatchObject({ status: "scheduled" });
  const stricter = { passkey_required: true };
  await node.engine.changeMailbox(owner, running.known.mailbox_id, stricter);
  await node.asOwner(
    `UPDATE due SET due_at = now() WHERE kind = 'release' AND message_id = '${message.id}';
     UPDATE message SET send_at = now() WHERE message_id = '${message.id}'`,
  );
  const held = await running.settled(message.id, "pending_send_approval");
  expect(held).toMatchObject({ approvals: 0, passkey_required: true });
  await decideBy(node, grace, held, await answer(node, grace, device, held));
  await running.settled(message.id, "sent", "delivered");
  const report = await verdictOf(message.id);
  expect(report.checks.filter(({ status }) => status === "fail")).toEqual([]);
  expect(report.verdict).toBe("valid");
  await node.engine.changeMailbox(owner, running.known.mailbox_id, { passkey_required: false });
});

describe("refused is", () => {
  test(promise("passkey.once"), async () => {
    const message = await pending({ send_at: new Date(Date.now() + 3_600_000).toISOString() });
    const assertion = await answer(node, grace, device, message);
    const twice = await Promise.all([
      refused(decideBy(node, grace, message, assertion)),
      refused(decideBy(node, grace, message, assertion)),
    ]);
    expect(twice.filter((one) => one === "done")).toHaveLength(1);
    expect(await refused(decideBy(node, grace, message, assertion))).not.toBe("done");
    const other = await pending();
    expect(await refused(decideBy(node, grace, other, assertion))).toBe("invalid_passkey");
  });

  test("an answer for another message, another decision, another person", async () => {
    const [one, two] = [await pending(), await pending()];
    const assertion = await answer(node, grace, device, one);
    expect(await refused(decideBy(node, grace, two, assertion))).toBe("invalid_passkey");
    expect(await refused(decideBy(node, grace, one, assertion, "reject"))).toBe("invalid_passkey");
    expect(await refused(decideBy(node, owner, one, assertion))).toBe("invalid_passkey");
    // What was refused used nothing up.
    expect(await refused(decideBy(node, grace, one, assertion))).toBe("done");
  });

  test("a device that verified nobody, another site, another's device, no device of the directory", async () => {
    const message = await pending();
    const ask = async (faults: object, signer = device) =>
      refused(
        decideBy(
          node,
          grace,
          message,
          await answer(node, grace, signer, message, "approve", faults),
        ),
      );
    expect(await ask({ flags: 0x01 })).toBe("invalid_passkey");
    expect(await ask({ origin: "https://elsewhere.example" })).toBe("invalid_passkey");
    expect(await ask({ rp_id: "elsewhere.example" })).toBe("invalid_passkey");
    expect(await ask({}, createAuthenticator(placeOf(node)))).toBe("invalid_passkey");
    const theirs = await enrolled(node, owner);
    expect(await ask({}, theirs.device)).toBe("invalid_passkey");
  });

  test("a passkey that was revoked since the prompt, and a prompt without any passkey", async () => {
    const other = await enrolled(node, grace);
    const message = await pending();
    const assertion = await answer(node, grace, other.device, message);
    await node.engine.revokeFromDirectory(owner, other.passkey_id);
    expect(await refused(decideBy(node, grace, message, assertion))).toBe("invalid_passkey");
    const nobody = await decider(node, "approver");
    expect(await refused(answer(node, nobody, device, message))).toBe("passkey_required");
  });

  test("content that changed since the prompt", async () => {
    const message = await pending();
    const assertion = await answer(node, grace, device, message);
    const path = `/v1/mailboxes/${running.known.mailbox_id}/emails/${message.id}/schedule`;
    const edit = { subject: "Another subject" };
    const { status } = await running.call(running.known.agent_key, path, edit, { method: "PATCH" });
    expect(status).toBe(200);
    expect(await refused(decideBy(node, grace, message, assertion))).toBe("stale_digest");
    const changed = await running.settled(message.id, "pending_send_approval");
    expect(await refused(decideBy(node, grace, changed, assertion))).toBe("invalid_passkey");
  });

  test("a statement older than ten minutes", async () => {
    const message = await pending();
    const assertion = await answer(node, grace, device, message);
    await node.asOwner("UPDATE webauthn_challenge SET expires_at = now() - interval '1 second'");
    expect(await refused(decideBy(node, grace, message, assertion))).toBe("invalid_passkey");
  });

  test("one refused answer beside a good one: nothing of the batch is decided", async () => {
    const [one, two] = [await pending(), await pending()];
    const good = await answer(node, grace, device, one);
    const bad = await answer(node, grace, device, two, "approve", { flags: 0x01 });
    const request = (message: Answer["body"], assertion: typeof good) => ({
      email_id: message.id,
      decision: "approve" as const,
      digest: message.digest,
      proof: { class: "A", assertion } as const,
    });
    const both = node.engine.decide(grace, [request(one, good), request(two, bad)]);
    expect(await refused(both)).toBe("invalid_passkey");
    expect((await running.settled(one.id, "pending_send_approval")).approvals).toBe(0);
  });

  test("an enrolment by an auditor, with a stale sign-in, twice with one answer, or for signing in", async () => {
    const auditor = await decider(node, "auditor");
    expect(await refused(node.engine.decisionPasskeyOptions(auditor))).toBe("role_required");
    const stale = { ...grace, signed_in_at: new Date(Date.now() - 3_600_000).toISOString() };
    expect(await refused(node.engine.decisionPasskeyOptions(stale))).toBe("fresh_sign_in_required");
    const other = createAuthenticator(placeOf(node));
    const options = await node.engine.decisionPasskeyOptions(grace);
    const response = other.enrol(options.challenge);
    await node.engine.enrolDecisionPasskey(grace, { name: "Once", response });
    const again = node.engine.enrolDecisionPasskey(grace, { name: "Twice", response });
    expect(await refused(again)).toBe("invalid_passkey");
    const { challenge: next } = await node.engine.decisionPasskeyOptions(grace);
    const taken = node.engine.enrolDecisionPasskey(grace, {
      name: "Taken",
      response: other.enrol(next),
    });
    expect(await refused(taken)).toBe("already_exists");
    const known = await node.engine.decisionPasskeyOptions(grace);
    const excluded = known.excludeCredentials.map(({ id }) => id);
    expect(excluded).toContain(other.credential_id.toString("base64url"));
    const signIn = await node.engine.passkeyOptions(grace);
    // The same device may hold one for signing in as well: another credential, under a handle of its own.
    expect(signIn.excludeCredentials).toEqual([]);
    expect(signIn.user.id).not.toBe(known.user.id);
    const unverified = other.enrol(known.challenge, { flags: 0x41 });
    const weak = node.engine.enrolDecisionPasskey(grace, { name: "Weak", response: unverified });
    expect(await refused(weak)).toBe("invalid_passkey");
  });

  /** A decision of class A as somebody with the database in hand writes it, and what lets the message go on. */
  async function plant(message: Answer["body"], columns: string): Promise<Answer["body"]> {
    const id = node.context.new_id();
    await node.asOwner(
      `BEGIN;
       INSERT INTO log_entry VALUES ('${node.operator_id}', 'entry ${id}', 'message.decided', 'person', 'x', '${message.id}', NULL, NULL, now(), '{}');
       INSERT INTO decision SELECT (jsonb_populate_record(d, jsonb_build_object('decision_id', '${id}', 'message_id', '${message.id}',
         'digest', '${message.digest}', 'created_at', now(), 'entry_id', 'entry ${id}', 'leaf_hash', '\\x78'${columns}))).*
         FROM decision d WHERE class = 'A' AND person_id = '${grace.person_id}' AND decision = 'approve' ORDER BY decision_id LIMIT 1;
       UPDATE message SET status = 'queued' WHERE message_id = '${message.id}';
       DELETE FROM due WHERE message_id = '${message.id}';
       INSERT INTO due (operator_id, message_id, kind, due_at) VALUES ('${node.operator_id}', '${message.id}', 'deliver', now());
       COMMIT`,
    );
    return running.settled(message.id, "pending_send_approval", "sent", "delivered");
  }

  const isHeld = {
    status: "pending_send_approval",
    approvals: 0,
    reason: expect.stringContaining("does not verify"),
  };

  test("a class A approval that somebody copied from another message", async () => {
    expect(await plant(await pending(), "")).toMatchObject(isHeld);
  });

  test("a class A approval whose statement is right, and whose signature is another device's", async () => {
    const message = await pending();
    const wish = { email_id: message.id, decision: "approve", digest: message.digest } as const;
    const [prompt] = await node.engine.promptForDecisions(grace, [wish]);
    const { statement } = prompt!;
    const made = createAuthenticator(placeOf(node)).assert(challenge(statement));
    const envelope = {
      payloadType: "application/vnd.in-toto+json",
      payload: statement.toString("base64"),
      signatures: [
        {
          keyid: device.credential_id.toString("base64url"),
          sig: Buffer.from(made.signature, "base64url").toString("base64"),
          webauthn: {
            clientDataJSON: made.client_data_json,
            authenticatorData: made.authenticator_data,
          },
        },
      ],
    };
    const columns = `, 'statement', '\\x${statement.toString("hex")}', 'envelope', '${JSON.stringify(envelope)}'::jsonb`;
    expect(await plant(message, columns)).toMatchObject(isHeld);
  });
});

test("a node that has just started shows twenty messages at once: no prompt waits for the keys of the others", async () => {
  const message = await pending();
  const wish = { email_id: message.id, decision: "approve", digest: message.digest } as const;
  const fresh = await secondNode(running);
  const asked = Array.from({ length: 20 }, () => fresh.engine.promptForDecisions(grace, [wish]));
  const shown = await Promise.allSettled(asked);
  await fresh.close();
  expect(shown.filter(({ status }) => status === "rejected")).toEqual([]);
});

test("every change of the directory is told by mail, and stands in the log", async () => {
  const person = await decider(node, "approver");
  const { passkey_id } = await enrolled(node, person);
  await node.engine.revokeFromDirectory(owner, passkey_id);
  const rows = await node.as((tx) =>
    tx.named<{ type: string }>(
      "directory_test_entries",
      "SELECT type FROM log_entry WHERE resource = $1 ORDER BY entry_id",
      [passkey_id],
    ),
  );
  expect(rows.map(({ type }) => type).toSorted()).toEqual([
    "approver.enrolled",
    "approver.revoked",
  ]);
  const mails = await node.as((tx) =>
    tx.named<{ mail_id: string }>(
      "directory_test_mails",
      "SELECT mail_id FROM service_mail WHERE to_address = $1 AND kind = 'account'",
      [`${person.person_id.toLowerCase()}@people.example`],
    ),
  );
  expect(mails).toHaveLength(2);
});

test("the operator's own signature over the directory is in the evidence, and verifiers hold to it", async () => {
  const pair = generateKeyPairSync("ed25519");
  const pem = pair.publicKey.export({ format: "pem", type: "spki" }).toString();
  expect(await refused(node.engine.putDirectoryKey(grace, pem))).toBe("role_required");
  await node.engine.putDirectoryKey(owner, pem);
  const signed = async (): Promise<string> => {
    const { body } = await running.call(running.known.admin_key, "/v1/directory/head");
    return sign(null, Buffer.from(body.statement), pair.privateKey).toString("base64");
  };
  const post = (signature: string) =>
    running.call(running.known.admin_key, "/v1/directory/head", { signature });
  const message = await pending();
  await decideBy(node, grace, message, await answer(node, grace, device, message));
  await running.settled(message.id, "sent", "delivered");
  const unsigned = await verdictOf(message.id);
  expect(unsigned.verdict).toBe("invalid");
  expect(unsigned.checks.find(({ name }) => name === "directory")?.words).toContain(
    "[key_not_vouched_for]",
  );
  const other = sign(null, Buffer.from("another text"), pair.privateKey).toString("base64");
  expect((await post(other)).body.code).toBe("validation_failed");
  const signature = await signed();
  expect((await post(signature)).body).toMatchObject({ signature });
  const report = await verdictOf(message.id);
  expect(report.verdict).toBe("valid");
  expect(report.checks.find(({ name }) => name === "directory")?.words).toContain(
    "signed by the operator's own key",
  );
  // Signed before the directory changed: it is for the older one.
  const [first] = await node.engine.findDecisionPasskeys(owner, { own: true, all: false });
  await node.engine.revokeFromDirectory(owner, first?.passkey_id ?? "");
  expect((await post(signature)).body.code).toBe("validation_failed");
  // What was decided before is vouched for by the head of its time.
  expect((await verdictOf(message.id)).verdict).toBe("valid");
  await node.engine.putDirectoryKey(owner, null);
});
