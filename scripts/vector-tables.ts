/** The exhaustive tables: every event over every value of the fields that its branch of the machine reads. */
import { step } from "../src/core/oversight/machine.ts";
import {
  type Approval,
  type DecisionClass,
  type Event,
  type Message,
  decisionClasses,
  gateTimings,
  modes,
  type Status,
  statuses,
} from "../src/core/oversight/types.ts";

/** A state and an event; the answer is the machine's. */
export type Case = { message: Message; event: Event };

const verdicts = ["pass", "review", "block"] as const;
const flags = [false, true] as const;
const quorums = [1, 2, 3] as const;

/** What the fields hold that a table does not vary. */
export const base: Message = {
  status: "pending_approval",
  mode: "gated_send",
  test: false,
  authors: ["a"],
  digest: "d",
  approvals: [],
  required: 1,
  passkey: false,
  timing: "gate_first",
  gated: true,
  handed: false,
};

/** What one principal has approved: nothing, this digest, an older one, this one twice, both. */
const given = [[], ["d"], ["e"], ["d", "d"], ["e", "d"]] as const;

type Gate = Pick<Message, "authors" | "approvals" | "required" | "passkey">;

const approval = (by: string, digest: string, strength: DecisionClass = "B"): Approval => ({
  by,
  digest,
  class: strength,
});

/** Every list of approvals by the author, by `p` in all ways, by `q` and `r`, where `p` may be an author too. */
function gates(): Gate[] {
  const rows: Gate[] = [];
  for (const authors of [["a"], ["a", "p"]])
    for (const required of quorums)
      for (const byAuthor of given.slice(0, 2))
        for (const byP of given)
          for (const byQ of given.slice(0, 3))
            for (const byR of given.slice(0, 3)) {
              const approvals = [
                ...byAuthor.map((digest) => approval("a", digest)),
                ...byP.map((digest) => approval("p", digest)),
                ...byQ.map((digest) => approval("q", digest)),
                ...byR.map((digest) => approval("r", digest)),
              ];
              rows.push({ authors, required, approvals, passkey: false });
            }
  return [...rows, ...strengths()];
}

/** How `p` and `q` have approved the present content: not, weakly, by passkey, first weakly and then by passkey. */
const proofs = [[], ["B"], ["C"], ["A"], ["B", "A"]] as const;

/** Approvals of every strength, where passkeys are asked for and where they are not. */
function strengths(): Gate[] {
  const rows: Gate[] = [];
  for (const passkey of flags)
    for (const authors of [["a"], ["a", "p"]])
      for (const required of [1, 2])
        for (const byP of proofs)
          for (const byQ of [[], ["B"], ["A"]] as const) {
            const approvals = [
              ...byP.map((strength) => approval("p", "d", strength)),
              ...byQ.map((strength) => approval("q", "d", strength)),
            ];
            rows.push({ authors, required, approvals, passkey });
          }
  return rows;
}

/** Quorum not reached and reached, once each way for one and for two. */
const reached: Pick<Message, "required" | "approvals">[] = [
  { required: 1, approvals: [] },
  { required: 1, approvals: [approval("p", "d")] },
  { required: 2, approvals: [approval("p", "d")] },
  { required: 2, approvals: [approval("p", "d"), approval("q", "d")] },
];

const others = (status: Status): Status[] => statuses.filter((other) => other !== status);

function scan(): Case[] {
  const cases: Case[] = [];
  for (const status of statuses)
    for (const mode of modes)
      for (const timing of gateTimings)
        for (const verdict of verdicts)
          for (const allowlisted of flags)
            for (const wait of flags)
              cases.push({
                message: { ...base, status, mode, timing, gated: false },
                event: { type: "scan", verdict, allowlisted, wait },
              });
  return cases;
}

function approve(): Case[] {
  const cases: Case[] = [];
  const add = (message: Message, by: string): void => {
    const strengths = message.passkey ? decisionClasses : (["B"] as const);
    for (const digest of ["d", "e"])
      for (const strength of strengths)
        for (const wait of flags)
          cases.push({ message, event: { type: "approve", by, digest, class: strength, wait } });
  };
  for (const by of ["a", "p", "s"]) for (const gate of gates()) add({ ...base, ...gate }, by);
  for (const status of others("pending_approval"))
    for (const by of ["a", "p"]) add({ ...base, status }, by);
  return cases;
}

function refuse(type: "reject" | "revise"): Case[] {
  const cases: Case[] = [];
  for (const status of statuses)
    for (const by of ["a", "p", "s"])
      for (const digest of ["d", "e"])
        for (const authors of [["a"], ["a", "p"]])
          for (const { required, approvals } of reached)
            cases.push({
              message: { ...base, status, authors, required, approvals },
              event: { type, by, digest },
            });
  return cases;
}

