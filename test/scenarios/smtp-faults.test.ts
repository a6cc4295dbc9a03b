/** The SMTP client against a server that refuses, breaks off or hangs at every point of the conversation. */
import { afterEach, describe, expect, test } from "vitest";

import type { Transport, TransportOptions } from "../../src/mail/smtp-client.ts";
import { closeAll, newSink, sendOne, transportTo, TO } from "../sink/sending.ts";
import type { SinkOptions, SinkPoint } from "../sink/sink-book.ts";
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

/** A short limit for the one wait that a test means to run out; a second elsewhere, which no test comes near. */
const QUICK = {
  connect: 1000, tls: 1000, greeting: 40, command: 40, mail: 40, rcpt: 40, data: 40, data_block: 40, data_end: 40, quit: 40, transaction: 5000,
}; // prettier-ignore

const POINTS: readonly [SinkPoint, string][] = [
  ["connect", "greeting"],
  ["ehlo", "ehlo"],
  ["mail", "mail"],
  ["rcpt", "rcpt"],
  ["data", "data"],
  ["dot", "message"],
];

describe.each([
  ["pipelining", undefined],
  ["no pipelining", NO_PIPELINING],
])("with %s", (_, sink_options) => {
  test.each(POINTS)(
    "a temporary refusal at %s is temporary, with the server's words",
    async (point, stage) => {
      const { sink, transport } = await pair(sink_options);
      sink.fault(point, "tempfail", { times: 1 });
      const reply = { code: 451, enhanced: "4.3.0", text: "try again later" };
      expect(await sendOne(transport)).toEqual([
        { address: TO, outcome: "temporary", reply, stage, reason: null },
      ]);
      expect(sink.message_count).toBe(0);
      expect((await sendOne(transport))[0]!.outcome).toBe("accepted");
    },
  );

  test.each(POINTS)(
    "a permanent refusal at %s is permanent only where it concerns the message",
    async (point, stage) => {
      const { sink, transport } = await pair(sink_options);
      sink.fault(point, "permfail", { times: 1 });
      const outcome = point === "connect" || point === "ehlo" ? "temporary" : "permanent";
      const reply = { code: 554, enhanced: "5.7.1", text: "refused" };
      expect(await sendOne(transport)).toEqual([
        { address: TO, outcome, reply, stage, reason: null },
      ]);
      expect(sink.message_count).toBe(0);
      expect((await sendOne(transport))[0]!.outcome).toBe("accepted");
    },
  );

  test.each(POINTS)(
    "a connection broken off at %s is temporary before the final dot and unknown after it",
    async (point, stage) => {
      const { sink, transport } = await pair(sink_options);
      sink.fault(point, "disconnect");
      const outcome = point === "dot" ? "unknown" : "temporary";
      const [result] = await sendOne(transport);
      expect(result).toMatchObject({
        address: TO,
        outcome,
        reason: "closed",
        reply: { code: 0, enhanced: "4.4.2" },
      });
      expect(result!.stage).toBe(stage);
      expect(sink.connections).toHaveLength(1);
    },
  );

  test.each(POINTS)("a server that hangs at %s runs into that deadline", async (point, stage) => {
    const { sink, transport } = await pair(sink_options, { timeouts: QUICK });
    sink.fault(point, "hang");
    const outcome = point === "dot" ? "unknown" : "temporary";
    expect((await sendOne(transport))[0]).toMatchObject({ outcome, reason: "timeout", stage });
    await sink.until(({ open_sockets }) => open_sockets === 0);
  });

  test.each(POINTS)(
    "421 at %s is temporary, and the connection is given up",
    async (point, stage) => {
      const { sink, transport } = await pair(sink_options);
      sink.fault(point, { reply: "421 4.3.2 closing\r\n", then: "disconnect" }, { times: 1 });
      const reply = { code: 421, enhanced: "4.3.2", text: "closing" };
      expect(await sendOne(transport)).toEqual([
        { address: TO, outcome: "temporary", reply, stage, reason: null },
      ]);
      expect((await sendOne(transport))[0]!.outcome).toBe("accepted");
      expect(sink.connections).toHaveLength(2);
    },
  );

  test.each(POINTS.filter(([point]) => point !== "connect" && point !== "ehlo"))(
    "after a refusal at %s the same connection serves the next message, behind RSET unless the message itself was refused",
    async (point) => {
      const { sink, transport } = await pair(sink_options, { max_connections: 1 });
      sink.fault(point, "permfail", { times: 1 });
      await sendOne(transport);
      expect((await sendOne(transport))[0]!.outcome).toBe("accepted");
      expect(sink.connections).toHaveLength(1);
      expect(sink.connections[0]!.commands.includes("RSET")).toBe(point !== "dot");
    },
  );

  test("each recipient gets its own reply, and the message goes to those accepted", async () => {
    const { sink, transport } = await pair({
      ...sink_options,
      answer_rcpt: (address) =>
        ({
          "gone@b.example": "550 5.1.1 unknown",
          "later@b.example": "450 4.2.0 greylisted",
          "full@b.example": "552 5.2.2 full",
        })[address],
    });
    const results = await sendOne(
      transport,
      "a@b.example",
      "gone@b.example",
      "later@b.example",
      "full@b.example",
      "c@b.example",
    );
    expect(
      results.map(({ address, outcome, stage, reply }) => [address, outcome, stage, reply.code]),
    ).toEqual([
      ["a@b.example", "accepted", "message", 250],
      ["gone@b.example", "permanent", "rcpt", 550],
      ["later@b.example", "temporary", "rcpt", 450],
      ["full@b.example", "temporary", "rcpt", 552],
      ["c@b.example", "accepted", "message", 250],
    ]);
    expect(sink.messages.map((message) => message.to)).toEqual([["a@b.example", "c@b.example"]]);
  });

  test("recipients refused at RCPT keep that verdict when DATA or the message fails for the others", async () => {
    for (const [point, stage] of [
      ["data", "data"],
      ["dot", "message"],
    ] as const) {
      const { sink, transport } = await pair({
        ...sink_options,
        answer_rcpt: (address) => (address === "gone@b.example" ? "550 5.1.1 unknown" : undefined),
      });
      sink.fault(point, "tempfail");
      const results = await sendOne(transport, "gone@b.example", "a@b.example");
      expect(results.map((one) => [one.outcome, one.stage])).toEqual([
        ["permanent", "rcpt"],
        ["temporary", stage],
      ]);
    }
  });
});

