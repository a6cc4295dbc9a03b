/** How the SMTP client uses connections: reuse, limits, waiting in line, dead ones, none at all. */
import { once } from "node:events";
import { connect } from "node:net";
import type { Socket, TcpNetConnectOpts } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";

import type { Transport, TransportOptions } from "../../src/mail/smtp-client.ts";
import type { RecipientResult } from "../../src/mail/smtp-result.ts";
import { closeAll, newSink, sendOne, transportTo, DATA, FROM, TO } from "../sink/sending.ts";
import type { SinkFault, SinkOptions } from "../sink/sink-book.ts";
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

describe("connections", () => {
  test("one connection serves message after message, without RSET between them", async () => {
    const sink = await newSink();
    const transport = transportTo(sink);
    for (let i = 0; i < 5; i++)
      await transport.send({ from: FROM, recipients: [`r${i}@b.example`], data: DATA });
    expect(sink.connections).toHaveLength(1);
    expect(sink.connections[0]!.commands.filter((line) => line === "RSET")).toEqual([]);
    expect(sink.messages.map((message) => message.to[0])).toEqual(
      [0, 1, 2, 3, 4].map((i) => `r${i}@b.example`),
    );
  });

  test("no more than max_connections are open, everybody is served, and nobody gets another's result", async () => {
    const sink = await newSink({
      answer_rcpt: (address) => (address.startsWith("odd") ? `550 5.1.1 ${address}` : undefined),
    });
    const sockets: Socket[] = [];
    let peak = 0;
    const transport = transportTo(sink, {
      max_connections: 3,
      max_per_connection: 7,
      connect(options): Socket {
        sockets.push(connect(options));
        peak = Math.max(peak, sockets.filter((socket) => !socket.destroyed).length);
        return sockets.at(-1)!;
      },
    });
    const results = await Promise.all(
      Array.from({ length: 200 }, (_, i) => {
        const address = `${i % 2 === 0 ? "even" : "odd"}${i}@b.example`;
        return transport.send({
          from: FROM,
          recipients: [address],
          data: Buffer.from(`X: ${i}\r\n\r\n`),
        });
      }),
    );
    results.forEach((result, i) => {
      const one = result.recipients[0]!;
      expect(one.outcome).toBe(i % 2 === 0 ? "accepted" : "permanent");
      if (i % 2 === 1) expect(one.reply.text).toBe(one.address);
    });
    expect(sink.message_count).toBe(100);
    expect(peak).toBe(3);
    for (const connection of sink.connections) {
      expect(
        connection.commands.filter((line) => line.startsWith("MAIL")).length,
      ).toBeLessThanOrEqual(7);
    }
  });

  test("sends begin in the order of asking", async () => {
    const sink = await newSink();
    const transport = transportTo(sink, { max_connections: 1, max_per_connection: 10 });
    const asked = Array.from({ length: 3000 }, (_, i) => `r${i}@b.example`);
    await Promise.all(
      asked.map((address) => transport.send({ from: FROM, recipients: [address], data: DATA })),
    );
    expect(sink.messages.map((message) => message.to[0])).toEqual(asked);
  });

  test("an idle connection says QUIT after idle_ms", async () => {
    const sink = await newSink();
    await transportTo(sink, { idle_ms: 20 }).send({ from: FROM, recipients: [TO], data: DATA });
    await sink.until(({ open_sockets }) => open_sockets === 0);
    expect(sink.connections[0]!.commands.at(-1)).toBe("QUIT");
  });

  test("connections are made by the function given, with the host and port given, and none before the first send", async () => {
    const sink = await newSink();
    const dialled: TcpNetConnectOpts[] = [];
    const transport = transportTo(sink, {
      host: "mx.recipient.example",
      port: 25,
      connect(options): Socket {
        dialled.push(options);
        return connect({ host: sink.host, port: sink.port });
      },
    });
    expect(dialled).toEqual([]);
    const result = await transport.send({ from: FROM, recipients: [TO], data: DATA });
    expect(dialled).toEqual([{ host: "mx.recipient.example", port: 25, noDelay: true }]);
    expect(result.connection).toMatchObject({
      host: "mx.recipient.example",
      address: "127.0.0.1",
      port: 25,
    });
  });
});

