/** Sinks and transports for one test, closed together after it. */
import { openTransport } from "../../src/mail/smtp-client.ts";
import type { Transport, TransportOptions } from "../../src/mail/smtp-client.ts";
import type { RecipientResult } from "../../src/mail/smtp-result.ts";
import { startSink } from "./smtp-sink.ts";
import type { SinkOptions } from "./sink-book.ts";
import type { SmtpSink } from "./smtp-sink.ts";

export const FROM = "agent@sender.example";
export const TO = "person@recipient.example";
export const DATA = Buffer.from("Subject: hello\r\n\r\n.dot\r\n..\r\nbye\r\n");

const open: { close(): Promise<void> }[] = [];

/** For `afterEach`. */
export async function closeAll(): Promise<void> {
  for (const one of open.splice(0).reverse()) await one.close();
}

/** A sink that `closeAll` closes. */
export async function newSink(options?: SinkOptions): Promise<SmtpSink> {
  const sink = await startSink(options);
  open.push(sink);
  return sink;
}

/** A plaintext transport to the sink, unless told otherwise, that `closeAll` closes. */
export function transportTo(sink: SmtpSink, options: Partial<TransportOptions> = {}): Transport {
  const transport = openTransport({
    host: sink.host,
    port: sink.port,
    tls: "none",
    verify_certificate: false,
    ehlo_name: "mta.sender.example",
    now: () => new Date(),
    ...options,
  });
  open.push(transport);
  return transport;
}

/** Sends `DATA` to the given recipients, or to `TO`. */
export async function sendOne(
  transport: Transport,
  ...recipients: string[]
): Promise<readonly RecipientResult[]> {
  const to = recipients.length === 0 ? [TO] : recipients;
  return (await transport.send({ from: FROM, recipients: to, data: DATA })).recipients;
}
