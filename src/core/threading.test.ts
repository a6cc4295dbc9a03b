/** Threading: what a received message joins. */
import { expect, test } from "vitest";
import {
  type Pointers,
  type Referred,
  joinThread,
  lookupKeys,
  ownMessageId,
  referencedIds,
} from "./threading.ts";

const ours = "01K2VB6E7Q8RSTV9WXYZ012345";
const theirs = "01K2VB6E7Q8RSTV9WXYZ012399";
const rfc = `<${ours.toLowerCase()}@example.com>`;
const sent: Referred = {
  message_id: ours,
  thread_id: "zd-1",
  rfc_message_id: rfc,
  direction: "outbound",
};
const got: Referred = {
  message_id: theirs,
  thread_id: "zd-2",
  rfc_message_id: "<CAx@mail.gmail.com>",
  direction: "inbound",
};
const pointers = (more: Partial<Pointers>): Pointers => ({
  in_reply_to: null,
  references: [],
  reply_token_message_id: null,
  ...more,
});
const alone = { thread_id: null, reply_of: null };

test("a message that refers to nothing we have begins a thread", () => {
  expect(joinThread(pointers({}), [])).toEqual(alone);
  expect(joinThread(pointers({ in_reply_to: "<nobody@knows>" }), [sent, got])).toEqual(alone);
});

test("In-Reply-To counts before References, and the newest reference before older ones", () => {
  const both = [sent, got];
  const joins = (more: Partial<Pointers>): string | null =>
    joinThread(pointers(more), both).thread_id;
  expect(joins({ in_reply_to: got.rfc_message_id, references: [rfc] })).toBe("zd-2");
  expect(joins({ references: [rfc, got.rfc_message_id] })).toBe("zd-2");
  expect(joins({ references: [got.rfc_message_id, rfc] })).toBe("zd-1");
  expect(joins({ references: [got.rfc_message_id, rfc, "<unknown@there>"] })).toBe("zd-1");
});

test("the reply address counts where no reference does, and not before one", () => {
  expect(joinThread(pointers({ reply_token_message_id: ours }), [sent])).toEqual({
    thread_id: "zd-1",
    reply_of: ours,
  });
  expect(
    joinThread(pointers({ references: ["<CAx@mail.gmail.com>"], reply_token_message_id: ours }), [
      sent,
      got,
    ]).thread_id,
  ).toBe("zd-2");
});

test("our id under a domain that is not the message's joins nothing", () => {
  expect(
    joinThread(pointers({ in_reply_to: `<${ours.toLowerCase()}@evil.example>` }), [sent]),
  ).toEqual(alone);
});

test("our id in another case still joins", () => {
  expect(joinThread(pointers({ in_reply_to: rfc.toUpperCase() }), [sent]).thread_id).toBe("zd-1");
});

test("a received message with our form of id is found as the received message that it is", () => {
  const foreign: Referred = { ...got, rfc_message_id: rfc };
  expect(joinThread(pointers({ in_reply_to: rfc }), [foreign]).reply_of).toBe(theirs);
});

test("of two received messages with one Message-ID the first counts", () => {
  const later = { ...got, message_id: "01K2VB6E7Q8RSTV9WXYZ01239Z", thread_id: "theft" };
  for (const known of [
    [got, later],
    [later, got],
  ])
    expect(joinThread(pointers({ references: ["<CAx@mail.gmail.com>"] }), known).thread_id).toBe(
      "zd-2",
    );
});

test("our ids are told from others by their form alone", () => {
  expect(ownMessageId(rfc)).toBe(ours);
  for (const other of [
    "",
    "<>",
    "<a@b>",
    `<9${ours.slice(1)}@example.com>`,
    `<${ours}0@example.com>`,
    ours,
  ])
    expect(ownMessageId(other)).toBeNull();
});

test("at most 100 references are looked at, the newest, each once", () => {
  const references = Array.from({ length: 500 }, (_, i) => `<${i}@example.com>`);
  const ids = referencedIds({ in_reply_to: "<499@example.com>", references });
  expect(ids).toHaveLength(100);
  expect(ids[0]).toBe("<499@example.com>");
  expect(ids.at(-1)).toBe("<400@example.com>");
  expect(referencedIds({ in_reply_to: `<${"a".repeat(2000)}@x>`, references: [] })).toEqual([]);
  expect(lookupKeys(pointers({ in_reply_to: rfc, reply_token_message_id: ours }))).toEqual({
    own: [ours],
    rfc: [rfc],
  });
});
