/** Taking mail in: on disk before it is answered, opened up later. */
import { batcher } from "../store/batcher.ts";
import { mayBeOneItems } from "../store/database.ts";
import { type InboundRow, insertInbound } from "../store/inbound.ts";
import type { EngineContext } from "./context.ts";
import type { FreshMail } from "./fresh-mail.ts";
import { routeOf } from "./inbound-route.ts";
import type { InboundSession } from "./mail-reading.ts";

/** A message as it came over SMTP; every recipient has a route. */
export type IncomingMail = {
  /** Envelope sender; '' is the null sender. */
  from: string;
  to: readonly string[];
  raw: Buffer;
  session: InboundSession;
};

type Item = { operator_id: string; row: Omit<InboundRow, "operator_id" | "attempts"> };

/** Takes mail in; resolves to our id for it once it is on disk. One function for the life of the process: commits are shared. */
export function createAccept(
  context: EngineContext,
  fresh: FreshMail,
): (mail: IncomingMail) => Promise<{ id: string }> {
  const keep = batcher<Item, null>({
    max_items: 64,
    max_in_flight: 2,
    weight: { of: ({ row }) => row.raw.length, max: 32 * 1024 * 1024 },
    group: (item) => item.operator_id,
    retry_alone: mayBeOneItems,
    async serve(items) {
      await context.database.transaction(items[0]?.operator_id ?? "", (tx) =>
        insertInbound(
          tx,
          items.map(({ row }) => row),
        ),
      );
      return items.map(() => null);
    },
  });
  return async (mail) => {
    const operators = new Map<string, string[]>();
    for (const address of mail.to) {
      const route = await routeOf(context, address);
      // Gone since it was accepted as a recipient: the sender tries again and is told then.
      if (!route) throw new Error(`no route for a recipient that was accepted`);
      const addresses = operators.get(route.operator_id);
      if (addresses) addresses.push(address);
      else operators.set(route.operator_id, [address]);
    }
    const id = context.new_id();
    const received_at = context.now();
    // Mail for several operators is several rows. Should one fail, the sender repeats all; duplicates are recognised.
    for (const [operator_id, envelope_to] of operators) {
      await keep({
        operator_id,
        row: {
          inbound_id: id,
          envelope_from: storable(mail.from),
          envelope_to,
          raw: mail.raw,
          session: { ...mail.session, helo: storable(mail.session.helo) },
          received_at,
        },
      });
      fresh.put(operator_id, id, mail.raw);
    }
    context.wake.receive();
    return { id };
  };
}

/** Text that PostgreSQL keeps. */
function storable(text: string): string {
  return text.replaceAll("\0", "").toWellFormed();
}
