/** Content that is made when it is its turn: as much of it is in memory as there are connections, and what cannot be made costs none. */
import { afterEach, expect, test } from "vitest";

import { SmtpInputError } from "../../src/mail/smtp-envelope.ts";
import { closeAll, newSink, transportTo, DATA, FROM, TO } from "../sink/sending.ts";

afterEach(closeAll);

test("ten messages over two connections are made one by one, as each connection is free", async () => {
  const sink = await newSink({ answers_after: 5 });
  const transport = transportTo(sink, { max_connections: 2 });
  let made = 0;
  let ended = 0;
  let most = 0;
  const results = await Promise.all(
    Array.from({ length: 10 }, async () => {
      const result = await transport.send({
        from: FROM,
        recipients: [TO],
        data: () => {
          most = Math.max(most, ++made - ended);
          return Promise.resolve(DATA);
        },
        // A message that is over lets go of its content before the next one's is made.
        wanted: () => true,
      });
      ended++;
      return result.recipients[0]!.outcome;
    }),
  );
  expect(new Set(results)).toEqual(new Set(["accepted"]));
  expect(made).toBe(10);
  expect(most).toBeLessThanOrEqual(4);
  expect(sink.messages.every(({ data }) => data.equals(DATA))).toBe(true);
});

test("while connections hang nothing more is made", async () => {
  const sink = await newSink();
  sink.fault("mail", "hang");
  const transport = transportTo(sink, { max_connections: 2 });
  let made = 0;
  const data = (): Promise<Buffer> => {
    made++;
    return Promise.resolve(DATA);
  };
  const sent = Array.from({ length: 10 }, () =>
    transport.send({ from: FROM, recipients: [TO], data }),
  );
  await sink.until(
    (one) => one.connections.filter(({ commands }) => commands.length > 1).length === 2,
  );
  expect(made).toBe(2);
  await transport.close(10);
  for (const { recipients } of await Promise.all(sent))
    expect(recipients[0]!.reason).toBe("transport_closed");
  expect(made).toBe(2);
});

test("what cannot be made, or is no mail, is thrown to whoever sends it, and the connection serves the next one", async () => {
  const sink = await newSink();
  const transport = transportTo(sink, { max_connections: 1 });
  const broken = transport.send({
    from: FROM,
    recipients: [TO],
    data: () => Promise.reject(new Error("no key")),
  });
  const bare = transport.send({
    from: FROM,
    recipients: [TO],
    data: () => Promise.resolve(Buffer.from("Subject: x\n\nbare\r\n")),
  });
  const good = transport.send({ from: FROM, recipients: [TO], data: () => Promise.resolve(DATA) });
  await expect(broken).rejects.toThrow("no key");
  await expect(bare).rejects.toBeInstanceOf(SmtpInputError);
  expect((await good).recipients[0]!.outcome).toBe("accepted");
  expect(sink.connections).toHaveLength(1);
  expect(sink.connections[0]!.commands.filter((line) => line.startsWith("MAIL"))).toHaveLength(1);
});
