/** Bundles with decisions by passkey: honest ones hold with one file and pinned keys, and each lie has its own reason. */
import { generateKeyPairSync, sign } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { type AssertionFaults, createAuthenticator } from "../../test/evidence/authenticator.ts";
import { buildBundle, resign } from "../../test/evidence/build-bundle.ts";
import { changeLeaf, leafPaths } from "../../test/evidence/json-paths.ts";
import {
  approve,
  arrived,
  failed,
  handOff,
  makeKeys,
  type SigningKeys,
  type StoryPlan,
  type StoryStep,
} from "../../test/evidence/story-plan.ts";
import { promise } from "../../test/promises.ts";
import type { Bundle, PublicKeys } from "./bundle-format.ts";
import { type BundleReport, verifyBundle } from "./bundle.ts";
import { coseAlgorithms } from "./cose.ts";
import type { StatementEnvelope } from "./statement.ts";
import { readDirectoryKey } from "./sshsig.ts";

const now = new Date("2026-03-02T11:00:00Z");
const place = { origin: "https://mail.example.com", rp_id: "mail.example.com" };
const device = createAuthenticator(place);
const enrol = { do: "enrol", by: "person-1", device } as const satisfies StoryStep;
const byPasskey = { do: "approve", by: "person-1", device } as const satisfies StoryStep;
/** What hand-off writes when it holds a message for which passkeys are asked since it was submitted. */
const asksForPasskeys: StoryStep = {
  do: "log",
  type: "message.held",
  data: { passkey_required: true },
};
const approved: StoryStep[] = [enrol, byPasskey, handOff, arrived];
let keys: SigningKeys;

beforeAll(async () => {
  keys = await makeKeys();
});

async function verify(
  plan: Omit<StoryPlan, "keys">,
  pinned: PublicKeys = keys.public,
  change: (bundle: Bundle) => void = () => undefined,
): Promise<BundleReport> {
  const { bundle } = await buildBundle({ keys, ...plan });
  change(bundle);
  return verifyBundle(bundle, { pinned, now });
}

const wordsOf = (report: BundleReport, name: string): string =>
  report.checks.find((check) => check.name === name)?.words ?? "";

describe("an honest story is valid:", () => {
  it(promise("passkey.offline"), async () => {
    const report = await verify({ steps: approved });
    expect(report).toMatchObject({ verdict: "valid", exit_code: 0 });
    expect(wordsOf(report, "statements")).toBe("approve (class A) by person person-1");
    expect(wordsOf(report, "directory")).toContain("1 passkey(s)");
  });

  it.each(coseAlgorithms)("signed by algorithm %d", async (algorithm) => {
    const other = createAuthenticator(place, algorithm);
    const steps: StoryStep[] = [
      { do: "enrol", by: "person-1", device: other },
      { ...byPasskey, device: other },
      handOff,
      arrived,
    ];
    expect((await verify({ steps })).verdict).toBe("valid");
  });

  it("its passkey was revoked afterwards", async () => {
    const steps: StoryStep[] = [...approved, { do: "unenrol", by: "person-1", device }];
    expect((await verify({ steps })).verdict).toBe("valid");
  });

  it("two people, one by passkey and one signed in", async () => {
    const steps = [enrol, byPasskey, approve("person-2"), handOff, arrived];
    expect((await verify({ required: 2, steps })).verdict).toBe("valid");
  });

  it("approved signed in, held because passkeys are asked for by now, and approved by passkey", async () => {
    const steps = [approve("person-1"), asksForPasskeys, enrol, byPasskey, handOff, arrived];
    const report = await verify({ steps });
    expect(failed(report)).toEqual([]);
    expect(report.verdict).toBe("valid");
  });

  it("rejected by passkey", async () => {
    const steps: StoryStep[] = [enrol, { do: "reject", by: "person-1", device }];
    expect((await verify({ steps, status: "rejected" })).verdict).toBe("valid");
  });
});

