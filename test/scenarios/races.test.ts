/** Races: many sends at once, and decisions and cancellations that race on the same messages. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { promise } from "../promises.ts";
import { startSink, type SmtpSink } from "../sink/smtp-sink.ts";
import { type Answer, type Running, run } from "./running.ts";

const ends = ["rejected", "cancelled", "sent"];

describe("200 messages and everybody at once", () => {
  let sink: SmtpSink;
  let running: Running;
  beforeAll(async () => {
    sink = await startSink();
    running = await run({
      MULTIMAIL_DELIVERY: "relay",
      MULTIMAIL_RELAY_URL: `smtp://127.0.0.1:${sink.port}?tls=none`,
    });
  });
  afterAll(async () => {
    await running.stop();
    await sink.close();
  });

  it(
    promise("decide.one-outcome"),
    async () => {
      const sent = await Promise.all(
        Array.from({ length: 200 }, (_, i) =>
          running.send({ subject: `Race ${i}`, to: [`r${i}@example.com`] }),
        ),
      );
      expect(sent.map((answer) => answer.status)).toEqual(Array.from({ length: 200 }, () => 202));
      const ids = sent.map((answer) => String(answer.body.id));
      expect(new Set(ids).size).toBe(200);

      // Each message meets an approval, a rejection and a cancellation at the same moment, in changing order.
      const outcomes = new Map<string, Record<string, number>>();
      const asked = ids.flatMap((id, i) => {
        const cancel = (): Promise<Answer> =>
          running.call(
            running.known.agent_key,
            `/v1/mailboxes/${running.known.mailbox_id}/emails/${id}/cancel`,
            {},
          );
        const calls: [string, () => Promise<Answer>][] = [
          ["approve", () => running.decide(id, "approve")],
          ["reject", () => running.decide(id, "reject")],
          ["cancel", cancel],
        ];
        return [...calls.slice(i % 3), ...calls.slice(0, i % 3)].map(
          ([name, ask]) =>
            async (): Promise<void> => {
              const answer = await ask();
              expect([200, 409], JSON.stringify(answer.body)).toContain(answer.status);
              outcomes.set(id, { ...outcomes.get(id), [name]: answer.status });
            },
        );
      });
      await Promise.all(asked.map((ask) => ask()));

      const messages = await Promise.all(ids.map((id) => running.settled(id, ...ends)));
      for (const message of messages) {
        const won = outcomes.get(message.id) ?? {};
        const { decisions } = message;
        if (message.status === "sent") expect(won["approve"]).toBe(200);
        if (message.status === "rejected") expect(won["reject"]).toBe(200);
        if (message.status === "cancelled") expect(won["cancel"]).toBe(200);
        if (message.status !== "cancelled") expect(won["cancel"]).toBe(409);
        // An approval and a rejection can never both have been taken.
        expect(won["approve"] === 200 && won["reject"] === 200).toBe(false);
        expect(decisions.length).toBe(
          Number(won["approve"] === 200) + Number(won["reject"] === 200),
        );
      }

      const statusOf = new Map(messages.map((message) => [message.message_id, message.status]));
      const onTheWire = sink.messages.map(
        (mail) => /^Message-ID: (.*?)\r$/im.exec(mail.data.toString("latin1"))?.[1] ?? "",
      );
      // Each once, and none that was not approved.
      expect(new Set(onTheWire).size).toBe(onTheWire.length);
      expect(onTheWire).toHaveLength(
        messages.filter((message) => message.status === "sent").length,
      );
      for (const id of onTheWire) expect(statusOf.get(id)).toBe("sent");
      await logAgrees(messages);
    },
    90_000,
  );

  async function logAgrees(messages: { id: string; status: string }[]): Promise<void> {
    const typesOf = new Map<string, string[]>();
    let cursor: string | null = null;
    do {
      const page: Answer = await running.call(
        running.known.oversight_key,
        `/v1/audit-log?limit=100${cursor === null ? "" : `&cursor=${cursor}`}`,
      );
      for (const entry of page.body.entries)
        if (entry.resource !== null)
          typesOf.set(entry.resource, [entry.type, ...(typesOf.get(entry.resource) ?? [])]);
      cursor = page.body.next_cursor;
    } while (cursor !== null);
    for (const { id, status } of messages) {
      const types = typesOf.get(id) ?? [];
      expect(types[0], id).toBe("message.submitted");
      expect(types.includes("message.handed_off"), `${id} ${status}`).toBe(status === "sent");
      expect(types.includes("message.cancelled"), `${id} ${status}`).toBe(status === "cancelled");
    }
  }
});