describe("a reused connection", () => {
  test("that died while idle is replaced without a word, once", async () => {
    const { sink, transport } = await pair();
    await sendOne(transport);
    // Gone as seen from the server, before the client can have noticed: the next command is its farewell.
    sink.fault("mail", "disconnect", { times: 1 });
    expect((await sendOne(transport))[0]!.outcome).toBe("accepted");
    expect(sink.connections).toHaveLength(2);
    expect(sink.message_count).toBe(2);

    sink.fault("mail", "disconnect");
    expect((await sendOne(transport))[0]).toMatchObject({
      outcome: "temporary",
      reason: "closed",
      stage: "mail",
    });
    expect(sink.connections).toHaveLength(3);
  });

  test("whose server says 421 for idling is replaced without a word", async () => {
    const { sink, transport } = await pair();
    await sendOne(transport);
    sink.fault("mail", { reply: "421 4.4.2 idle too long\r\n", then: "disconnect" }, { times: 1 });
    expect((await sendOne(transport))[0]!.outcome).toBe("accepted");
    expect(sink.connections).toHaveLength(2);
  });

  test("that the server closed while idle is forgotten at once, and the others beside it are kept", async () => {
    for (const dropped of [1, 2]) {
      const sockets: Socket[] = [];
      const sink = await newSink();
      const transport = transportTo(sink, {
        connect(options): Socket {
          sockets.push(connect(options));
          return sockets.at(-1)!;
        },
      });
      await Promise.all([sendOne(transport), sendOne(transport)]);
      const noticed = once(sockets[dropped - 1]!, "close");
      sink.dropConnections(dropped);
      await noticed;
      expect((await sendOne(transport))[0]!.outcome).toBe("accepted");
      expect(sink.connections.map((one) => one.closed)).toEqual([dropped === 1, dropped === 2]);
    }
  });

  test("that breaks off after it answered something of the message is not tried again", async () => {
    for (const point of ["rcpt", "data", "dot"] as const) {
      const { sink, transport } = await pair(NO_PIPELINING);
      await sendOne(transport);
      sink.fault(point, "disconnect");
      expect((await sendOne(transport))[0]!.outcome).toBe(
        point === "dot" ? "unknown" : "temporary",
      );
      expect(sink.connections).toHaveLength(1);
      expect(sink.message_count).toBe(1);
    }
  });

  test("that is new is not tried again even when it dies unheard", async () => {
    const { sink, transport } = await pair();
    sink.fault("mail", "disconnect");
    expect((await sendOne(transport))[0]!.outcome).toBe("temporary");
    expect(sink.connections).toHaveLength(1);
  });

  test("many that died at once lose no message and send none twice", async () => {
    const { sink, transport } = await pair(undefined, { max_connections: 4 });
    const recipients = Array.from({ length: 40 }, (_, i) => `r${i}@b.example`);
    const burst = (): Promise<(readonly RecipientResult[])[]> =>
      Promise.all(recipients.map((address) => sendOne(transport, address)));
    await burst();
    sink.fault("mail", "disconnect", { times: 4 });
    const results = await burst();
    expect(results.flat().filter((one) => one.outcome !== "accepted")).toEqual([]);
    const arrived = sink.messages.slice(40).map((message) => message.to[0]!);
    expect(arrived.sort()).toEqual([...recipients].sort());
  });
});

