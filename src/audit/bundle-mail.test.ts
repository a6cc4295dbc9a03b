/** Bundles with the mail as it was received, and hostile input of both kinds. */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { buildBundle, resign } from "../../test/evidence/build-bundle.ts";
import type { BuiltBundle } from "../../test/evidence/build-bundle.ts";
import { leafPaths, stepInto } from "../../test/evidence/json-paths.ts";
import { arrived, failed, handOff, makeKeys } from "../../test/evidence/story-plan.ts";
import type { SigningKeys, StoryStep } from "../../test/evidence/story-plan.ts";
import type { Bundle } from "./bundle-format.ts";
import { verifyBundle } from "./bundle.ts";
import { signCheckpoint } from "./checkpoint.ts";

const now = new Date("2026-03-02T11:00:00Z");
let keys: SigningKeys;
let built: BuiltBundle;
const recipients = [
  { kind: "to", address: "bob@example.net" },
  { kind: "bcc", address: "Eve@Example.org" },
] as const;

beforeAll(async () => {
  keys = await makeKeys();
  built = await buildBundle({ keys, recipients: [...recipients] });
});

describe("the mail as received", () => {
  const withMail = (eml: Buffer, bundle: Bundle = built.bundle, at = now) =>
    verifyBundle(bundle, { pinned: keys.public, eml, now: at });

  it("is recognised in each recipient's copy, also with bare line feeds and a trace on top", async () => {
    for (const position of [0, 1]) {
      const eml = await built.eml(position);
      const saved = Buffer.from(
        `Received: by mx.example.net\n${eml.toString("latin1").replaceAll("\r\n", "\n")}`,
        "latin1",
      );
      for (const mail of [eml, saved]) {
        const report = await withMail(mail);
        expect(failed(report)).toEqual([]);
        expect(report.checks.find(({ name }) => name === "mail_content")?.words).toContain(
          recipients[position]!.address,
        );
        expect(report.verdict).toBe("valid");
      }
    }
  });

  it("still proves itself years later, when its signatures have expired", async () => {
    const report = await withMail(
      await built.eml(0),
      built.bundle,
      new Date("2030-01-01T00:00:00Z"),
    );
    expect(failed(report)).toEqual([]);
    expect(report.checks.find(({ name }) => name === "mail_identity")?.words).toContain(
      "held until 2027",
    );
  });

  it("of another message is refused", async () => {
    const theirs = await buildBundle({ keys });
    const report = await withMail(await theirs.eml(0));
    expect(failed(report)).toEqual(expect.arrayContaining(["mail_content", "mail_approval"]));
    expect(report.exit_code).toBe(30);
  });

  const attacks: [string, string, (mail: string) => string][] = [
    ["a changed body", "mail_content", (m) => m.replace("on its way", "on my way ")],
    ["an appended body", "mail_content", (m) => `${m}Pay here.\r\n`],
    ["an added Reply-To on top", "mail_dkim", (m) => `Reply-To: thief@example.org\r\n${m}`],
    ["a second From on top", "mail_dkim", (m) => `From: boss@example.com\r\n${m}`],
    ["a second identity header", "mail_identity", (m) => `X-MultiMail-Identity: a.b.c\r\n${m}`],
    ["no identity header", "mail_identity", (m) => m.replace("X-MultiMail-Identity", "X-Other")],
    ["another date", "mail_identity", (m) => m.replace("02 Mar 2026", "03 Mar 2026")],
    ["no signature", "mail_dkim", (m) => m.replaceAll("DKIM-Signature", "X-Signature")],
    ["nothing in it", "mail_content", () => ""],
  ];
  it.each(attacks)("with %s is refused (%s)", async (_, check, attack) => {
    const mail = (await built.eml(0)).toString("latin1");
    const changed = attack(mail);
    expect(changed).not.toBe(mail);
    const report = await withMail(Buffer.from(changed, "latin1"));
    expect(report.verdict).toBe("invalid");
    expect(failed(report)).toContain(check);
  });

  it("fails when the bundle's token is not the one in it", async () => {
    const bundle = structuredClone(built.bundle);
    bundle.recipients[0]!.token = `${"7".repeat(79)}X`;
    const signed = await resign(keys, bundle);
    expect(failed(await withMail(await built.eml(0), signed))).toEqual(["mail_content"]);
  });

  it("fails when it claims another approval than the bundle has", async () => {
    const story = {
      keys,
      steps: [{ do: "approve", by: "a", class: "C" }, handOff, arrived] as StoryStep[],
    };
    const twin = await buildBundle(story);
    const claimsB = structuredClone(twin.bundle);
    expect(failed(await withMail(await twin.eml(0), claimsB))).toEqual([]);
    const report = await withMail(await built.eml(0), claimsB);
    expect(report.checks.find(({ name }) => name === "mail_approval")).toMatchObject({
      status: "fail",
      words: expect.stringContaining("does not have"),
    });
  });

  it("fails when it claims no approval though the message was behind a gate", async () => {
    const ungated = await buildBundle({ keys, gated: false, steps: [handOff, arrived] });
    expect(failed(await withMail(await ungated.eml(0), ungated.bundle))).toEqual([]);
    expect(failed(await withMail(await ungated.eml(0)))).toContain("mail_approval");
  });

  it("never crashes the verifier, whatever it is", async () => {
    const mail = await built.eml(0);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(mail.length - 1),
        fc.uint8Array({ maxLength: 40 }),
        async (at, bytes) => {
          const eml = Buffer.concat([
            mail.subarray(0, at),
            bytes,
            mail.subarray(at + bytes.length),
          ]);
          expect(["valid", "invalid"]).toContain((await withMail(eml)).verdict);
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe("hostile input", () => {
  const opaque = fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true });

  it("never crashes the verifier: any value at all", async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(opaque, fc.jsonValue()), async (value) => {
        expect((await verifyBundle(value, { now })).verdict).toBe("invalid");
      }),
    );
  });

  it("never crashes the verifier: a good bundle with any value at any place", async () => {
    const paths = leafPaths(built.bundle).flatMap((path) =>
      path.map((_, i) => path.slice(0, i + 1)),
    );
    const eml = await built.eml(0);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...paths),
        fc.oneof(fc.jsonValue(), opaque),
        async (path, value) => {
          const bundle = structuredClone(built.bundle);
          const parent = path.slice(0, -1).reduce(stepInto, bundle as unknown) as Record<
            string,
            unknown
          >;
          parent[String(path.at(-1))] = value;
          const report = await verifyBundle(bundle, { now, eml });
          expect(report.checks.length).toBeGreaterThan(0);
        },
      ),
      { numRuns: 400 },
    );
  });

  it("names that mean something to JavaScript are only names", async () => {
    const bundle = JSON.parse(
      JSON.stringify(built.bundle).replace(
        '"logs":{',
        '"logs":{"__proto__":"x","constructor":"y",',
      ),
    ) as Bundle;
    expect((await verifyBundle(bundle, { pinned: bundle.keys, now })).verdict).toBe("valid");
    const origin = "__proto__";
    bundle.checkpoint = signCheckpoint({ origin, size: 16, root: Buffer.alloc(32) }, keys.log);
    bundle.keys.logs = {};
    expect(failed(await verifyBundle(bundle, { now }))).toContain("checkpoint");
  });

  it("parts beyond every honest size are refused by their count", async () => {
    const bundle = structuredClone(built.bundle);
    bundle.entries = Array.from({ length: 1001 }, () => bundle.entries[0]!);
    expect(failed(await verifyBundle(bundle, { now }))).toEqual(["format"]);
  });
});
