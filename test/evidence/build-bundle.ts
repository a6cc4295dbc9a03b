/** Builds real evidence bundles in memory: real keys, MIME, statements and log, from a story told in steps. */
import { createHash, randomBytes } from "node:crypto";
import { signCompleteness } from "../../src/audit/bundle-completeness.ts";
import { bundleFormat } from "../../src/audit/bundle-format.ts";
import type { Bundle, BundleOpening } from "../../src/audit/bundle-format.ts";
import { receiptHash } from "../../src/audit/bundle-receipt.ts";
import type { BundleReceipt } from "../../src/audit/bundle-receipt.ts";
import { signCheckpoint } from "../../src/audit/checkpoint.ts";
import { commit, encodeEntry } from "../../src/audit/entry.ts";
import type { LogEntry } from "../../src/audit/entry.ts";
import { formatProof } from "../../src/audit/proof.ts";
import { enrolmentData, formatHead } from "../../src/audit/directory.ts";
import { passkeyEnvelope } from "../../src/audit/passkey-statement.ts";
import {
  buildStatement,
  challenge,
  signStatement,
  statementHash,
} from "../../src/audit/statement.ts";
import type {
  ContentCommitments,
  Decision,
  StatementEnvelope,
  StatementInput,
} from "../../src/audit/statement.ts";
import { appendLeaves, emptyEdge, tileReader } from "../../src/audit/tile.ts";
import { emptyRoot, inclusionProof, leafHash } from "../../src/audit/tree.ts";
import { compose, UNSUBSCRIBE_PLACEHOLDER } from "../../src/mail/compose.ts";
import { contentDigest } from "../../src/mail/digest.ts";
import { finalize } from "../../src/mail/finalize.ts";
import type { AssertionFaults, Authenticator } from "./authenticator.ts";
import { delivered, storyTime } from "./story-plan.ts";
import type { SigningKeys, StoryPlan, StoryStep } from "./story-plan.ts";

/** A built bundle, and the mail as each recipient gets it. */
export type BuiltBundle = {
  bundle: Bundle;
  keys: SigningKeys;
  eml(position: number): Promise<Buffer>;
};

const authorId = "01KEYAUTHOR000000000000000";
const mailboxId = "01MAILBOX00000000000000000";

type Written = {
  id: string;
  body: Buffer;
  leaf: Buffer;
  index: number;
  data: Record<string, unknown>;
};

/** The state of a story while it is told. */
class Teller {
  readonly plan: StoryPlan;
  readonly id = `01${randomId().slice(2)}`;
  readonly mime: Buffer;
  readonly recipients: { kind: "to" | "cc" | "bcc" | "copy"; address: string }[];
  readonly digest: string;
  readonly leaves: Buffer[] = [];
  readonly written: Written[] = [];
  readonly openings: BundleOpening[] = [];
  readonly decisions: Bundle["decisions"] = [];
  readonly passkeys: {
    id: string;
    device: Authenticator;
    enrolled: Written;
    revoked: Written | null;
  }[] = [];
  readonly approvals: { leaf: string; stmt: string; class: string }[] = [];
  readonly results = new Map<number, { status: string; receipt: BundleReceipt }>();
  attempts = 0;

  constructor(plan: StoryPlan, mime: Buffer) {
    this.plan = plan;
    this.mime = mime;
    this.recipients = plan.recipients ?? [{ kind: "to", address: "bob@example.net" }];
    this.digest = contentDigest(
      mime,
      this.recipients.map(({ address }) => address),
    );
  }

  /** Appends one entry of this message, with noise before it. */
  write(
    type: string,
    actor: { kind: string; id: string },
    data: Record<string, unknown>,
    approval?: LogEntry["approval"],
    resource: string = this.id,
  ): Written {
    for (let i = 0; i < (this.plan.noise ?? 3); i++)
      this.leaves.push(leafHash(Buffer.from(`noise ${this.leaves.length}`)));
    const entry: LogEntry = {
      v: 1,
      type,
      at: storyTime.toISOString(),
      actor,
      resource,
      mailbox: resource === this.id ? mailboxId : null,
      thread: resource === this.id ? this.id : null,
      ...(approval ? { approval } : {}),
      data,
    };
    const body = encodeEntry(this.plan.forge ? this.plan.forge(entry) : entry);
    const leaf = leafHash(body);
    const one = { id: randomId(), body, leaf, index: this.leaves.length, data };
    this.leaves.push(leaf);
    if (resource === this.id) this.written.push(one);
    return one;
  }

