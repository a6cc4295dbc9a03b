/** Received mail that nobody has released is there for overseers only. */
import { describe, expect, test } from "vitest";
import { modes } from "./oversight/types.ts";
import {
  inboundStatuses,
  isMarkable,
  isWithheld,
  markedStatuses,
  maySee,
} from "./inbound-status.ts";

const agent = { scopes: ["read", "send"], mailbox_ids: null } as const;
const overseer = { scopes: ["read", "oversight"], mailbox_ids: null } as const;
const message = { mailbox_id: "box", direction: "inbound", mode: "gated_send" } as const;

describe("received mail", () => {
  test("held and refused mail is there for overseers only, in every mode", () => {
    for (const mode of modes)
      for (const status of inboundStatuses) {
        const one = { ...message, mode, status };
        expect(maySee(overseer, one)).toBe(true);
        const hidden = status === "pending_inbound_approval" || status === "rejected";
        const spam = mode === "gated_all" && status.startsWith("spam_");
        expect(maySee(agent, one), `${mode} ${status}`).toBe(!hidden && !spam);
      }
  });

  test("no scope but oversight opens it", () => {
    const all = ["read", "send", "admin", "audit"] as const;
    const held = { ...message, status: "pending_inbound_approval" };
    expect(maySee({ scopes: all, mailbox_ids: null }, held)).toBe(false);
  });

  test("oversight opens no mailbox of others", () => {
    expect(maySee({ ...overseer, mailbox_ids: ["other"] }, { ...message, status: "unread" })).toBe(
      false,
    );
  });

  test("what an agent wrote and a person rejected stays readable for the agent", () => {
    expect(isWithheld({ ...message, direction: "outbound", status: "rejected" })).toBe(false);
  });

  test("what is withheld cannot be marked, so that a mark is no release", () => {
    for (const status of inboundStatuses)
      expect(isMarkable(status)).toBe((markedStatuses as readonly string[]).includes(status));
    for (const status of markedStatuses) expect(isWithheld({ ...message, status })).toBe(false);
  });
});
