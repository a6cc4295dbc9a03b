/** AUTH of the SMTP client: where credentials are said, and where never. */
import { connect } from "node:net";
import type { Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";

import type { Transport, TransportOptions } from "../../src/mail/smtp-client.ts";
import type { SendResult } from "../../src/mail/smtp-result.ts";
import { selfSigned } from "../sink/self-signed.ts";
import { closeAll, newSink, transportTo, DATA, FROM, TO } from "../sink/sending.ts";
import type { SinkOptions } from "../sink/sink-book.ts";
import type { SmtpSink } from "../sink/smtp-sink.ts";

const tls = selfSigned(["mx.recipient.example"]);
const auth = { user: "agent@sender.example", pass: "correct horse b\u00e4ttery" };

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

describe("AUTH", () => {
  test.each([["PLAIN"], ["LOGIN"]])("%s is said over TLS before MAIL", async (mechanism) => {
    const { sink, transport } = await pair(
      { tls, auth: { ...auth, mechanisms: [mechanism] } },
      { tls: "required", auth },
    );
    expect((await sendOne(transport)).recipients[0]!.outcome).toBe("accepted");
    const said = sink.connections[0]!.commands;
    const at = said.findIndex((line) => line.startsWith("AUTH"));
    expect(said[at]).toMatch(
      mechanism === "PLAIN" ? /^AUTH PLAIN [A-Za-z0-9+/]+=*$/ : /^AUTH LOGIN$/,
    );
    expect(said.slice(0, at)).toEqual([
      "EHLO mta.sender.example",
      "STARTTLS",
      "EHLO mta.sender.example",
    ]);
  });

  test("over plaintext works on this machine only", async () => {
    const local = await pair({ auth }, { auth });
    expect((await sendOne(local.transport)).recipients[0]!.outcome).toBe("accepted");

    const sink = await newSink({ auth });
    const remote = await pair(
      { auth },
      {
        auth,
        connect(): Socket {
          const socket = connect({ host: sink.host, port: sink.port });
          // As if the peer were elsewhere; the socket is real.
          Object.defineProperty(socket, "remoteAddress", { get: () => "192.0.2.1" });
          return socket;
        },
      },
    );
    expect((await sendOne(remote.transport)).recipients[0]).toMatchObject({
      outcome: "temporary",
      stage: "auth",
      reason: "auth_failed",
    });
    expect(verbs(sink)).toEqual(["EHLO"]);
  });

  test("refused is temporary, with the server's reply and without the password", async () => {
    const { sink, transport } = await pair({ tls, auth: { ...auth, pass: "another" } }, { auth });
    const result = await sendOne(transport);
    expect(result.recipients[0]).toMatchObject({
      outcome: "temporary",
      stage: "auth",
      reason: null,
      reply: { code: 535, enhanced: "5.7.8" },
    });
    expect(JSON.stringify(result)).not.toContain(auth.pass);
    expect(verbs(sink)).not.toContain("MAIL");
  });

  test("that the server does not offer stops the message", async () => {
    for (const sink_options of [{ tls }, { tls, auth: { ...auth, mechanisms: ["CRAM-MD5"] } }]) {
      const { sink, transport } = await pair(sink_options, { auth });
      expect((await sendOne(transport)).recipients[0]).toMatchObject({
        outcome: "temporary",
        stage: "auth",
        reason: "auth_failed",
      });
      expect(verbs(sink)).toEqual(["EHLO", "STARTTLS", "EHLO"]);
    }
  });
});