  /** Commits to the content; the openings go to the entry that `owned` is then called with. */
  commitments(described: readonly string[]): {
    content: ContentCommitments;
    owned(entryId: string): void;
  } {
    const made: Omit<BundleOpening, "entry_id">[] = [];
    const add = (field: string, data: string): string => {
      const { c, r } = commit(field, data);
      made.push({ field, c, r: r.toString("hex"), data });
      return c;
    };
    const content = {
      to: this.recipients.map(({ kind, address }, i) => add(`to[${i}]`, `${kind}:${address}`)),
      subject: add("subject", this.plan.subject ?? "Your order"),
      body: add("body", createHash("sha256").update("the markdown").digest("hex")),
      attachments: described.map((text, i) => add(`attachments[${i}]`, text)),
    };
    return {
      content,
      owned: (entry_id) => void this.openings.push(...made.map((one) => ({ entry_id, ...one }))),
    };
  }
}

/** Tells the story and gives its bundle. */
export async function buildBundle(plan: StoryPlan): Promise<BuiltBundle> {
  const to = plan.recipients ?? [{ kind: "to", address: "bob@example.net" }];
  const mime = await compose({
    from: { name: "Example Agent", address: "agent@agents.example" },
    to: to.filter(({ kind }) => kind === "to").map(({ address }) => ({ name: null, address })),
    cc: to.filter(({ kind }) => kind === "cc").map(({ address }) => ({ name: null, address })),
    subject: plan.subject ?? "Your order",
    markdown: "Your order is **on its way**.\n",
    attachments: [],
    message_id: `<${randomId().toLowerCase()}@agents.example>`,
    unsubscribe: { url: `https://mail.example.com/v1/unsubscribe/${UNSUBSCRIBE_PLACEHOLDER}` },
    postal_address: "Example Ltd, 1 Long Road, Town",
    ai_disclosure: "This message was written by an AI agent.",
    auto_generated: plan.gated === false,
  });
  const teller = new Teller(plan, mime);
  for (const step of plan.before ?? []) await writeStep(teller, step);
  writeSubmission(teller);
  for (const step of plan.steps ?? delivered) await writeStep(teller, step);
  return finish(teller);
}

function writeSubmission(teller: Teller): void {
  const { plan, mime, digest } = teller;
  const gated = plan.gated ?? true;
  const { content, owned } = teller.commitments(plan.attachments?.submitted ?? []);
  const entry = teller.write(
    "message.submitted",
    { kind: "api_key", id: authorId },
    {
      digest,
      ...(plan.author === undefined ? {} : { author: plan.author }),
      message_id: messageIdOf(mime),
      mode: plan.mode ?? "gated_send",
      status: plan.submitted_status ?? (gated ? "pending_approval" : "queued"),
      test: plan.test ?? false,
      gated,
      approvals_required: plan.required ?? 1,
      size: mime.length,
      content,
    },
  );
  owned(entry.id);
}

const worker = { kind: "system", id: "worker" };

