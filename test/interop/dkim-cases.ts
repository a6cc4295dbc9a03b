/** Messages for outside verifiers: each shape we send, signed now, and each attack on one of them. */
import { compose } from "../../src/mail/compose.ts";
import { signDkim } from "../../src/mail/dkim.ts";
import { attacks, composeInput, dkimKeys, handOff, RECIPIENT } from "../../src/mail/fixture.ts";
import { readMessage } from "../../src/mail/headers.ts";

// The verifiers under test look at the machine's clock, so these messages are signed by it, too.
const now = new Date();

const plain =
  "From: a@example.com\r\nTo: b@example.net\r\nSubject: x\r\nDate: Mon, 2 Mar 2026 10:00:00 +0000\r\n";

async function signed(message: string): Promise<Buffer> {
  const bytes = Buffer.from(message, "latin1");
  return Buffer.concat([await signDkim(bytes, dkimKeys, now), bytes]);
}

async function sent(over: Parameters<typeof composeInput>[0] = {}): Promise<Buffer> {
  return await handOff(await compose(composeInput(over)), [RECIPIENT], now);
}

const content = Buffer.from(Array.from({ length: 40_000 }, (_, i) => i % 256));

/** What must pass, by name. */
export const good: ReadonlyMap<string, Buffer> = new Map([
  ["a message as we send it", await sent()],
  [
    "non-ASCII names, subject and body",
    await sent({
      from: { name: "Änne 山田", address: "agent@example.com" },
      subject: "Grüße 日本語 ".repeat(20),
      markdown: "Zażółć 名前",
    }),
  ],
  [
    "markdown with bare LF, bare CR and trailing blanks",
    await sent({ markdown: "one  \ntwo\rthree\t \r\nfour\n\n\n" }),
  ],
  [
    "300 recipients and 100 references",
    await sent({
      to: Array.from({ length: 300 }, (_, i) => ({
        name: `Nämé ${i}`,
        address: `p${i}@example.net`,
      })),
      references: Array.from({ length: 100 }, (_, i) => `<${i}.${"x".repeat(60)}@example.com>`),
    }),
  ],
  [
    "an attachment",
    await sent({
      attachments: [{ filename: "Rechnung ä.pdf", content_type: "application/pdf", content }],
    }),
  ],
  ["an empty markdown", await sent({ markdown: "", subject: "" })],
  ["an empty body", await signed(`${plain}\r\n`)],
  ["a body of empty lines", await signed(`${plain}\r\n\r\n\r\n`)],
  ["a body of blanks", await signed(`${plain}\r\n \t\r\n  \r\n`)],
  [
    "8-bit text in header and body",
    await signed(`${plain}Reply-To: J\xf6rg <a@b.example>\r\n\r\nGr\xfc\xdfe  \t x \r\n`),
  ],
  [
    "one header line of 900 octets",
    await signed(`${plain}References: <${"x".repeat(880)}@example.com>\r\n\r\nx\r\n`),
  ],
  [
    "a header folded over 60 lines",
    await signed(
      `${plain}References: ${"<aaaaaaaaaaaaaaaaaaaaaaaaaaaaa@example.com>\r\n\t ".repeat(60)}<z@z.example>\r\n\r\nx\r\n`,
    ),
  ],
]);

const attacked = (await sent()).toString("latin1");

/** What must fail, by the attack's name. */
export const bad: ReadonlyMap<string, Buffer> = new Map(
  [...attacks].map(([name, attack]) => [name, Buffer.from(attack(attacked), "latin1")]),
);

/** The message with only the signature by this selector. */
export function withOnlySignature(message: Buffer, selector: string): Buffer {
  const { fields, body } = readMessage(message);
  const kept = fields.filter(
    ({ key, value }) => key !== "dkim-signature" || value.includes(` s=${selector};`),
  );
  return Buffer.concat([...kept.map(({ line }) => line), Buffer.from("\r\n"), body]);
}
