/** What must hold of the oversight machine whatever happens: properties over random states and random lives. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { promise } from "../../../test/promises.ts";
import {
  anyEvent,
  anyMessage,
  anySubmission,
  anyWalk,
  eventOf,
  type Move,
} from "../../../test/simulation/random-oversight.ts";
import { refusalCodes } from "../refusal.ts";
import { countApprovals, isApproved, step, submit } from "./machine.ts";
import { autonomy, gates, stricter } from "./mode.ts";
import { type Event, type Message, absorbing, modes, statuses } from "./types.ts";

const runs = { numRuns: 2000 };

/** Everything that a life went through. */
type Life = { before: Message; event: Event; after: Message | null }[];

/** Submits and walks; refused events leave the message as it was. Inputs are frozen: the machine must not touch them. */
function live(submission: Parameters<typeof submit>[0], moves: readonly Move[]): Life {
  const begun = submit(submission);
  if (!begun.ok) throw new Error(begun.refusal);
  let message = freeze(begun.message);
  const life: Life = [];
  for (const move of moves) {
    const event = Object.freeze(eventOf(move, message));
    const next = step(message, event);
    life.push({ before: message, event, after: next.ok ? next.message : null });
    if (next.ok) message = freeze(next.message);
  }
  return life;
}

function freeze(message: Message): Message {
  Object.freeze(message.authors);
  Object.freeze(message.approvals);
  return Object.freeze(message);
}

const everyLife = (check: (life: Life) => void): void =>
  fc.assert(
    fc.property(anySubmission, anyWalk, (submission, moves) => check(live(submission, moves))),
    runs,
  );

const everyStep = (check: (message: Message, event: Event) => void, numRuns = 2000): void =>
  fc.assert(fc.property(anyMessage, anyEvent, check), { numRuns });

/** Distinct people who approved this content since it was last edited, sent back or pulled back, by the story alone. */
function agreed(life: Life, byPasskey: boolean): Set<string> {
  const people = new Set<string>();
  for (const { event, after } of life) {
    if (after === null) continue;
    if (["edit", "revise", "resubmit", "undo"].includes(event.type)) people.clear();
    if (event.type === "approve" && (!byPasskey || event.class === "A")) people.add(event.by);
  }
  return people;
}

/** Everybody who wrote or edited, by the story alone. */
function wrote(life: Life): Set<string> {
  const people = new Set(life[0]?.before.authors);
  for (const { event, after } of life)
    if (after !== null && (event.type === "edit" || event.type === "resubmit"))
      people.add(event.by);
  return people;
}

describe("step", () => {
  it("answers every event in every state with a known status or a known refusal, and changes no input", () => {
    everyStep((message, event) => {
      const next = step(freeze(message), Object.freeze(event));
      if (next.ok) expect(statuses).toContain(next.message.status);
      else expect(refusalCodes).toContain(next.refusal);
    }, 20_000);
    everyLife((life) => {
      expect(life.length).toBeGreaterThan(0);
    });
  });

  it("leaves an end by no event", () => {
    everyStep((message, event) => {
      for (const status of absorbing) expect(step({ ...message, status }, event).ok).toBe(false);
    });
  });

  it("never changes what was fixed at submission, and takes back neither authors, hand-offs, a lowered mode nor what a gate asks for", () => {
    everyLife((life) => {
      for (const { before, after } of life) {
        if (after === null) continue;
        expect(after).toMatchObject({ test: before.test, timing: before.timing });
        expect(after.required).toBeGreaterThanOrEqual(before.required);
        expect(after.passkey || !before.passkey).toBe(true);
        expect(after.authors).toEqual(expect.arrayContaining([...before.authors]));
        expect(after.handed || !before.handed).toBe(true);
        expect(autonomy(after.mode)).toBeLessThanOrEqual(autonomy(before.mode));
      }
    });
  });

  it("holds only approvals of the present content by people who did not write it, each once", () => {
    everyLife((life) => {
      for (const { after } of life)
        for (const [i, one] of (after?.approvals ?? []).entries()) {
          expect(one.digest).toBe(after?.digest);
          expect(after?.authors).not.toContain(one.by);
          // Twice only where the first was too weak for what is asked for by now.
          const first = after?.approvals.findIndex(({ by }) => by === one.by);
          expect(
            first === i || (after?.passkey && after.approvals[first ?? i]?.class !== "A"),
          ).toBe(true);
        }
    });
  });
});