async function writeStep(teller: Teller, step: StoryStep): Promise<void> {
  const everyone = teller.recipients.map((_, i) => i);
  switch (step.do) {
    case "hand_off":
      teller.attempts++;
      teller.write("message.handed_off", worker, {
        attempt: teller.attempts,
        digest: teller.digest,
        mode: teller.plan.mode ?? "gated_send",
        recipients: step.recipients ?? everyone,
        approvals: step.approvals ?? teller.approvals.map(({ leaf }) => leaf),
      });
      return;
    case "attempt": {
      const said = {
        outcome: "accepted",
        host: "mx.example.net",
        code: 250,
        enhanced_status_code: "2.0.0",
      } as const;
      const receipt: BundleReceipt = {
        ...said,
        at: new Date(storyTime.getTime() + teller.attempts * 1000).toISOString(),
        address: "192.0.2.25",
        reply: `ok, queued ${teller.attempts}`,
        tls: { version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384", authorized: true },
      };
      for (const i of step.recipients ?? everyone)
        teller.results.set(i, { status: step.recipient_status, receipt });
      teller.write("message.attempted", worker, {
        attempt: Math.max(1, teller.attempts),
        status: step.status,
        results: (step.recipients ?? everyone).map((recipient) => ({
          recipient,
          status: step.recipient_status,
          ...said,
          tls: "TLSv1.3",
          receipt: receiptHash(receipt),
        })),
      });
      return;
    }
    case "enrol": {
      const id = randomId();
      const data = enrolmentData({
        member: `person:${step.by}`,
        credential_id: step.device.credential_id.toString("base64url"),
        public_key: step.device.cose,
        algorithm: step.device.algorithm,
        origin: step.origin ?? "https://mail.example.com",
      });
      const actor = { kind: "person", id: step.by };
      const enrolled = teller.write("approver.enrolled", actor, data, undefined, id);
      teller.passkeys.push({ id, device: step.device, enrolled, revoked: null });
      return;
    }
    case "unenrol":
      for (const one of teller.passkeys.filter(({ device }) => device === step.device)) {
        const actor = { kind: "person", id: step.by };
        one.revoked = teller.write("approver.revoked", actor, {}, undefined, one.id);
      }
      return;
    case "log":
      teller.write(step.type, worker, step.data ?? { digest: teller.digest });
      return;
    default:
      await writeDecision(teller, step);
  }
}

async function writeDecision(
  teller: Teller,
  step: Extract<StoryStep, { do: Decision }>,
): Promise<void> {
  const { keys } = teller.plan;
  const strength = step.device || step.envelope ? "A" : (step.class ?? "B");
  const approver = { kind: step.key === undefined ? "person" : "api_key", id: step.key ?? step.by };
  const { content, owned } = teller.commitments(teller.plan.attachments?.decided ?? []);
  const input: StatementInput = {
    host: "mail.example.com",
    email_id: teller.id,
    content_digest: teller.digest,
    decision: step.do,
    class: strength,
    mailbox: mailboxId,
    log: keys.origin,
    log_size: 0,
    log_root: emptyRoot(),
    content,
    policy: null,
    requester: { kind: "api_key", id: authorId },
    approver,
    nonce: randomBytes(16),
    iat: Math.floor(storyTime.getTime() / 1000),
  };
  const made = buildStatement(step.state ? step.state(input) : input);
  const envelope: StatementEnvelope =
    step.envelope?.(teller.decisions) ??
    (step.device
      ? deviceEnvelope(made, step.device, step.device_faults)
      : await signStatement(made, keys.identity.kid, keys.identity.privateKey));
  const statement = Buffer.from(envelope.payload, "base64");
  const hash = statementHash(statement);
  const entry = teller.write(
    "message.decided",
    approver,
    {
      digest: teller.digest,
      decision: step.do,
      class: strength,
      ...(step.key === undefined ? {} : { principal: `person:${step.by}` }),
      statement: hash,
      content,
    },
    [{ decision: step.do, class: strength, approver, statement: hash }],
  );
  owned(entry.id);
  if (step.do === "approve")
    teller.approvals.push({ leaf: entry.leaf.toString("hex"), stmt: hash, class: strength });
  teller.decisions.push({
    decision: step.do,
    class: strength,
    at: storyTime.toISOString(),
    entry_id: entry.id,
    statement: envelope,
  });
}

function deviceEnvelope(
  statement: Buffer,
  device: Authenticator,
  faults: AssertionFaults = {},
): StatementEnvelope {
  const { id, client_data_json, authenticator_data, signature } = device.assert(
    challenge(statement),
    faults,
  );
  return passkeyEnvelope(statement, id, {
    clientDataJSON: Buffer.from(client_data_json, "base64url"),
    authenticatorData: Buffer.from(authenticator_data, "base64url"),
    signature: Buffer.from(signature, "base64url"),
  });
}

async function finish(teller: Teller): Promise<BuiltBundle> {
  const { plan, mime, digest, recipients, results } = teller;
  const { keys } = plan;
  const { tiles, root, size } = appendLeaves(emptyEdge, teller.leaves);
  const signed = signCheckpoint({ origin: keys.origin, size, root }, keys.log);
  const checkpoint = plan.cosign ? plan.cosign(signed) : signed;
  const reader = tileReader(size, tiles);
  const entryOf = ({ id, index, body }: Written): Bundle["entries"][number] => ({
    id,
    index,
    body: body.toString("base64"),
    proof: formatProof({ index, path: inclusionProof(index, size, reader), checkpoint }),
  });
  const passkeys = teller.passkeys.map(({ enrolled, revoked }) => ({
    enrolled: entryOf(enrolled),
    revoked: revoked && entryOf(revoked),
  }));
  const head = formatHead(
    keys.origin,
    teller.passkeys.map(({ enrolled: { index, leaf } }) => ({ index, leaf: leaf.toString("hex") })),
  );
  const heads = plan.sign_head ? [{ statement: head, signature: plan.sign_head(head) }] : [];
  const bundle = await resign(keys, {
    format: bundleFormat,
    created_at: storyTime.toISOString(),
    email: {
      id: teller.id,
      mailbox_id: mailboxId,
      thread_id: teller.id,
      message_id: messageIdOf(mime),
      status: plan.status ?? "delivered",
      test: plan.test ?? false,
      oversight_mode: plan.mode ?? "gated_send",
      gated: plan.gated ?? true,
      approvals_required: plan.required ?? 1,
      author: { kind: "api_key", id: authorId },
    },
    digest,
    mime: mime.toString("base64"),
    recipients: recipients.map(({ kind, address }, position) => ({
      position,
      kind,
      address,
      token: randomId(80),
      status: results.get(position)?.status ?? "pending",
      receipt: results.get(position)?.receipt ?? null,
    })),
    decisions: teller.decisions,
    ...(passkeys.length === 0 ? {} : { directory: { passkeys, heads } }),
    entries: teller.written.map(entryOf),
    openings: teller.openings,
    checkpoint,
    keys: keys.public,
  });
  return { bundle, keys, eml: (position) => mailFor(teller, bundle, position) };
}

/** The bundle as the operator states it complete: what a server that wrote just this would have signed. */
export async function resign(
  { identity }: SigningKeys,
  bundle: Omit<Bundle, "completeness">,
): Promise<Bundle> {
  const { kid, privateKey } = identity;
  return { ...bundle, completeness: await signCompleteness(bundle, { kid, privateKey }) };
}

/** The mail as the recipient at `position` gets it. */
function mailFor(teller: Teller, bundle: Bundle, position: number): Promise<Buffer> {
  const { keys } = teller.plan;
  const recipient = bundle.recipients[position];
  if (recipient === undefined) throw new Error("no such recipient");
  const last = teller.approvals.at(-1);
  return finalize({
    mime: teller.mime,
    recipients: bundle.recipients.map(({ address }) => address),
    digest: teller.digest,
    token: recipient.token,
    date: storyTime,
    recipient: recipient.address,
    identity: {
      key: keys.identity,
      claims: {
        iss: "https://mail.example.com",
        sub: "agent@agents.example",
        operator: { name: "Example Ltd", id: "op1", verified: false },
        agent: authorId,
        ai_generated: true,
        oversight: teller.plan.mode ?? "gated_send",
        capabilities: ["read", "send"],
        jti: randomBytes(16).toString("base64url"),
        ...(last ? { approval: { log: keys.origin, ...last } } : {}),
      },
    },
    dkim: keys.dkim,
  });
}

function messageIdOf(mime: Buffer): string {
  return /^Message-ID: (\S+)\r$/im.exec(mime.toString("latin1"))?.[1] ?? "";
}

/** Crockford base32, 26 characters where nothing else is asked for. */
function randomId(length = 26): string {
  const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  return Array.from(randomBytes(length), (byte) => alphabet[byte & 31]).join("");
}
