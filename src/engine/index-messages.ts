/** The index worker's task: messages become findable, and sent ones appear in their threads. */
import { indexAddress, indexFilename, indexText } from "../core/search-text.ts";
import { isUnavailable } from "../store/database.ts";
import { type Claim, deleteDue, putDue, standingTokens } from "../store/due.ts";
import { type IndexRow, type IndexSource, loadIndexSources, writeSearch } from "../store/search.ts";
import { touchThreads } from "../store/threads.ts";
import type { EngineContext } from "./context.ts";

/** What a message that cannot be indexed waits before it is tried again, in milliseconds. */
const heldBack = 3_600_000;

/** Messages whose bodies are in memory together. */
const together = 50;

/** Code units of a body that are indexed. */
const bodyLength = 262_144;

/** Indexes what was claimed, of one operator. What the database refuses is tried alone, then without its body. */
export async function indexMessages(
  context: EngineContext,
  operatorId: string,
  claims: readonly Claim[],
): Promise<void> {
  for (let from = 0; from < claims.length; from += together) {
    const some = claims.slice(from, from + together);
    try {
      await indexSome(context, operatorId, some, true);
    } catch (error) {
      if (isUnavailable(error)) throw error;
      for (const claim of some) await indexAlone(context, operatorId, claim);
    }
  }
}

async function indexAlone(context: EngineContext, operatorId: string, claim: Claim): Promise<void> {
  for (const withBody of [true, false])
    try {
      await indexSome(context, operatorId, [claim], withBody);
      return;
    } catch (error) {
      if (isUnavailable(error)) throw error;
      context.log.warn(
        { message_id: claim.message_id, with_body: withBody, error: String(error) },
        "a message could not be indexed",
      );
    }
  const at = new Date(context.now().getTime() + heldBack);
  await context.database.as(operatorId, (tx) =>
    putDue(tx, "index", [{ message_id: claim.message_id, at }]),
  );
}

function indexSome(
  context: EngineContext,
  operatorId: string,
  claims: readonly Claim[],
  withBody: boolean,
): Promise<void> {
  return context.database.transaction(operatorId, async (tx) => {
    const ids = claims.map((claim) => claim.message_id);
    // A message that was edited since has another token, and comes again.
    const tokens = await standingTokens(tx, "index", ids);
    const mine = claims
      .filter((claim) => tokens.get(claim.message_id) === claim.token)
      .map((claim) => claim.message_id);
    const sources = await loadIndexSources(tx, mine);
    await writeSearch(
      tx,
      sources.map((source) => rowOf(source, withBody)),
    );
    // Received mail touches its thread as it arrives.
    await touchThreads(
      tx,
      sources.filter(({ direction }) => direction === "outbound"),
    );
    await deleteDue(tx, "index", mine);
  });
}

function rowOf(source: IndexSource, withBody: boolean): IndexRow {
  const people = [
    { name: source.from_name, address: source.from_address },
    ...(source.people ?? []),
  ];
  return {
    message_id: source.message_id,
    mailbox_id: source.mailbox_id,
    subject: indexText(source.subject),
    people: people
      .map(({ name, address }) => `${indexText(name ?? "")} ${indexAddress(address)}`)
      .join(" \n"),
    files: source.attachments.map(({ filename }) => indexFilename(filename)).join(" \n"),
    body: withBody
      ? indexText(`${source.new_text}\n${source.body}`.slice(0, bodyLength).toWellFormed())
      : "",
  };
}