describe("a lie is refused with its own reason:", () => {
  const other = createAuthenticator(place);
  const flipped = (envelope: StatementEnvelope, part: "payload" | "sig" | "client"): void => {
    const [signature] = envelope.signatures;
    if (!signature?.webauthn) throw new Error("no passkey's signature");
    const change = (text: string, at: number, encoding: "base64" | "base64url"): string => {
      const bytes = Buffer.from(text, encoding);
      bytes[at < 0 ? bytes.length + at : at]! ^= 1;
      return bytes.toString(encoding);
    };
    if (part === "payload") {
      const text = Buffer.from(envelope.payload, "base64").toString();
      const at = text.indexOf('"nonce":"') + 9;
      const letter = text[at] === "A" ? "B" : "A";
      envelope.payload = Buffer.from(text.slice(0, at) + letter + text.slice(at + 1)).toString(
        "base64",
      );
    } else if (part === "sig") signature.sig = change(signature.sig, -1, "base64");
    else
      signature.webauthn.clientDataJSON = change(signature.webauthn.clientDataJSON, 3, "base64url");
  };
  const broken = (part: Parameters<typeof flipped>[1]) => (bundle: Bundle) =>
    flipped(bundle.decisions[0]!.statement, part);
  const faulty = (device_faults: AssertionFaults) => [
    enrol,
    { ...byPasskey, device_faults },
    handOff,
    arrived,
  ];
  const lies: [string, string, string, StoryStep[], ((bundle: Bundle) => void)?][] = [
    [
      "one byte of the message",
      "digest",
      "another digest",
      approved,
      (bundle) => {
        const mime = Buffer.from(bundle.mime, "base64");
        mime[mime.length - 20]! ^= 1;
        bundle.mime = mime.toString("base64");
      },
    ],
    ["one byte of the statement", "statements", "[wrong_challenge]", approved, broken("payload")],
    ["one byte of the client data", "statements", "[", approved, broken("client")],
    ["one byte of the signature", "statements", "[bad_signature]", approved, broken("sig")],
    ["no user verification", "statements", "[user_not_verified]", faulty({ flags: 0x01 })],
    ["no user presence", "statements", "[user_not_present]", faulty({ flags: 0x04 })],
    ["another site", "statements", "[wrong_origin]", faulty({ origin: "https://mail.example.co" })],
    ["inside another page", "statements", "[cross_origin]", faulty({ cross_origin: true })],
    [
      "another relying party",
      "statements",
      "[wrong_relying_party]",
      faulty({ rp_id: "x.example" }),
    ],
    ["an enrolment's signature", "statements", "[wrong_type]", faulty({ type: "webauthn.create" })],
    [
      "a passkey that is in no directory",
      "statements",
      "[key_unknown]",
      [enrol, { ...byPasskey, device: other }, handOff, arrived],
    ],
    [
      "a passkey that was enrolled afterwards",
      "statements",
      "[key_not_yet_enrolled]",
      [byPasskey, enrol, handOff, arrived],
    ],
    [
      "a passkey that was revoked before",
      "statements",
      "[key_revoked]",
      [enrol, { do: "unenrol", by: "person-1", device }, byPasskey, handOff, arrived],
    ],
    [
      "another member's passkey",
      "statements",
      "[key_of_another]",
      [{ ...enrol, by: "person-2" }, byPasskey, handOff, arrived],
    ],
    [
      "a passkey of another site",
      "statements",
      "[wrong_origin]",
      [{ ...enrol, origin: "https://other.example" }, byPasskey, handOff, arrived],
    ],
    [
      "the revocation left out",
      "completeness",
      "directory",
      [...approved, { do: "unenrol", by: "person-1", device }],
      (bundle) => (bundle.directory!.passkeys[0]!.revoked = null),
    ],
    [
      "the directory left out",
      "completeness",
      "directory",
      approved,
      (bundle) => Reflect.deleteProperty(bundle, "directory"),
    ],
    [
      "an enrolment that is not in the log",
      "directory",
      "another root",
      approved,
      (bundle) => {
        const { enrolled } = bundle.directory!.passkeys[0]!;
        const text = Buffer.from(enrolled.body, "base64").toString();
        enrolled.body = Buffer.from(text.replace("person:person-1", "person:person-2")).toString(
          "base64",
        );
      },
    ],
  ];
  it.each(lies)("%s", async (_, check, words, steps, change) => {
    const report = await verify({ steps }, keys.public, change);
    expect(report).toMatchObject({ verdict: "invalid", exit_code: 30 });
    expect(failed(report)).toContain(check);
    expect(wordsOf(report, check)).toContain(words);
  });

  it("the author approves by a passkey of their own", async () => {
    const report = await verify({ author: "person:person-1", steps: approved });
    expect(wordsOf(report, "approvers")).toContain("the author decided (approve)");
  });

  it("one person's two classes are one approval, and twice the same where no passkey was asked for in between", async () => {
    const two = [approve("person-1"), asksForPasskeys, enrol, byPasskey, handOff, arrived];
    const asTwo = await verify({ required: 2, steps: two });
    expect(asTwo).toMatchObject({ verdict: "invalid", exit_code: 30 });
    expect(wordsOf(asTwo, "approvals")).toContain("had 1 of 2 approvals");
    const held: StoryStep = { do: "log", type: "message.held", data: {} };
    for (const steps of [
      [approve("person-1"), held, enrol, byPasskey, handOff, arrived],
      [approve("person-1"), enrol, byPasskey, asksForPasskeys, byPasskey, handOff, arrived],
      [asksForPasskeys, enrol, byPasskey, byPasskey, handOff, arrived],
    ]) {
      const report = await verify({ steps });
      expect(report.verdict).toBe("invalid");
      expect(wordsOf(report, "approvers")).toContain("approved twice");
    }
  });

  it("an assertion over another message, and one over this message again", async () => {
    const first = await buildBundle({ keys, steps: approved });
    const [made] = first.bundle.decisions;
    const replay: StoryStep[] = [
      enrol,
      { do: "approve", by: "person-1", envelope: () => structuredClone(made!.statement) },
      handOff,
      arrived,
    ];
    expect(wordsOf(await verify({ steps: replay }), "statements")).toContain(
      "it is about another message",
    );
    const again: StoryStep[] = [
      enrol,
      byPasskey,
      { do: "approve", by: "person-1", envelope: ([one]) => structuredClone(one!.statement) },
      handOff,
      arrived,
    ];
    const report = await verify({ required: 2, steps: again });
    expect(wordsOf(report, "statements")).toContain("[statement_used_twice]");
    expect(wordsOf(report, "approvers")).toContain("approved twice");
  });

  it("any leaf of the bundle, changed", async () => {
    const { bundle } = await buildBundle({ keys, steps: approved, sign_head: signHead });
    const pinned = { ...keys.public, directory: { [keys.origin]: headKey } };
    expect((await verifyBundle(bundle, { pinned, now })).verdict).toBe("valid");
    const survived: string[] = [];
    for (const path of leafPaths(bundle)) {
      // Nothing stands there that could be changed; that it may not be filled or emptied is shown above.
      if (path.at(-1) === "revoked") continue;
      if (path[0] !== "directory" && path[0] !== "decisions") continue;
      const changed = structuredClone(bundle);
      changeLeaf(changed, path);
      const report = await verifyBundle(changed, { pinned, now });
      if (report.verdict !== "invalid") survived.push(path.join("."));
    }
    expect(survived).toEqual([]);
  });
});

