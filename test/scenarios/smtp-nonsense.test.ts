/** The SMTP client against a server that talks nonsense or interrupts: no reply is ever taken for another one's. */
import { afterEach, describe, expect, test } from "vitest";

import type { Transport, TransportOptions } from "../../src/mail/smtp-client.ts";
import { closeAll, newSink, sendOne, transportTo, FROM, TO } from "../sink/sending.ts";
import type { SinkOptions } from "../sink/sink-book.ts";
import type { SmtpSink } from "../sink/smtp-sink.ts";

const NO_PIPELINING: SinkOptions = { keywords: ["8BITMIME", "SIZE 1000000"] };

afterEach(closeAll);

async function pair(
  sink_options?: SinkOptions,
  options: Partial<TransportOptions> = {},
): Promise<{ sink: SmtpSink; transport: Transport }> {
  const sink = await newSink(sink_options);
  return { sink, transport: transportTo(sink, options) };
}

describe("nonsense", () => {
  test.each([
    ["connect", "hello?\r\n", "greeting"],
    ["connect", "220 hi\r\n250 and more\r\n", "ehlo"],
    ["ehlo", "250-a\r\n550 b\r\n", "ehlo"],
    ["mail", "354 go on\r\n", "mail"],
    ["rcpt", "354 go on\r\n", "rcpt"],
    ["data", "250 thanks\r\n", "data"],
    ["mail", `250 ${"x".repeat(5000)}\r\n`, "mail"],
    ["mail", "250-x\r\n".repeat(500), "mail"],
  ] as const)("at %s, %.40j ends the connection and is temporary", async (point, reply, stage) => {
    const { sink, transport } = await pair(NO_PIPELINING);
    sink.fault(point, { reply });
    expect((await sendOne(transport))[0]).toMatchObject({
      outcome: "temporary",
      reason: "protocol_error",
      stage,
    });
    await sink.until(({ open_sockets }) => open_sockets === 0);
    expect(sink.message_count).toBe(0);
  });

  test.each(["354 go on\r\n", "nonsense\r\n", "250-a\r\n451 b\r\n"])(
    "after the final dot %j leaves the outcome unknown",
    async (reply) => {
      const { sink, transport } = await pair();
      sink.fault("dot", { reply });
      expect((await sendOne(transport))[0]).toMatchObject({
        outcome: "unknown",
        reason: "protocol_error",
      });
    },
  );

  test("a reply too many is not taken for the answer to the next message", async () => {
    const { sink, transport } = await pair();
    sink.fault("dot", { reply: "250 queued\r\n250 queued\r\n" }, { times: 1 });
    expect((await sendOne(transport))[0]!.outcome).toBe("accepted");
    sink.fault("dot", "permfail");
    expect((await sendOne(transport))[0]!.outcome).toBe("permanent");
    expect(sink.connections).toHaveLength(2);
  });
});

describe("content", () => {
  const large = Buffer.from(`${"x".repeat(998)}\r\n`.repeat(20_000));

  test("a large message cut off in the middle is temporary, for its dot was never written", async () => {
    const { sink, transport } = await pair();
    sink.fault("content", "disconnect");
    const { recipients } = await transport.send({ from: FROM, recipients: [TO], data: large });
    expect(recipients[0]).toMatchObject({
      outcome: "temporary",
      reason: "closed",
      stage: "message",
    });
  });

  test("a large message refused in the middle gets that reply, and its rest is not sent as commands", async () => {
    const { sink, transport } = await pair();
    sink.fault("content", { reply: "552 5.3.4 too big\r\n" });
    const { recipients } = await transport.send({ from: FROM, recipients: [TO], data: large });
    expect(recipients[0]).toMatchObject({
      outcome: "permanent",
      stage: "message",
      reply: { code: 552 },
    });
    await sink.until(({ open_sockets }) => open_sockets === 0);
    expect(sink.connections[0]!.commands.at(-1)).toBe("DATA");
    expect(sink.message_count).toBe(0);
  });

  test("a large message praised in the middle is not accepted", async () => {
    const { sink, transport } = await pair();
    sink.fault("content", { reply: "250 2.6.0 lovely\r\n" });
    const { recipients } = await transport.send({ from: FROM, recipients: [TO], data: large });
    expect(recipients[0]).toMatchObject({ outcome: "temporary", reason: "protocol_error" });
  });

  test("a server that answers every command just in time is cut off by the limit on the whole", async () => {
    const { sink, transport } = await pair(NO_PIPELINING, { timeouts: { transaction: 40 } });
    sink.fault("dot", "hang");
    expect((await sendOne(transport))[0]).toMatchObject({ outcome: "unknown", reason: "timeout" });
    expect(sink.connections).toHaveLength(1);
  });
});
