/** An instance that really sends, by a relay that records, and reports about what it sent as mail systems write them. */
import { type SmtpSink, startSink } from "../sink/smtp-sink.ts";
import type { SinkOptions } from "../sink/sink-book.ts";
import { type MailIn, mailIn } from "./mail-in.ts";
import { setMode } from "./people.ts";
import { type Answer, type Running, run, signIn } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

/** One copy of a message as it left. */
export type Copy = {
  id: string;
  thread_id: string;
  message_id: string;
  to: string;
  path: string;
  token: string;
  data: string;
};

/** The instance and what surrounds it. */
export type SentOut = {
  running: Running;
  node: SecondNode;
  mail: MailIn;
  sink: SmtpSink;
  cookie: string;
  /** Sends one message without asking; answers its copies once they have left, in the order of `to`. */
  send(to: string | string[], message?: Record<string, unknown>): Promise<Copy[]>;
  /** A message of ours as its sender reads it. */
  read(id: string): Promise<Answer["body"]>;
  /** Whether an address may be written to. */
  suppressed(address: string): Promise<boolean>;
  /** Events about a message, oldest first. */
  events(messageId: string): Promise<{ type: string; thread_id: string; data: Answer["body"] }[]>;
  /** Types of log entries about a message, oldest first. */
  entries(messageId: string): Promise<string[]>;
  /** Resolves once everything that came has been opened up. */
  opened(): Promise<void>;
  stop(): Promise<void>;
};

/** Starts it; its first mailbox is autonomous. `env` adds settings. */
export async function sentOut(
  options: SinkOptions = {},
  env: Record<string, string> = {},
): Promise<SentOut> {
  const sink = await startSink(options);
  const running = await run({
    ...env,
    MULTIMAIL_DELIVERY: "relay",
    MULTIMAIL_RELAY_URL: `smtp://127.0.0.1:${sink.port}?tls=none`,
  });
  const node = await secondNode(running);
  const cookie = await signIn(running);
  const { known } = running;
  await setMode(running, cookie, known.mailbox_id, "autonomous");
  const at = `/v1/mailboxes/${known.mailbox_id}/emails`;
  return {
    running,
    node,
    mail: mailIn(running),
    sink,
    cookie,
    async send(to, message = {}) {
      const addresses = typeof to === "string" ? [to] : to;
      const answer = await running.send({ to: addresses, ...message });
      if (answer.status !== 202) throw new Error(JSON.stringify(answer.body));
      const { id, thread_id, message_id } = answer.body;
      await running.settled(id, "sent");
      return addresses.map((address) => {
        const left = sink.messages.findLast(
          ({ data, to: [only] }) => only === address && data.includes(`Message-ID: ${message_id}`),
        );
        const data = left?.data.toString("latin1") ?? "";
        const token = /\/unsubscribe\/([0-9A-Z]{80})/.exec(
          data.replaceAll(/=?\r\n[ \t]?/g, ""),
        )?.[1];
        return {
          id,
          thread_id,
          message_id,
          to: address,
          path: left?.from ?? "",
          token: token ?? "",
          data,
        };
      });
    },
    read: async (id) => (await running.call(known.agent_key, `${at}/${id}`)).body,
    suppressed: async (address) =>
      (await running.call(known.admin_key, `/v1/suppression/${encodeURIComponent(address)}`)).body
        .suppressed,
    events: (messageId) =>
      node.as((tx) =>
        tx.named(
          "events_about",
          "SELECT type, thread_id, data FROM event WHERE operator_id = $1 AND message_id = $2 ORDER BY event_id",
          [tx.operator_id, messageId],
        ),
      ),
    async entries(messageId) {
      const rows = await node.as((tx) =>
        tx.named<{ type: string }>(
          "entries_about",
          "SELECT type FROM log_entry WHERE operator_id = $1 AND resource = $2 ORDER BY entry_id",
          [tx.operator_id, messageId],
        ),
      );
      return rows.map(({ type }) => type);
    },
    async opened() {
      for (const end = Date.now() + 30_000; ; await new Promise((go) => setTimeout(go, 20))) {
        const rows = await node.as((tx) => tx.named("waiting", "SELECT 1 FROM inbound", []));
        if (rows.length === 0) return;
        if (Date.now() > end) throw new Error(`${rows.length} messages still wait`);
      }
    },
    async stop() {
      await node.close();
      await running.stop();
      await sink.close();
    },
  };
}

/** A delivery status notification (RFC 3464) about a copy. */
export function dsn(
  copy: Copy,
  said: { action?: string; status?: string; diagnostic?: string; address?: string } = {},
): string {
  const { action = "failed", status = "5.1.1", address = copy.to } = said;
  const { diagnostic = `550 ${status} no such user here` } = said;
  return [
    "From: Mail Delivery System <mailer-daemon@mx.example.net>",
    `To: <${copy.path}>`,
    "Subject: Undelivered Mail Returned to Sender",
    `Message-ID: <${Math.random()}@mx.example.net>`,
    "Auto-Submitted: auto-replied",
    "MIME-Version: 1.0",
    'Content-Type: multipart/report; report-type=delivery-status; boundary="b1"',
    "",
    "--b1",
    "Content-Type: text/plain",
    "",
    "This is the mail system at host mx.example.net.",
    "",
    "--b1",
    "Content-Type: message/delivery-status",
    "",
    "Reporting-MTA: dns; mx.example.net",
    "",
    `Final-Recipient: rfc822; ${address}`,
    `Action: ${action}`,
    `Status: ${status}`,
    ...(action === "delivered" ? [] : [`Diagnostic-Code: smtp; ${diagnostic}`]),
    "",
    "--b1",
    "Content-Type: text/rfc822-headers",
    "",
    `Message-ID: ${copy.message_id}`,
    "",
    "--b1--",
    "",
  ].join("\r\n");
}

/** A feedback report (RFC 5965) that returns the header of a copy as it left. */
export function arf(copy: Copy, type = "abuse"): string {
  const end = copy.data.indexOf("\r\n\r\n");
  return [
    "From: feedback@isp.example",
    "To: fbl@multimail.localhost",
    "Subject: FW: report",
    `Message-ID: <${Math.random()}@isp.example>`,
    "MIME-Version: 1.0",
    'Content-Type: multipart/report; report-type=feedback-report; boundary="b1"',
    "",
    "--b1",
    "Content-Type: text/plain",
    "",
    "This is an email abuse report.",
    "",
    "--b1",
    "Content-Type: message/feedback-report",
    "",
    `Feedback-Type: ${type}`,
    "User-Agent: SomeGenerator/1.0",
    "Version: 1",
    "",
    "--b1",
    "Content-Type: text/rfc822-headers",
    "",
    copy.data.slice(0, end),
    "",
    "--b1--",
    "",
  ].join("\r\n");
}
