/** An instance that delivers to a sink, with mailboxes in any mode: what the tests of modes do again and again. */
import { modes } from "../../src/core/oversight/types.ts";
import { insertAllowlistEntry } from "../../src/store/mailboxes.ts";
import { type SmtpSink, startSink } from "../sink/smtp-sink.ts";
import { setMode } from "./people.ts";
import { type Answer, type Running, run, signIn } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

/** An oversight mode. */
export type Mode = (typeof modes)[number];

/** Who is copied by monitored mailboxes. */
export const overseer = "oversight@agents.example";

/** The instance, its sink, and short ways to both. */
export type ModedInstance = {
  readonly sink: SmtpSink;
  running: Running;
  node: SecondNode;
  /** The signed-in owner's. */
  cookie: string;
  /** Stops and starts again on the same data, with further settings. */
  restart(more?: Record<string, string>): Promise<void>;
  /** A new mailbox in a mode; a person raises it where it has to be raised. */
  mailboxIn(mode: Mode): Promise<string>;
  /** Sets a mode by the admin's key, which may only lower. */
  lower(mailboxId: string, mode: string): Promise<Answer>;
  /** Writes any text as a mode behind the application's back. */
  setRaw(mailboxId: string, mode: string): Promise<void>;
  allow(mailboxId: string, pattern: string): Promise<void>;
  send(mailboxId: string, more?: Record<string, unknown>): Promise<Answer>;
  read(mailboxId: string, emailId: string): Promise<Answer["body"]>;
  /** Reads until the message has the status. */
  reaches(mailboxId: string, emailId: string, status: string): Promise<Answer["body"]>;
  /** Reads until a temporary failure is on record. */
  deferred(mailboxId: string, emailId: string): Promise<void>;
  /** Makes a deferred message due at once, as if its minutes had passed. */
  dueNow(emailId: string): Promise<void>;
  /** Follows the unsubscribe link of a recipient; answers the status. */
  unsubscribe(mailboxId: string, emailId: string, address: string): Promise<number>;
  /** The copies of a message that arrived. */
  copiesOf(message: { message_id: string }): { to: string; data: Buffer }[];
  stop(): Promise<void>;
};

/** Starts it with its sink. */
export async function modedInstance(): Promise<ModedInstance> {
  const sink = await startSink();
  const start = async (
    more: Record<string, string>,
    folder?: string,
  ): Promise<Pick<ModedInstance, "running" | "node" | "cookie">> => {
    const running = await run(
      {
        MULTIMAIL_DELIVERY: "relay",
        MULTIMAIL_RELAY_URL: `smtp://127.0.0.1:${sink.port}?tls=none`,
        MULTIMAIL_DOMAIN: "agents.example",
        MULTIMAIL_OVERSIGHT_ADDRESS: overseer,
        ...more,
      },
      folder,
    );
    return { running, node: await secondNode(running), cookie: await signIn(running) };
  };
  const until = async (done: () => Promise<boolean>, otherwise: () => string): Promise<void> => {
    for (let i = 0; i < 400; i++) {
      if (await done()) return;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error(otherwise());
  };
  let mailboxes = 0;
  const it: ModedInstance = {
    sink,
    ...(await start({})),
    async restart(more = {}) {
      await it.node.close();
      await it.running.stop(true);
      Object.assign(it, await start(more, it.running.folder));
    },
    async mailboxIn(mode) {
      const address = `box${mailboxes++}`;
      const { body } = await it.running.call(it.running.known.admin_key, "/v1/mailboxes", {
        address,
      });
      if (modes.indexOf(mode) > modes.indexOf("gated_send"))
        await setMode(it.running, it.cookie, body.id, mode);
      else await it.lower(body.id, mode);
      return body.id;
    },
    lower: (mailboxId, mode) =>
      it.running.call(
        it.running.known.admin_key,
        `/v1/mailboxes/${mailboxId}`,
        { oversight_mode: mode },
        { method: "PATCH" },
      ),
    setRaw: (mailboxId, mode) =>
      it.node.asOwner(`UPDATE mailbox SET mode = '${mode}' WHERE mailbox_id = '${mailboxId}'`),
    allow: (mailboxId, pattern) =>
      it.node.as((tx) =>
        insertAllowlistEntry(tx, {
          mailbox_id: mailboxId,
          entry_id: it.node.context.new_id(),
          pattern,
          confirmed_by: "a person",
          created_at: new Date(),
        }),
      ),
    send: (mailboxId, more = {}) =>
      it.running.call(it.running.known.agent_key, `/v1/mailboxes/${mailboxId}/send`, {
        to: ["ada@example.com"],
        subject: "A test",
        markdown: "Some *text*.",
        ...more,
      }),
    async read(mailboxId, emailId) {
      const path = `/v1/mailboxes/${mailboxId}/emails/${emailId}`;
      return (await it.running.call(it.running.known.agent_key, path)).body;
    },
    async reaches(mailboxId, emailId, status) {
      let message = await it.read(mailboxId, emailId);
      await until(
        async () => (message = await it.read(mailboxId, emailId)).status === status,
        () => `message stays ${message.status}, waited for ${status}`,
      );
      return message;
    },
    deferred: (mailboxId, emailId) =>
      until(
        async () => (await it.read(mailboxId, emailId)).recipients[0].status === "deferred",
        () => "no attempt was deferred",
      ),
    dueNow: (emailId) =>
      it.node.asOwner(
        `UPDATE due SET due_at = now() WHERE kind = 'deliver' AND message_id = '${emailId}'`,
      ),
    async unsubscribe(mailboxId, emailId, address) {
      const path = `/v1/mailboxes/${mailboxId}/emails/${emailId}/proof`;
      const { body } = await it.running.call(it.running.known.agent_key, path);
      const { token } = body.recipients.find((one: { address: string }) => one.address === address);
      return (
        await it.running.call(null, `/v1/unsubscribe/${token}`, undefined, { method: "POST" })
      ).status;
    },
    copiesOf: (message) =>
      sink.messages
        .filter((mail) => mail.data.includes(`Message-ID: ${message.message_id}\r\n`))
        .map((mail) => ({ to: mail.to.join(), data: mail.data })),
    async stop() {
      await it.node.close();
      await it.running.stop();
      await sink.close();
    },
  };
  return it;
}