describe("the wire", () => {
  it(promise("gate.no-handoff-without-approval"), () => {
    let sent = 0;
    everyLife((life) => {
      for (const [i, { before, event, after }] of life.entries()) {
        if (after?.status !== "sending") continue;
        if (event.type !== "hand_off") throw new Error(`sending by ${event.type}`);
        sent++;
        expect(event.digest).toBe(before.digest);
        const past = life.slice(0, i);
        const writers = wrote(past);
        const mode = stricter(before.mode, event.mode);
        expect(event.verdict).not.toBe("block");
        if (!gates(mode, event.allowlisted) && !before.gated && event.verdict === "pass") continue;
        const byPasskey = before.passkey || event.passkey;
        const approvers = [...agreed(past, byPasskey)].filter((who) => !writers.has(who));
        expect(approvers.length).toBeGreaterThanOrEqual(Math.max(before.required, event.required));
      }
    });
    expect(sent, "the walks do get to the wire").toBeGreaterThan(500);
  });

  it("is reached by no message of a test key, none under read_only, none while stopped, suppressed or over quota", () => {
    everyStep((message, event) => {
      const next = step(message, event);
      if (!next.ok || next.message.status !== "sending" || message.status === "sending") return;
      if (event.type !== "hand_off") throw new Error(`sending by ${event.type}`);
      expect(message.test || event.stopped || event.suppressed || event.over_quota).toBe(false);
      expect([message.mode, event.mode]).not.toContain("read_only");
    }, 20_000);
  });

  it("is closed while the operator is stopped, and the message stays as it is", () => {
    everyStep((message, event) => {
      if (event.type !== "hand_off") return;
      const queued = { ...message, status: "queued" as const, digest: event.digest };
      expect(step(queued, { ...event, stopped: true })).toEqual({
        ok: false,
        refusal: "operator_stopped",
      });
    });
  });

  it("obeys a mode that was lowered after submission", () => {
    const free = { mode: "autonomous", gated: false, approvals: [], test: false } as const;
    everyStep((message, event) => {
      if (event.type !== "hand_off") return;
      const queued: Message = { ...message, ...free, status: "queued", digest: event.digest };
      const open = {
        ...event,
        verdict: "pass" as const,
        stopped: false,
        suppressed: false,
        over_quota: false,
      };
      const statusUnder = (mode: (typeof modes)[number]): unknown => {
        const next = step(queued, { ...open, mode, allowlisted: false });
        return next.ok && next.message.status;
      };
      expect(modes.map(statusUnder)).toEqual([
        "blocked",
        "pending_approval",
        "pending_approval",
        "sending",
        "sending",
      ]);
    });
  });

  it("is the only way to sent, delivered and bounced", () => {
    const ends = ["sent", "delivered", "bounced", "send_failed"];
    everyLife((life) => {
      const passed = life.map(({ after }) => after?.status ?? "");
      const first = passed.findIndex((status) => ends.includes(status));
      expect(first < 0 ? ["sending"] : passed.slice(0, first)).toContain("sending");
    });
  });

  it("cancel is refused from queued on once there was a hand-off", () => {
    everyStep((message) => {
      for (const status of ["queued", "sending", "sent", "delivered"] as const)
        expect(step({ ...message, status, handed: true }, { type: "cancel" })).toEqual({
          ok: false,
          refusal: "not_cancellable",
        });
      const early = { ...message, status: "queued", handed: false } as const;
      expect(step(early, { type: "cancel" })).toMatchObject({ message: { status: "cancelled" } });
    });
  });

  // A deferred message that a lowered mode holds again can be cancelled, though some of its recipients may have it.
  it("cancel and edit are refused whatever the state once there was a hand-off", () => {
    everyStep((message) => {
      const handed = { ...message, handed: true };
      expect(step(handed, { type: "cancel" }).ok).toBe(false);
      expect(step(handed, { type: "edit", by: "key:x", digest: "other" }).ok).toBe(false);
    });
  });
});

