/** Stories for evidence bundles as data: keys, what happens to a message, and how a server may lie about it. */
import { generateKeyPairSync } from "node:crypto";
import type { KeyObject } from "node:crypto";
import type { JWK } from "jose";
import type { Bundle, PublicKeys } from "../../src/audit/bundle-format.ts";
import type { BundleReport } from "../../src/audit/bundle-report.ts";
import { formatVkey } from "../../src/audit/checkpoint.ts";
import type { LogEntry } from "../../src/audit/entry.ts";
import type { Decision, StatementEnvelope, StatementInput } from "../../src/audit/statement.ts";
import { dkimTxtRecord } from "../../src/mail/dkim.ts";
import type { DkimKey } from "../../src/mail/dkim.ts";
import { thumbprint } from "../../src/mail/identity.ts";
import type { AssertionFaults, Authenticator } from "./authenticator.ts";

/** Private keys of one operator with their public halves as a bundle states them. */
export type SigningKeys = {
  origin: string;
  log: KeyObject;
  identity: { privateKey: KeyObject; kid: string };
  dkim: DkimKey[];
  public: PublicKeys;
};

/** When every built story takes place. */
export const storyTime = new Date("2026-03-02T10:00:00.250Z");

/** New keys for the log `origin` and the domain `agents.example`. */
export async function makeKeys(origin = "mail.example.com/audit/op1"): Promise<SigningKeys> {
  const log = generateKeyPairSync("ed25519").privateKey;
  const identity = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwk = identity.publicKey.export({ format: "jwk" }) as JWK;
  const kid = await thumbprint(jwk);
  const domain = "agents.example";
  const dkim: DkimKey[] = [
    {
      domain,
      selector: "mmr-1",
      algorithm: "rsa-sha256",
      private_key: generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey,
    },
    {
      domain,
      selector: "mme-1",
      algorithm: "ed25519-sha256",
      private_key: generateKeyPairSync("ed25519").privateKey,
    },
  ];
  return {
    origin,
    log,
    identity: { privateKey: identity.privateKey, kid },
    dkim,
    public: {
      jwks: { keys: [{ ...jwk, kid, use: "sig", alg: "ES256", nbf: 0, status: "active" } as JWK] },
      dkim: Object.fromEntries(
        dkim.map((key) => [`${key.selector}._domainkey.${domain}`, dkimTxtRecord(key)]),
      ),
      logs: { [origin]: formatVkey(origin, log) },
    },
  };
}

/** One thing that happens to the message. `state` and `approvals` forge what an honest server would have written. */
export type StoryStep =
  | {
      do: Decision;
      by: string;
      /** The key by which `by`, a person, decides; without it they act as themselves. */
      key?: string;
      class?: "B" | "C";
      /** Makes it class A, signed by this device as `device_faults` has it. */
      device?: Authenticator;
      device_faults?: AssertionFaults;
      /** Puts this envelope in place of the one that would be made: another decision's, to play it again. */
      envelope?: (made: Bundle["decisions"]) => StatementEnvelope;
      state?: (input: StatementInput) => StatementInput;
    }
  /** The device enters the approver directory, or leaves it. */
  | { do: "enrol" | "unenrol"; by: string; device: Authenticator; origin?: string }
  | { do: "hand_off"; approvals?: string[]; recipients?: number[] }
  | { do: "attempt"; status: string; recipient_status: string; recipients?: number[] }
  | { do: "log"; type: string; data?: Record<string, unknown> };

/** What to build; everything has a default, which is a gated message that one person approved and that was delivered. */
export type StoryPlan = {
  keys: SigningKeys;
  mode?: string;
  gated?: boolean;
  required?: number;
  test?: boolean;
  status?: string;
  submitted_status?: string;
  /** The principal whose key wrote the message. */
  author?: string;
  subject?: string;
  /** Descriptions of attachments as the submission and the decisions commit to them. */
  attachments?: { submitted: string[]; decided: string[] };
  recipients?: { kind: "to" | "cc" | "bcc" | "copy"; address: string }[];
  steps?: StoryStep[];
  /** Steps whose entries stand before the submission, as no honest log has them. */
  before?: StoryStep[];
  /** Entries of other messages between those of this one. */
  noise?: number;
  /** Changes an entry before it is hashed, as a server that lies would. */
  forge?: (entry: LogEntry) => LogEntry;
  /** Changes the checkpoint's note before the proofs are made, to add cosignatures. */
  cosign?: (note: string) => string;
  /** Signs the directory's head, where the operator holds a key for it. */
  sign_head?: (statement: string) => string;
};

/** The steps that tests tell most. */
export const approve = (by: string): StoryStep => ({ do: "approve", by });
export const reject = (by: string): StoryStep => ({ do: "reject", by });
export const handOff: StoryStep = { do: "hand_off" };
export const deferred: StoryStep = {
  do: "attempt",
  status: "queued",
  recipient_status: "deferred",
};
export const arrived: StoryStep = {
  do: "attempt",
  status: "delivered",
  recipient_status: "delivered",
};
export const log = (type: string): StoryStep => ({ do: "log", type });

/** The default story: approved by one person, handed off, delivered. */
export const delivered: StoryStep[] = [approve("person-1"), handOff, arrived];

/** Names of the checks that failed. */
export function failed(report: BundleReport): string[] {
  return report.checks.filter(({ status }) => status === "fail").map(({ name }) => name);
}