describe("no connection", () => {
  test("refused: all who wait are told at once, after one round of dialling", async () => {
    let dials = 0;
    const { sink, transport } = await pair(undefined, {
      max_connections: 2,
      connect(options): Socket {
        dials++;
        return connect(options);
      },
    });
    const { port } = sink;
    await sink.close();
    const results = await Promise.all(Array.from({ length: 50 }, () => sendOne(transport)));
    for (const [result] of results) {
      expect(result).toMatchObject({
        outcome: "temporary",
        stage: "connect",
        reason: "connect_failed",
      });
      expect(result!.reply).toEqual({
        code: 0,
        enhanced: "4.4.1",
        text: "connection failed: ECONNREFUSED",
      });
    }
    expect(dials).toBe(2);
    const { connection } = await transport.send({ from: FROM, recipients: [TO], data: DATA });
    expect(connection).toMatchObject({ host: "127.0.0.1", address: null, port, tls: null });
  });

  test.each([
    [
      "throws",
      () => {
        throw new Error("not allowed");
      },
    ],
  ])("a connect function that %s is a temporary failure", async (_, connect) => {
    // prettier-ignore
    const { transport } = await pair(undefined, { connect });
    expect((await sendOne(transport))[0]).toMatchObject({
      outcome: "temporary",
      stage: "connect",
      reason: "connect_failed",
    });
  });

  test("a server that allows fewer connections than we would open gets every message over those it allows", async () => {
    const { sink, transport } = await pair(undefined, { max_connections: 5 });
    const refusal: SinkFault = { reply: "421 4.7.0 too many connections\r\n", then: "disconnect" };
    sink.fault("connect", refusal, { skip: 1 });
    const results = (
      await Promise.all(Array.from({ length: 30 }, () => sendOne(transport)))
    ).flat();
    expect(results.filter((one) => one.outcome !== "accepted")).toEqual([]);
    expect(sink.connections).toHaveLength(5);
  });

  test("after a refused connection new ones are opened again once another has ended", async () => {
    const { sink, transport } = await pair(undefined, {
      max_connections: 2,
      max_per_connection: 3,
    });
    sink.fault("connect", "tempfail", { skip: 1, times: 1 });
    const results = (
      await Promise.all(Array.from({ length: 12 }, () => sendOne(transport)))
    ).flat();
    expect(results.map((one) => one.outcome)).toEqual(results.map(() => "accepted"));
  });

  test("who waits too long for a connection is told so and never sent, and the next one in line goes on waiting", async () => {
    const { sink, transport } = await pair(undefined, { max_connections: 1, max_wait_ms: 60_000 });
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      let go: (wanted: boolean) => void = () => undefined;
      let atIt: () => void = () => undefined;
      const working = new Promise<void>((resolve) => (atIt = resolve));
      const held = transport.send({
        from: FROM,
        recipients: ["held@b.example"],
        data: DATA,
        wanted() {
          atIt();
          return new Promise<boolean>((resolve) => (go = resolve));
        },
      });
      await working;
      const late = sendOne(transport, "late@b.example");
      vi.advanceTimersByTime(30_000);
      const patient = sendOne(transport, "patient@b.example");
      vi.advanceTimersByTime(30_000);
      go(true);
      expect((await late)[0]).toMatchObject({ outcome: "temporary", reason: "congested" });
      expect((await held).recipients[0]?.outcome).toBe("accepted");
      expect((await patient)[0]?.outcome).toBe("accepted");
      // Its time is not counted any more.
      vi.advanceTimersByTime(60_000);
      expect(sink.messages.map(({ to }) => to[0])).toEqual(["held@b.example", "patient@b.example"]);
    } finally {
      vi.useRealTimers();
    }
  });

  test("a message that needs a new connection is told when there is none to be had", async () => {
    const { sink, transport } = await pair(undefined, { max_connections: 2 });
    await Promise.all([sendOne(transport), sendOne(transport)]);
    sink.fault("mail", "disconnect", { times: 1 });
    sink.fault("connect", { reply: "421 4.7.0 too many connections\r\n", then: "disconnect" });
    const results = (await Promise.all([sendOne(transport), sendOne(transport)])).flat();
    expect(results.map((one) => one.outcome).sort()).toEqual(["accepted", "temporary"]);
    expect(results.find((one) => one.outcome === "temporary")!.reply.code).toBe(421);
  });
});