describe("decisions", () => {
  const pending = (message: Message): Message => ({ ...message, status: "pending_approval" });
  const decisions = ["approve", "reject", "revise"] as const;

  it(promise("decide.self-approval"), () => {
    everyStep((message) => {
      for (const by of message.authors)
        for (const type of decisions)
          for (const digest of [message.digest, "another"])
            expect(step(pending(message), { type, by, digest, class: "A", wait: false })).toEqual({
              ok: false,
              refusal: "self_approval",
            });
    });
  });

  it(promise("decide.stale-digest"), () => {
    everyStep((message) => {
      for (const type of decisions)
        expect(
          step(pending(message), {
            type,
            by: "somebody",
            digest: "another",
            class: "A",
            wait: false,
          }),
        ).toEqual({
          ok: false,
          refusal: "stale_digest",
        });
    });
  });

  it(promise("decide.distinct-people"), () => {
    everyStep((message) => {
      const approve = {
        type: "approve",
        by: "somebody",
        digest: message.digest,
        class: "A",
        wait: false,
      } as const;
      const first = step({ ...pending(message), required: 5, approvals: [] }, approve);
      if (!first.ok) throw new Error(first.refusal);
      expect(first.message.status).toBe("pending_approval");
      expect(step(first.message, approve)).toEqual({ ok: false, refusal: "already_decided" });
      // Nor would a list in which somebody stood twice count twice.
      const twice = [...first.message.approvals, ...first.message.approvals];
      expect(countApprovals({ ...first.message, approvals: twice }, message.digest)).toBe(1);
    });
  });

  it("of anything that is not pending are refused, and only pending mail expires", () => {
    everyStep((message) => {
      for (const status of statuses) {
        if (status === "pending_approval") continue;
        for (const type of [...decisions, "expire"] as const)
          expect(
            step(
              { ...message, status },
              { type, by: "x", digest: message.digest, class: "A", wait: false },
            ),
          ).toEqual({
            ok: false,
            refusal: "not_pending",
          });
      }
      expect(step(pending(message), { type: "expire" })).toMatchObject({
        message: { status: "expired" },
      });
    });
  });

  it("are void after an edit, after sending back and after undo, whoever comes next", () => {
    everyLife((life) => {
      for (const { event, after } of life)
        if (after && ["edit", "revise", "resubmit", "undo"].includes(event.type)) {
          expect(after.approvals).toEqual([]);
          expect(isApproved(after)).toBe(false);
        }
    });
  });

  it(promise("decide.passkey-only"), () => {
    everyStep((drawn) => {
      const message = { ...pending(drawn), passkey: true };
      for (const weak of ["B", "C"] as const) {
        const approve = {
          type: "approve",
          by: "somebody",
          digest: message.digest,
          wait: false,
        } as const;
        expect(step(message, { ...approve, class: weak })).toEqual({
          ok: false,
          refusal: "passkey_required",
        });
        // One that was given before passkeys were asked for neither counts nor stands in the way.
        const before = { by: "somebody", digest: message.digest, class: weak };
        const approved = { ...message, required: 1, approvals: [before] };
        expect(countApprovals(approved, message.digest)).toBe(0);
        expect(step(approved, { ...approve, class: "A" })).toMatchObject({
          message: { status: "queued" },
        });
      }
    });
  });

  it("reach the quorum with the last approval that is missing, and not before", () => {
    fc.assert(
      fc.property(
        anyMessage,
        fc.integer({ min: 1, max: 5 }),
        fc.boolean(),
        (drawn, required, wait) => {
          let message: Message = { ...pending(drawn), required, approvals: [] };
          for (let n = 1; n <= required; n++) {
            expect(message.status).toBe("pending_approval");
            const next = step(message, {
              type: "approve",
              by: `approver ${n}`,
              digest: message.digest,
              class: message.passkey ? "A" : "C",
              wait,
            });
            if (!next.ok) throw new Error(next.refusal);
            ({ message } = next);
          }
          expect(message.status).toBe(wait ? "scheduled" : "queued");
        },
      ),
    );
  });
});

describe("submit", () => {
  it("begins in the scan, ungated and without approvals, and nothing begins under read_only", () => {
    fc.assert(
      fc.property(anySubmission, (submission) => {
        expect(submit(submission)).toEqual({
          ok: true,
          message: {
            ...submission,
            status: "pending_scan",
            approvals: [],
            gated: false,
            handed: false,
          },
        });
        expect(submit({ ...submission, mode: "read_only" })).toEqual({
          ok: false,
          refusal: "mode_forbids_send",
        });
      }),
    );
  });
});
