/** Tests of the report on a received message: every signature on its own, and no comfort from a passing one. */
import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compose } from "./compose.ts";
import { dkimTxtRecord, signDkim } from "./dkim.ts";
import {
  attacks,
  composeInput,
  dkimKeys,
  handOff,
  jwks,
  NOW,
  RECIPIENT,
  records,
  resolver,
} from "./fixture.ts";
import { verifyMessage } from "./verify.ts";
import type { MessageReport, Resolver } from "./verify.ts";

const sent = (await handOff(await compose(composeInput()))).toString("latin1");
const verify = (message: string, dns: Resolver = resolver, now = NOW): Promise<MessageReport> =>
  verifyMessage(Buffer.from(message, "latin1"), { resolver: dns, jwks, recipient: RECIPIENT, now });

describe("a report", () => {
  test("passes our message with both signatures named, aligned and oversigned", async () => {
    const report = await verify(`Received: from x\r\n${sent}`);
    expect(report.dkim).toEqual({
      verdict: "pass",
      reason: null,
      signatures: [
        {
          domain: "example.com",
          selector: "mm1",
          algorithm: "rsa-sha256",
          result: "pass",
          reason: null,
          aligned: true,
          oversigned: true,
        },
        {
          domain: "example.com",
          selector: "mm2",
          algorithm: "ed25519-sha256",
          result: "pass",
          reason: null,
          aligned: true,
          oversigned: true,
        },
      ],
    });
    expect(report.identity.verdict).toBe("valid");
  });

  test("is the same for a message saved with bare LF", async () => {
    expect(await verify(sent.replaceAll("\r\n", "\n"))).toEqual(await verify(sent));
  });

  test.each([...attacks])(
    "fails and never calls the identity valid after %s",
    async (_name, attack) => {
      const report = await verify(attack(sent));
      expect(report.dkim.verdict).toBe("fail");
      expect(report.dkim.signatures.map(({ result }) => result)).not.toContain("pass");
    },
  );

  test("is partial when one of two keys is gone from the DNS, and says which", async () => {
    const half: Resolver = (name, type) =>
      name.startsWith("mm1.")
        ? Promise.reject(Object.assign(new Error("no"), { code: "ENOTFOUND" }))
        : resolver(name, type);
    const { dkim } = await verify(sent, half);
    expect(dkim.verdict).toBe("partial");
    expect(dkim.signatures.map(({ selector, result }) => [selector, result])).toEqual([
      ["mm1", "neutral"],
      ["mm2", "pass"],
    ]);
  });

  test("tells a DNS failure from a bad signature", async () => {
    const { dkim } = await verify(sent, () =>
      Promise.reject(Object.assign(new Error("servfail"), { code: "ESERVFAIL" })),
    );
    expect(dkim.signatures.map(({ result }) => result)).toEqual(["temperror", "temperror"]);
  });

  test("fails a signature by another key under our selector", async () => {
    const { publicKey } = generateKeyPairSync("ed25519");
    const wrong: Resolver = async (name) =>
      await Promise.resolve([
        [
          name.startsWith("mm2.")
            ? dkimTxtRecord({ algorithm: "ed25519-sha256", private_key: publicKey })
            : (records.get(name) ?? ""),
        ],
      ]);
    expect((await verify(sent, wrong)).dkim.signatures.map(({ result }) => result)).toEqual([
      "pass",
      "fail",
    ]);
  });

  test("passes no signature after x=", async () => {
    const late = await verify(sent, resolver, new Date(NOW.getTime() + 14 * 86_400_000 + 1000));
    expect(late.dkim.verdict).toBe("fail");
    expect(late.dkim.signatures[0]?.reason).toBe("expired");
  });

  test("does not call another domain's good signature aligned, nor one without oversigning oversigned", async () => {
    const foreign = Buffer.from("From: boss@other.example\r\n\r\nhi\r\n");
    const signed = Buffer.concat([
      await signDkim(foreign, dkimKeys.slice(1), NOW),
      foreign,
    ]).toString("latin1");
    expect((await verify(signed)).dkim.signatures[0]).toMatchObject({
      result: "pass",
      aligned: false,
    });
    const once = signed.replace("h=from:from:", "h=from:");
    expect((await verify(once)).dkim.signatures[0]).toMatchObject({
      result: "fail",
      oversigned: false,
    });
  });

  test("is none for an unsigned message, and fails one with a flood of signatures without a single DNS question", async () => {
    expect((await verify("From: a@b\r\n\r\nx\r\n")).dkim.verdict).toBe("none");
    let questions = 0;
    const counting: Resolver = () => {
      questions += 1;
      return Promise.reject(new Error("asked"));
    };
    const field = sent.slice(0, sent.indexOf("DKIM-Signature:", 1));
    expect((await verify(field.repeat(17) + sent, counting)).dkim.verdict).toBe("fail");
    expect(questions).toBe(0);
  });

  test.each([
    ["a bare CR", sent.replace("order", "or\rder")],
    ["a NUL in the header", `X: \0\r\n${sent}`],
    ["no header", "\u0000\u0001"],
    ["no end of the header", "From: a@b"],
  ])("fails for a message with %s", async (_what, message) => {
    expect(await verify(message)).toMatchObject({
      dkim: { verdict: "fail" },
      identity: { verdict: "invalid" },
    });
  });

  test("of any bytes is a report, never a crash", async () => {
    const piece = fc.constantFrom(
      "From: a@b\r\n",
      "DKIM-Signature: v=1; a=rsa-sha256; d=x; s=y; h=from; bh=x; b=y\r\n",
      "\r\n",
      "a",
      ";",
      ":",
      "=",
      "\n",
      "\r",
      "\0",
      " ",
      "\xff",
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 20 }), async (parts) => {
        expect((await verify(parts.join(""))).dkim.verdict).not.toBe("pass");
      }),
      { numRuns: 300 },
    );
  });
});
