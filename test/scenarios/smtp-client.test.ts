/** The SMTP client against a recording sink: the bytes on the wire, and what never gets there. */
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";

import { SmtpInputError } from "../../src/mail/smtp-envelope.ts";
import { closeAll, newSink, transportTo, DATA, FROM, TO } from "../sink/sending.ts";
import type { SmtpSink } from "../sink/smtp-sink.ts";

afterEach(closeAll);

/** The reads that make up each turn of a session: what one write of the client brought. */
function turns(sink: SmtpSink): string[] {
  return sink.connections[0]!.reads.map((read) => read.toString("latin1"));
}

describe("one message", () => {
  test("goes out in two writes where the server pipelines, and arrives byte for byte", async () => {
    const sink = await newSink();
    const at = new Date("2026-01-02T03:04:05.678Z");
    const transport = transportTo(sink, { now: () => at });
    const result = await transport.send({
      from: FROM,
      recipients: [TO, "b@recipient.example"],
      data: DATA,
    });

    expect(turns(sink)).toEqual([
      "EHLO mta.sender.example\r\n",
      `MAIL FROM:<${FROM}> SIZE=${DATA.length}\r\nRCPT TO:<${TO}>\r\nRCPT TO:<b@recipient.example>\r\nDATA\r\n`,
      "Subject: hello\r\n\r\n..dot\r\n...\r\nbye\r\n.\r\n",
    ]);
    expect(sink.messages[0]).toMatchObject({
      from: FROM,
      to: [TO, "b@recipient.example"],
      data: DATA,
    });
    const reply = { code: 250, enhanced: "2.6.0", text: "queued" };
    expect(result).toEqual({
      recipients: [TO, "b@recipient.example"].map((address) => ({
        address,
        outcome: "accepted",
        reply,
        stage: "message",
        reason: null,
      })),
      connection: {
        host: "127.0.0.1",
        address: "127.0.0.1",
        port: sink.port,
        tls: null,
        at: at.toISOString(),
        transcript: expect.stringContaining(`0.000 C: RCPT TO:<${TO}>\n`) as string,
      },
    });
  });

  test("waits for each reply where the server does not pipeline, and says nothing it was not offered", async () => {
    const sink = await newSink({ keywords: [] });
    await transportTo(sink).send({ from: "", recipients: [TO], data: DATA });
    expect(turns(sink).slice(1, 4)).toEqual([
      "MAIL FROM:<>\r\n",
      `RCPT TO:<${TO}>\r\n`,
      "DATA\r\n",
    ]);
    expect(sink.messages[0]).toMatchObject({ from: "", data: DATA });
  });

  test("with 8-bit content says BODY=8BITMIME, and is refused as permanent where that is not offered", async () => {
    const data = Buffer.from("Subject: x\r\n\r\ngr\u00fc\u00dfe\r\n");
    const able = await newSink();
    await transportTo(able).send({ from: FROM, recipients: [TO], data });
    expect(able.messages[0]!.mail).toBe(`MAIL FROM:<${FROM}> SIZE=${data.length} BODY=8BITMIME`);
    expect(able.messages[0]!.data).toEqual(data);

    const unable = await newSink({ keywords: ["PIPELINING"] });
    const result = await transportTo(unable).send({ from: FROM, recipients: [TO], data });
    expect(result.recipients[0]).toMatchObject({ outcome: "permanent", reason: "needs_8bitmime" });
    expect(result.recipients[0]!.reply).toMatchObject({ code: 0, enhanced: "5.6.3" });
    expect(unable.connections[0]!.commands).toEqual(["EHLO mta.sender.example"]);
  });

  test("larger than the server's SIZE is refused without a MAIL command, and the session goes on", async () => {
    const sink = await newSink({ keywords: ["PIPELINING", "SIZE 100"] });
    const transport = transportTo(sink);
    const big = Buffer.from(`${"x".repeat(99)}\r\n`);
    const result = await transport.send({ from: FROM, recipients: [TO], data: big });
    expect(result.recipients[0]).toMatchObject({
      outcome: "permanent",
      reason: "size_exceeded",
      stage: "mail",
    });
    const fits = Buffer.from(`${"x".repeat(98)}\r\n`);
    expect(
      (await transport.send({ from: FROM, recipients: [TO], data: fits })).recipients[0]!.outcome,
    ).toBe("accepted");
    expect(sink.connections).toHaveLength(1);
    expect(sink.messages).toHaveLength(1);
  });

  test("of several megabytes with a dot on every line arrives byte for byte", async () => {
    const sink = await newSink();
    const data = Buffer.from(".\r\n.dots and dots\r\n".repeat(150_000));
    const result = await transportTo(sink).send({ from: FROM, recipients: [TO], data });
    expect(result.recipients[0]!.outcome).toBe("accepted");
    expect(sink.messages[0]!.data.equals(data)).toBe(true);
  });

  test("is greeted by HELO where EHLO is not understood", async () => {
    const sink = await newSink();
    sink.fault("ehlo", { reply: "502 5.5.1 not implemented\r\n" });
    const result = await transportTo(sink).send({ from: FROM, recipients: [TO], data: DATA });
    expect(result.recipients[0]!.outcome).toBe("accepted");
    expect(sink.connections[0]!.commands.slice(0, 3)).toEqual([
      "EHLO mta.sender.example",
      "HELO mta.sender.example",
      `MAIL FROM:<${FROM}>`,
    ]);
  });
});