describe("pipelining", () => {
  test("DATA that is accepted although every recipient was refused is ended by a lone dot", async () => {
    const { sink, transport } = await pair(
      { answer_rcpt: () => "550 5.1.1 unknown" },
      { max_connections: 1 },
    );
    sink.fault("data", { reply: "354 go on\r\n" }, { times: 1 });
    expect((await sendOne(transport))[0]).toMatchObject({ outcome: "permanent", stage: "rcpt" });
    await sendOne(transport);
    expect(sink.connections).toHaveLength(1);
    expect(sink.connections[0]!.reads.map(String).filter((read) => read.startsWith("."))).toEqual([
      ".\r\n",
    ]);
    expect(sink.message_count).toBe(0);
  });

  test("DATA that is accepted although MAIL was refused ends the connection without a dot", async () => {
    const { sink, transport } = await pair();
    sink.fault("mail", "permfail");
    sink.fault("rcpt", { reply: "250 ok\r\n" });
    sink.fault("data", { reply: "354 go on\r\n" });
    expect((await sendOne(transport))[0]).toMatchObject({ outcome: "permanent", stage: "mail" });
    await sink.until(({ open_sockets }) => open_sockets === 0);
    expect(sink.connections[0]!.commands.at(-1)).toBe("DATA");
    expect(
      sink.connections[0]!.reads.map(String).some(
        (read) => read.includes("\r\n.\r\n") || read === ".\r\n",
      ),
    ).toBe(false);
  });
});
