/** The completeness statement: what is left out of a bundle is found out, and only a pinned key in use states it. */
import type { KeyObject } from "node:crypto";
import { CompactSign } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { buildBundle, resign } from "../../test/evidence/build-bundle.ts";
import type { BuiltBundle } from "../../test/evidence/build-bundle.ts";
import { failed, makeKeys, reject } from "../../test/evidence/story-plan.ts";
import type { SigningKeys, StoryPlan } from "../../test/evidence/story-plan.ts";
import type { Bundle, PublicKeys } from "./bundle-format.ts";
import { verifyBundle } from "./bundle.ts";
import type { LogEntry } from "./entry.ts";

const now = new Date("2026-03-02T11:00:00Z");
let keys: SigningKeys;
let other: SigningKeys;
let built: BuiltBundle;

beforeAll(async () => {
  [keys, other] = await Promise.all([makeKeys(), makeKeys()]);
  built = await buildBundle({ keys });
});

describe("a bundle that was trimmed is invalid, though what is left is an honest story:", () => {
  /** Takes away every entry of a kind with what belongs to it. */
  function without(bundle: Bundle, types: string[]): void {
    const gone = new Set(
      bundle.entries
        .filter(({ body }) => {
          const entry = JSON.parse(Buffer.from(body, "base64").toString()) as LogEntry;
          return types.includes(entry.type);
        })
        .map(({ id }) => id),
    );
    bundle.entries = bundle.entries.filter(({ id }) => !gone.has(id));
    bundle.decisions = bundle.decisions.filter(({ entry_id }) => !gone.has(entry_id));
    bundle.openings = bundle.openings.filter(({ entry_id }) => !gone.has(entry_id));
  }

  const sent = ["message.handed_off", "message.attempted"];
  const trims: [string, Omit<StoryPlan, "keys">, string[], string][] = [
    [
      "a rejection hidden",
      { steps: [reject("a")], status: "rejected" },
      ["message.decided"],
      "pending_approval",
    ],
    ["a delivery shown as never sent", {}, sent, "queued"],
    ["a delivery shown as never approved", {}, [...sent, "message.decided"], "pending_approval"],
  ];
  it.each(trims)("%s", async (_, plan, types, status) => {
    const { bundle } = await buildBundle({ keys, ...plan });
    const pinned = keys.public;
    expect((await verifyBundle(bundle, { pinned, now })).verdict).toBe("valid");
    without(bundle, types);
    bundle.email.status = status;
    for (const recipient of bundle.recipients)
      Object.assign(recipient, { status: "pending", receipt: null });
    const report = await verifyBundle(bundle, { pinned, now });
    expect(failed(report)).toContain("completeness");
    expect(report).toMatchObject({ verdict: "invalid", exit_code: 30, as_of: null });
    // The rest of the checks cannot tell: it is what an earlier bundle said.
    if (status !== "queued")
      expect(failed(await verifyBundle(await resign(keys, bundle), { pinned, now }))).toEqual([]);
  });
});

describe("a statement of completeness counts only", () => {
  const signedWith = async (
    privateKey: KeyObject,
    header: Record<string, string>,
    bundle = structuredClone(built.bundle),
  ): Promise<Bundle> => {
    const payload = Buffer.from(bundle.completeness.split(".")[1] ?? "", "base64url");
    const completeness = await new CompactSign(payload)
      .setProtectedHeader({ alg: "ES256", ...header })
      .sign(privateKey);
    return { ...bundle, completeness };
  };
  const verify = async (bundle: Bundle, pinned = keys.public) =>
    failed(await verifyBundle(bundle, { pinned, now }));
  const typ = "mm-completeness+json";

  it("by the key that it names, and that key is pinned", async () => {
    const { kid, privateKey } = keys.identity;
    expect(await verify(await signedWith(privateKey, { typ, kid }))).toEqual([]);
    const forged = await signedWith(other.identity.privateKey, { typ, kid });
    expect(await verify(forged)).toEqual(["completeness"]);
    const theirs = await signedWith(other.identity.privateKey, { typ, kid: other.identity.kid });
    theirs.keys = { ...theirs.keys, jwks: other.public.jwks };
    expect(await verify(theirs)).toEqual(["completeness"]);
  });

  it("of its own type: other things that the key signs are none", async () => {
    const { kid, privateKey } = keys.identity;
    const identity = await signedWith(privateKey, { typ: "mm-identity+jwt", kid });
    expect(await verify(identity)).toEqual(["completeness"]);
    const more = await signedWith(privateKey, { typ, kid, cty: "x" });
    expect(await verify(more)).toEqual(["completeness"]);
  });

  it("while its key is in use, and not once it is revoked", async () => {
    const made = Date.parse(built.bundle.created_at) / 1000;
    const pinnedWith = (life: object): PublicKeys => ({
      ...keys.public,
      jwks: { keys: keys.public.jwks.keys.map((key) => ({ ...key, ...life })) },
    });
    expect(await verify(built.bundle, pinnedWith({ exp: made + 1 }))).toEqual([]);
    for (const life of [{ nbf: made + 2 }, { exp: made - 1 }, { status: "revoked" }])
      expect(await verify(built.bundle, pinnedWith(life))).toContain("completeness");
  });
});
