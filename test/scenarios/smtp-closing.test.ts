/** How an SMTP transport ends: with QUIT, without losing a result, and without waiting for ever. */
import { afterEach, describe, expect, test } from "vitest";

import { closeAll, newSink, transportTo, DATA, FROM, TO } from "../sink/sending.ts";

afterEach(closeAll);

describe("closing", () => {
  test("ends idle connections with QUIT, and later sends are answered without a socket", async () => {
    const sink = await newSink();
    const transport = transportTo(sink);
    await transport.send({ from: FROM, recipients: [TO], data: DATA });
    await transport.close();
    await sink.until(({ open_sockets }) => open_sockets === 0);
    expect(sink.connections[0]!.commands.at(-1)).toBe("QUIT");
    const late = await transport.send({ from: FROM, recipients: [TO], data: DATA });
    expect(late.recipients[0]).toMatchObject({ outcome: "temporary", reason: "transport_closed" });
    expect(sink.connections).toHaveLength(1);
  });

  test("lets the message under way end and gives back those that have not begun", async () => {
    const sink = await newSink();
    const transport = transportTo(sink, { max_connections: 1 });
    await transport.send({ from: FROM, recipients: [TO], data: DATA });
    const under_way = transport.send({ from: FROM, recipients: [TO], data: DATA });
    const waiting = transport.send({ from: FROM, recipients: [TO], data: DATA });
    await transport.close();
    expect((await under_way).recipients[0]!.outcome).toBe("accepted");
    expect((await waiting).recipients[0]).toMatchObject({
      outcome: "temporary",
      reason: "transport_closed",
    });
    expect(sink.message_count).toBe(2);
  });

  test("does not wait for a connection that is still being opened", async () => {
    const sink = await newSink();
    sink.fault("connect", "hang");
    const transport = transportTo(sink);
    const sent = transport.send({ from: FROM, recipients: [TO], data: DATA });
    await sink.until(({ connections }) => connections.length === 1);
    await transport.close();
    expect((await sent).recipients[0]).toMatchObject({
      outcome: "temporary",
      reason: "transport_closed",
    });
    await sink.until(({ open_sockets }) => open_sockets === 0);
  });

  test("cuts off a server that never answers when the grace is over, and says so if the message may have arrived", async () => {
    const sink = await newSink();
    sink.fault("dot", "hang");
    const transport = transportTo(sink);
    const sent = transport.send({ from: FROM, recipients: [TO], data: DATA });
    await sink.until(({ connections }) => connections[0]?.commands.at(-1) === "DATA");
    await transport.close(30);
    expect((await sent).recipients[0]!.reason).toBe("transport_closed");
    expect(["temporary", "unknown"]).toContain((await sent).recipients[0]!.outcome);
  });
});