const headPair = generateKeyPairSync("ed25519");
const headKey = readDirectoryKey(
  headPair.publicKey.export({ format: "pem", type: "spki" }).toString(),
);
const signHead = (text: string): string =>
  sign(null, Buffer.from(text), headPair.privateKey).toString("base64");

describe("where the operator holds a key for the directory", () => {
  const pinned = (): PublicKeys => ({
    ...keys.public,
    directory: { [keys.origin]: headKey },
  });

  it(promise("passkey.directory-head"), async () => {
    const honest = await verify({ steps: approved, sign_head: signHead }, pinned());
    expect(honest.verdict).toBe("valid");
    expect(wordsOf(honest, "directory")).toContain("signed by the operator's own key");
    const unsigned = await verify({ steps: approved }, pinned());
    expect(wordsOf(unsigned, "directory")).toContain("[key_not_vouched_for]");
    const forged = await verify(
      {
        steps: approved,
        sign_head: (text) =>
          sign(null, Buffer.from(text), generateKeyPairSync("ed25519").privateKey).toString(
            "base64",
          ),
      },
      pinned(),
    );
    expect(wordsOf(forged, "directory")).toContain("[head_not_signed]");
  });

  it("a passkey that the server added behind the operator's back is refused", async () => {
    const { bundle } = await buildBundle({ keys, steps: approved, sign_head: signHead });
    const older = bundle.directory!.heads[0]!;
    const mallory = createAuthenticator(place);
    const steps: StoryStep[] = [
      { do: "enrol", by: "person-1", device: mallory },
      { ...byPasskey, device: mallory },
      handOff,
      arrived,
    ];
    const forged = await buildBundle({ keys, steps, noise: 5 });
    forged.bundle.directory!.heads.push(older);
    const whole = await resign(keys, forged.bundle);
    const report = await verifyBundle(whole, { pinned: pinned(), now });
    expect(failed(report)).toEqual(["directory"]);
    expect(wordsOf(report, "directory")).toContain("[key_not_vouched_for]");
  });
});
