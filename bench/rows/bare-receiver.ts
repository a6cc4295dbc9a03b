/** What receiving is compared with: smtp-server, mailauth and postal-mime put together bare. Nothing is stored; it counts. */
import type { AddressInfo } from "node:net";
import { authenticate } from "mailauth";
import PostalMime from "postal-mime";
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from "smtp-server";
import { asMailauthResolver } from "../../src/mail/dns-adapters.ts";
import { openResolver } from "../../src/mail/dns-resolver.ts";

/** What the process says: where it listens, and how many messages it has read so far, when asked. */
export type BareWord = { port: number } | { passed: number; failed: number };

const [dns = ""] = process.argv.slice(2);
// Our resolver with its cache, so that both sides have the same answers at the same cost.
const resolver = asMailauthResolver(
  openResolver({ servers: [dns], timeout_ms: 2000, now: () => new Date() }),
);
const counts = { passed: 0, failed: 0 };

async function read(stream: SMTPServerDataStream, session: SMTPServerSession): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  const raw = Buffer.concat(chunks);
  const { mailFrom } = session.envelope;
  const [{ spf, dkim, dmarc }, parsed] = await Promise.all([
    authenticate(raw, {
      ip: session.remoteAddress,
      helo: session.hostNameAppearsAs,
      sender: mailFrom === false ? "" : mailFrom.address,
      mta: "bench.test",
      resolver,
      disableBimi: true,
    }),
    PostalMime.parse(raw),
  ]);
  const passed =
    spf !== false &&
    spf.status.result === "pass" &&
    dkim.results[0]?.status.result === "pass" &&
    dmarc !== false &&
    dmarc.status.result === "pass" &&
    parsed.attachments.length === 1 &&
    (parsed.html ?? "") !== "";
  counts[passed ? "passed" : "failed"]++;
}

const server = new SMTPServer({
  authOptional: true,
  disabledCommands: ["AUTH", "STARTTLS"],
  disableReverseLookup: true,
  logger: false,
  onData(stream, session, callback) {
    read(stream, session).then(
      () => callback(null, "read"),
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error))),
    );
  },
});
server.listen(0, "127.0.0.1", () => {
  const { port } = server.server.address() as AddressInfo;
  process.send?.({ port } satisfies BareWord);
});
process.on("message", () => process.send?.({ ...counts } satisfies BareWord));
