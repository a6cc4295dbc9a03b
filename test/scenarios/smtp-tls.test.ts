/** STARTTLS and implicit TLS of the SMTP client: what is encrypted, what is verified, what is refused. */
import { X509Certificate } from "node:crypto";
import { connect, createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";

import { openTransport } from "../../src/mail/smtp-client.ts";
import type { Transport, TransportOptions } from "../../src/mail/smtp-client.ts";
import type { SendResult } from "../../src/mail/smtp-result.ts";
import { selfSigned } from "../sink/self-signed.ts";
import { closeAll, newSink, transportTo, DATA, FROM, TO } from "../sink/sending.ts";
import type { SinkOptions } from "../sink/sink-book.ts";
import type { SmtpSink } from "../sink/smtp-sink.ts";

const tls = selfSigned(["mx.recipient.example"]);
const fingerprint = new X509Certificate(tls.cert).fingerprint256;

afterEach(closeAll);

async function pair(
  sink_options: SinkOptions,
  options: Partial<TransportOptions>,
): Promise<{ sink: SmtpSink; transport: Transport }> {
  const sink = await newSink(sink_options);
  const transport = transportTo(sink, {
    host: "mx.recipient.example",
    tls: "opportunistic",
    connect: () => connect({ host: sink.host, port: sink.port }),
    ...options,
  });
  return { sink, transport };
}

function sendOne(transport: Transport): Promise<SendResult> {
  return transport.send({ from: FROM, recipients: [TO], data: DATA });
}

/** Nothing of a message or a credential was said; only these verbs were. */
function verbs(sink: SmtpSink): string[] {
  return sink.connections.flatMap((one) => one.commands.map((line) => line.split(" ")[0]!));
}

describe("opportunistic", () => {
  test("uses STARTTLS where offered, says EHLO again, and reports version, cipher and peer", async () => {
    const { sink, transport } = await pair({ tls }, {});
    const { recipients, connection } = await sendOne(transport);
    expect(recipients[0]!.outcome).toBe("accepted");
    expect(connection.tls).toEqual({
      version: "TLSv1.3",
      cipher: expect.stringMatching(/^TLS_/),
      peer_fingerprint256: fingerprint,
      authorized: false,
    });
    expect(verbs(sink)).toEqual(["EHLO", "STARTTLS", "EHLO", "MAIL", "RCPT", "DATA"]);
    expect(sink.messages[0]!.secure).toBe(true);
  });

  test("goes on in the clear where STARTTLS is not offered, or taken back", async () => {
    const without = await pair({}, {});
    expect((await sendOne(without.transport)).connection.tls).toBeNull();

    const taken_back = await pair({ tls }, {});
    taken_back.sink.fault("starttls", { reply: "454 4.7.0 not now\r\n" });
    const { recipients, connection } = await sendOne(taken_back.transport);
    expect([recipients[0]!.outcome, connection.tls]).toEqual(["accepted", null]);
  });

  test("does not go on in the clear after a broken handshake", async () => {
    const { sink, transport } = await pair({ tls }, {});
    sink.fault("starttls", { reply: "220 go\r\n", then: "disconnect" });
    expect((await sendOne(transport)).recipients[0]).toMatchObject({
      outcome: "temporary",
      stage: "tls",
      reason: "tls_failed",
      reply: { code: 0, enhanced: "4.7.5" },
    });
    expect(sink.message_count).toBe(0);
    expect(sink.connections).toHaveLength(1);
  });
});

describe("required", () => {
  test("sends nothing where STARTTLS is not offered", async () => {
    const { sink, transport } = await pair({}, { tls: "required" });
    expect((await sendOne(transport)).recipients[0]).toMatchObject({
      outcome: "temporary",
      stage: "tls",
      reason: "tls_failed",
    });
    expect(verbs(sink)).toEqual(["EHLO"]);
  });

  test("sends nothing where STARTTLS is refused", async () => {
    const { sink, transport } = await pair({ tls }, { tls: "required" });
    sink.fault("starttls", "permfail");
    expect((await sendOne(transport)).recipients[0]).toMatchObject({
      outcome: "temporary",
      stage: "tls",
      reply: { code: 554 },
    });
    expect(verbs(sink)).toEqual(["EHLO", "STARTTLS"]);
  });

  test.each([
    ["250 2.0.0 injected\r\n", "protocol_error"],
    ["250-unfinished\r\n", "tls_failed"],
    ["x", "tls_failed"],
  ])("plaintext behind the STARTTLS reply is refused: %j", async (injected, reason) => {
    const { sink, transport } = await pair({ tls }, { tls: "required" });
    sink.fault("starttls", { reply: `220 go\r\n${injected}` });
    expect((await sendOne(transport)).recipients[0]).toMatchObject({
      outcome: "temporary",
      stage: "tls",
      reason,
    });
    expect(verbs(sink)).toEqual(["EHLO", "STARTTLS"]);
  });

  test("a handshake that never ends runs into its deadline, and the socket is gone", async () => {
    const closed: Promise<void>[] = [];
    const server = createServer((socket) => {
      closed.push(new Promise((resolve) => socket.on("close", () => resolve())));
      socket.on("error", () => undefined);
      socket.write("220 hi\r\n");
      socket.once("data", () => {
        socket.write("250-hi\r\n250 STARTTLS\r\n");
        socket.once("data", () => {
          socket.write("220 go\r\n");
          socket.on("data", () => undefined);
        });
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const transport = openTransport({
      host: "127.0.0.1",
      port,
      tls: "required",
      verify_certificate: false,
      ehlo_name: "mta.sender.example",
      now: () => new Date(),
      timeouts: { tls: 40 },
    });
    expect((await sendOne(transport)).recipients[0]).toMatchObject({
      stage: "tls",
      reason: "timeout",
    });
    await Promise.all(closed);
    await transport.close();
    await new Promise((resolve) => server.close(resolve));
  });
});

describe("certificate", () => {
  test("that no known authority signed is refused when verification is on", async () => {
    const { sink, transport } = await pair({ tls }, { tls: "required", verify_certificate: true });
    const [result] = (await sendOne(transport)).recipients;
    expect(result).toMatchObject({ outcome: "temporary", stage: "tls", reason: "tls_failed" });
    expect(result!.reply.text).toContain("DEPTH_ZERO_SELF_SIGNED_CERT");
    expect(verbs(sink)).toEqual(["EHLO", "STARTTLS"]);
  });

  test("that names the host and chains to a given root is accepted as authorized", async () => {
    const { transport } = await pair(
      { tls },
      { tls: "required", verify_certificate: true, ca: tls.cert },
    );
    const { recipients, connection } = await sendOne(transport);
    expect([recipients[0]!.outcome, connection.tls?.authorized]).toEqual(["accepted", true]);
  });

  test("for another name is refused when verification is on, also by server_name", async () => {
    const options = { tls: "required", verify_certificate: true, ca: tls.cert } as const;
    for (const names of [{ host: "other.example" }, { server_name: "other.example" }]) {
      const { sink, transport } = await pair({ tls }, { ...options, ...names });
      expect((await sendOne(transport)).recipients[0]!.reply.text).toContain(
        "ERR_TLS_CERT_ALTNAME_INVALID",
      );
      expect(sink.message_count).toBe(0);
    }
  });

  test("is shown to the caller's own policy, which may refuse it", async () => {
    const seen: string[] = [];
    const { sink, transport } = await pair(
      { tls },
      {
        check_peer({ certificate, authorized }) {
          seen.push(`${certificate.fingerprint256} ${authorized}`);
          return "no TLSA record matches";
        },
      },
    );
    expect((await sendOne(transport)).recipients[0]).toMatchObject({
      stage: "tls",
      reason: "tls_failed",
      reply: { text: "no TLSA record matches" },
    });
    expect(seen).toEqual([`${fingerprint} false`]);
    expect(verbs(sink)).toEqual(["EHLO", "STARTTLS"]);
  });
});

test("implicit TLS speaks no byte in the clear", async () => {
  const { sink, transport } = await pair(
    { tls, implicit_tls: true },
    { tls: "implicit", verify_certificate: true, ca: tls.cert },
  );
  const { recipients, connection } = await sendOne(transport);
  expect([recipients[0]!.outcome, connection.tls?.authorized]).toEqual(["accepted", true]);
  expect(verbs(sink)).toEqual(["EHLO", "MAIL", "RCPT", "DATA"]);

  const plain = await pair({}, { tls: "implicit", timeouts: { tls: 500 } });
  expect((await sendOne(plain.transport)).recipients[0]).toMatchObject({
    outcome: "temporary",
    stage: "tls",
  });
  expect(verbs(plain.sink)).toEqual([]);
});

test("messages of several megabytes and many messages over one TLS connection arrive byte for byte", async () => {
  const { sink, transport } = await pair({ tls }, { tls: "required", max_connections: 1 });
  const large = Buffer.from(`${".".repeat(70)}\r\n`.repeat(60_000));
  const sent = await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      transport.send({
        from: "",
        recipients: [`r${i}@b.example`],
        data: i === 10 ? large : Buffer.from(`X: ${i}\r\n`),
      }),
    ),
  );
  expect(sent.every((one) => one.recipients[0]!.outcome === "accepted")).toBe(true);
  expect(sink.connections).toHaveLength(1);
  expect(sink.messages[10]!.data.equals(large)).toBe(true);
});
