/** A way to a sink in front of which messages queue up until the gate is opened: what a second node has handed off and not yet sent. */
import { type Transport, openTransport } from "../../src/mail/smtp-client.ts";

/** The gate and what is behind it. */
export type GatedTransport = {
  transport: Transport;
  /** How many messages have come to the gate. */
  waiting(): number;
  /** What became of those that had waited. */
  reasons: (string | null | undefined)[];
  open(): void;
};

/** Makes one to a port on loopback. */
export function gatedTransport(port: number): GatedTransport {
  const transport = openTransport({
    host: "127.0.0.1",
    port,
    tls: "none",
    verify_certificate: false,
    ehlo_name: "second.example",
    now: () => new Date(),
  });
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  let waiting = 0;
  const reasons: GatedTransport["reasons"] = [];
  return {
    transport: {
      ...transport,
      async send(message) {
        waiting++;
        await opened;
        const result = await transport.send(message);
        reasons.push(result.recipients[0]?.reason);
        return result;
      },
    },
    waiting: () => waiting,
    reasons,
    open: () => open(),
  };
}