function edit(): Case[] {
  const cases: Case[] = [];
  for (const status of statuses)
    for (const handed of flags)
      for (const gated of flags)
        for (const { required, approvals } of reached)
          for (const by of ["a", "s"])
            for (const digest of ["d", "f"])
              cases.push({
                message: { ...base, status, handed, gated, required, approvals },
                event: { type: "edit", by, digest },
              });
  return cases;
}

function resubmit(): Case[] {
  const cases: Case[] = [];
  for (const status of statuses)
    for (const mode of modes)
      for (const now of modes)
        for (const by of ["a", "s"])
          for (const gated of status === "draft" ? flags : [true])
            cases.push({
              message: { ...base, status, mode, gated },
              event: { type: "resubmit", by, mode: now },
            });
  return cases;
}

/** `undo` and `release`: both ask whether a scheduled message has its approvals. */
function scheduled(type: "undo" | "release"): Case[] {
  const cases: Case[] = [];
  for (const gated of flags) {
    for (const gate of gates())
      cases.push({ message: { ...base, ...gate, status: "scheduled", gated }, event: { type } });
    for (const status of others("scheduled"))
      for (const gate of reached)
        cases.push({ message: { ...base, ...gate, status, gated }, event: { type } });
  }
  return cases;
}

/** Events that read nothing but the status and whether the message was ever handed off. */
function plain(...types: readonly ("cancel" | "expire" | ResultType)[]): Case[] {
  const cases: Case[] = [];
  for (const type of types)
    for (const status of statuses)
      for (const handed of flags)
        cases.push({ message: { ...base, status, handed }, event: { type } });
  return cases;
}

type ResultType = "accepted" | "delivered" | "deferred" | "lost" | "failed" | "bounced";

type HandOff = Extract<Event, { type: "hand_off" }>;

const open: HandOff = {
  type: "hand_off",
  mode: "autonomous",
  allowlisted: true,
  verdict: "pass",
  required: 1,
  passkey: false,
  stopped: false,
  suppressed: false,
  over_quota: false,
  digest: "d",
};

/** Hand-off over its switches: two modes, allowlist, gate, quorum, suppression, test key, quota. */
function handOffSwitches(): Case[] {
  const cases: Case[] = [];
  for (const mode of modes)
    for (const now of modes)
      for (const allowlisted of flags)
        for (const gated of flags)
          for (const gate of reached)
            for (const suppressed of flags)
              for (const test of flags)
                for (const over_quota of flags)
                  cases.push({
                    message: { ...base, ...gate, status: "queued", mode, gated, test },
                    event: { ...open, mode: now, allowlisted, suppressed, over_quota },
                  });
  return cases;
}

/** Hand-off over every list of approvals, and over what is refused before the gate is asked. */
function handOffGates(): Case[] {
  const cases: Case[] = [];
  for (const gate of gates())
    cases.push({ message: { ...base, ...gate, status: "queued", mode: "gated_all" }, event: open });
  for (const status of statuses)
    for (const digest of ["d", "e"])
      for (const stopped of flags)
        for (const gate of reached)
          for (const handed of flags)
            cases.push({
              message: { ...base, ...gate, status, handed },
              event: { ...open, digest, stopped },
            });
  return cases;
}

/** Hand-off over what policies and mailbox ask for by then, of messages that asked for less, as much or more. */
function handOffDemands(): Case[] {
  const cases: Case[] = [];
  for (const allowlisted of flags)
    for (const gated of flags)
      for (const verdict of verdicts)
        for (const required of [1, 2])
          for (const passkey of flags)
            for (const gate of strengths().filter(({ authors }) => authors.length === 1))
              cases.push({
                message: { ...base, ...gate, status: "queued", gated },
                event: { ...open, allowlisted, verdict, required, passkey },
              });
  return cases;
}

/** Every table by the name of its file, without the answers. */
export function tables(): Record<string, Case[]> {
  return {
    scan: scan(),
    approve: approve(),
    "reject-revise": [...refuse("reject"), ...refuse("revise")],
    edit: edit(),
    resubmit: resubmit(),
    "undo-release": [...scheduled("undo"), ...scheduled("release")],
    "cancel-expire": plain("cancel", "expire"),
    "hand-off-switches": handOffSwitches(),
    "hand-off-gates": handOffGates(),
    "hand-off-demands": handOffDemands(),
    results: plain("accepted", "delivered", "deferred", "lost", "failed", "bounced"),
  };
}

/** The machine's answer to a case. */
export const answer = ({ message, event }: Case): ReturnType<typeof step> => step(message, event);