describe("what must never reach a socket", () => {
  test.each([
    [
      "a second RCPT smuggled in a recipient",
      FROM,
      ["a@b.example>\r\nRCPT TO:<evil@x.example"],
      DATA,
    ],
    ["a second RCPT smuggled in the sender", "a@b.example>\r\nRCPT TO:<evil@x.example", [TO], DATA],
    ["a parameter smuggled in the sender", "a@b.example> SIZE=1", [TO], DATA],
    ["an LF in a recipient", FROM, [TO, "a\n@b.example"], DATA],
    ["a NUL in a recipient", FROM, ["a\0@b.example"], DATA],
    ["a space in a recipient", FROM, ["a b@c.example"], DATA],
    ["a character that latin1 would cut down to LF", FROM, ["a\u010a@b.example"], DATA],
    ["no recipient", FROM, [], DATA],
    ["a bare LF before a dot", FROM, [TO], Buffer.from("a\n.\r\nMAIL FROM:<x@y.example>\r\n")],
    ["a bare CR", FROM, [TO], Buffer.from("a\rb\r\n")],
    ["no CRLF at the end", FROM, [TO], Buffer.from("a")],
  ])("%s: send throws and no connection is made", async (_, from, recipients, data) => {
    const sink = await newSink();
    const transport = transportTo(sink);
    await expect(transport.send({ from, recipients, data })).rejects.toThrow(SmtpInputError);
    await transport.close();
    expect(sink.connections).toHaveLength(0);
  });

  test("an EHLO name that could break the command is refused on opening", async () => {
    const sink = await newSink();
    for (const ehlo_name of ["a\r\nMAIL FROM:<x@y>", "a b", "", "gr\u00fc\u00dfe.example"]) {
      expect(() => transportTo(sink, { ehlo_name })).toThrow(SmtpInputError);
    }
  });

  test("whatever strings come as addresses, the server sees exactly them or nothing", async () => {
    const sink = await newSink();
    const transport = transportTo(sink, { max_per_connection: 10_000 });
    const piece = fc.constantFrom(
      "a",
      "@",
      ".",
      "<",
      ">",
      " ",
      "\r\n",
      "\n",
      "RCPT TO:",
      ",",
      ":",
      '"',
      "\\",
      "(",
      "\u00e9",
    );
    const address = fc.array(piece, { minLength: 1, maxLength: 8 }).map((parts) => parts.join(""));
    await fc.assert(
      fc.asyncProperty(
        address,
        fc.array(address, { minLength: 1, maxLength: 3 }),
        async (from, recipients) => {
          const before = sink.message_count;
          const sent = await transport.send({ from, recipients, data: DATA }).then(
            () => true,
            () => false,
          );
          expect(sink.message_count).toBe(before + (sent ? 1 : 0));
          if (sent)
            expect(sink.messages.at(-1)).toMatchObject({ from, to: recipients, data: DATA });
        },
      ),
      { numRuns: 200 },
    );
  });
});
