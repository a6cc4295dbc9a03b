/** Sessions over STARTTLS end as those in the clear do: they stop counting against their source. */
import { afterEach, expect, test } from "vitest";

import { Client, inboundDoor, submissionDoor } from "./smtp-dialog.ts";

const doors: { close(grace?: number): Promise<void> }[] = [];
afterEach(async () => {
  for (const door of doors.splice(0)) await door.close(0);
});

test.each([
  ["inbound", inboundDoor],
  ["submission", submissionDoor],
])(
  "at the %s door a source that says STARTTLS and goes may come again",
  async (_, open) => {
    const { door } = await open({ connections_per_source: 2 });
    doors.push(door);
    for (const end of ["QUIT", "QUIT", "QUIT", "cut", "cut", "cut", "half", "half", "half"]) {
      const client = new Client(door);
      expect(await client.reply(), end).toMatch(/^220 /);
      await client.say("EHLO there.example");
      expect(await client.say("STARTTLS")).toMatch(/^220 /);
      if (end !== "half") {
        await client.startTls();
        expect(await client.say("EHLO there.example")).toMatch(/^250/);
      }
      if (end === "QUIT") {
        expect(await client.say("QUIT")).toMatch(/^221 /);
        await client.rest();
      }
      client.close();
      // The server has seen the end once a greeting comes; until then the place is taken by a session that is going.
      for (let greeting = ""; !greeting.startsWith("220");) {
        const next = new Client(door);
        greeting = (await next.reply()) ?? "";
        await next.say("QUIT");
        next.close();
      }
    }
  },
  20_000,
);
