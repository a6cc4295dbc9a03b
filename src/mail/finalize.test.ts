/** Tests of the hand-off: only what was decided on leaves, and only the named headers are added. */
import { describe, expect, test } from "vitest";
import { compose } from "./compose.ts";
import {
  contentDigest,
  countPlaceholders,
  digestAsReceived,
  DigestMismatch,
  fillPlaceholder,
} from "./digest.ts";
import { finalize } from "./finalize.ts";
import type { FinalizeInput } from "./finalize.ts";
import {
  composeInput,
  dkimKeys,
  handOff,
  identityKey,
  jwks,
  NOW,
  RECIPIENT,
  resolver,
  statement,
  TOKEN,
} from "./fixture.ts";
import { MessageSyntaxError, readMessage } from "./headers.ts";
import { verifyMessage } from "./verify.ts";

const mime = await compose(composeInput());
const input: FinalizeInput = {
  mime,
  recipients: [RECIPIENT],
  digest: contentDigest(mime, [RECIPIENT]),
  token: TOKEN,
  date: NOW,
  recipient: RECIPIENT,
  identity: { claims: statement, key: identityKey },
  dkim: dkimKeys,
};

describe("hand-off", () => {
  test("puts DKIM, identity and Date on top of the filled message, in that order, and nothing else", async () => {
    const sent = await finalize(input);
    const filled = fillPlaceholder(mime, TOKEN);
    expect(sent.subarray(-filled.length).equals(filled)).toBe(true);
    const added = readMessage(
      Buffer.concat([sent.subarray(0, -filled.length), Buffer.from("\r\n")]),
    );
    expect(added.fields.map(({ name }) => name)).toEqual([
      "DKIM-Signature",
      "DKIM-Signature",
      "X-MultiMail-Identity",
      "Date",
    ]);
    expect(added.fields.at(-1)?.value.toString()).toBe(" Mon, 02 Mar 2026 10:00:00 +0000");
    expect(countPlaceholders(sent)).toBe(0);
    expect(digestAsReceived(sent, TOKEN, [RECIPIENT])).toBe(input.digest);
  });

  test("leaves the frozen message untouched", async () => {
    const before = Buffer.from(mime);
    await finalize(input);
    expect(mime.equals(before)).toBe(true);
  });

  test("gives a message all of whose signatures pass, in every shape we compose", async () => {
    const shapes = [
      composeInput({ markdown: "" }),
      composeInput({
        subject: "Zażółć 日本語 ".repeat(20),
        markdown: "Grüße\n名前\r\nbare\nline\rends",
      }),
      composeInput({
        to: Array.from({ length: 300 }, (_, i) => ({
          name: `Nämé ${i}`,
          address: `p${i}@example.net`,
        })),
      }),
      composeInput({
        attachments: [
          { filename: "ä.pdf", content_type: "application/pdf", content: Buffer.alloc(50_000, 7) },
        ],
      }),
      composeInput({
        references: Array.from({ length: 100 }, (_, i) => `<${i}.${"x".repeat(60)}@example.com>`),
      }),
    ];
    for (const shape of shapes) {
      const sent = await handOff(await compose(shape));
      const report = await verifyMessage(sent, { resolver, jwks, recipient: RECIPIENT, now: NOW });
      expect(report.dkim.verdict).toBe("pass");
      expect(report.identity.verdict).toBe("valid");
    }
  });

  test.each([
    [
      "one byte of the message changed",
      { mime: Buffer.from(mime.toString("latin1").replace("order", "Order"), "latin1") },
    ],
    ["a line was appended", { mime: Buffer.concat([mime, Buffer.from("x\r\n")]) }],
    ["a recipient was added", { recipients: [RECIPIENT, "eve@example.org"] }],
    [
      "a recipient was exchanged",
      { recipients: ["eve@example.org"], recipient: "eve@example.org" },
    ],
    ["the digest is another's", { digest: "0".repeat(64) }],
    ["the digest is in capitals", { digest: input.digest.toUpperCase() }],
    ["the copy goes to somebody not decided on", { recipient: "eve@example.org" }],
    ["there is a placeholder but no token", { token: null }],
  ] as [string, Partial<FinalizeInput>][])("is refused when %s", async (_what, over) => {
    await expect(finalize({ ...input, ...over })).rejects.toThrow(DigestMismatch);
  });

  test("is refused when the token stands in the message already, because the digest could not be found again", async () => {
    const holding = await compose(composeInput({ markdown: `See ${TOKEN}` }));
    await expect(
      finalize({ ...input, mime: holding, digest: contentDigest(holding, [RECIPIENT]) }),
    ).rejects.toThrow(DigestMismatch);
  });

  test.each([
    "Date: x\r\n",
    "DKIM-Signature: v=1\r\n",
    "x-multimail-identity: x\r\n",
    "A: b\nC: d\r\n",
  ])("is refused for a frozen message that holds %j", async (field) => {
    const frozen = Buffer.concat([Buffer.from(field), mime]);
    await expect(
      finalize({ ...input, mime: frozen, digest: contentDigest(frozen, [RECIPIENT]) }),
    ).rejects.toThrow(MessageSyntaxError);
  });

  test("needs no token where the message was frozen without a placeholder", async () => {
    const plain = Buffer.from("From: agent@example.com\r\nSubject: code\r\n\r\n1234\r\n");
    const sent = await finalize({
      ...input,
      mime: plain,
      digest: contentDigest(plain, [RECIPIENT]),
      token: null,
    });
    expect((await verifyMessage(sent, { resolver, jwks, now: NOW })).dkim.verdict).toBe("pass");
    await expect(
      finalize({ ...input, mime: plain, digest: contentDigest(plain, [RECIPIENT]) }),
    ).rejects.toThrow(DigestMismatch);
  });

  test("takes the recipient with its domain in any case", async () => {
    await expect(finalize({ ...input, recipient: "bob@EXAMPLE.net" })).resolves.toBeInstanceOf(
      Buffer,
    );
  });
});
