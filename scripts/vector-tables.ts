/** The exhaustive tables: every event over every value of the fields that its branch of the machine reads. */
import { step } from "../src/core/oversight/machine.ts";
import {
  type Event,
  type Message,
  gateTimings,
  modes,
  type Status,
  statuses,
} from "../src/core/oversight/types.ts";

/** A state and an event; the answer is the machine's. */
export type Case = { message: Message; event: Event };

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
  timing: "gate_first",
  gated: true,
  handed: false,
};

/** What one principal has approved: nothing, this digest, an older one, this one twice, both. */
const given = [[], ["d"], ["e"], ["d", "d"], ["e", "d"]] as const;

/** Every list of approvals by the author, by `p` in all ways, by `q` and `r`, where `p` may be an author too. */
function gates(): Pick<Message, "authors" | "approvals" | "required">[] {
  const rows = [];
  for (const authors of [["a"], ["a", "p"]])
    for (const required of quorums)
      for (const byAuthor of given.slice(0, 2))
        for (const byP of given)
          for (const byQ of given.slice(0, 3))
            for (const byR of given.slice(0, 3)) {
              const approvals = [
                ...byAuthor.map((digest) => ({ by: "a", digest })),
                ...byP.map((digest) => ({ by: "p", digest })),
                ...byQ.map((digest) => ({ by: "q", digest })),
                ...byR.map((digest) => ({ by: "r", digest })),
              ];
              rows.push({ authors, required, approvals });
            }
  return rows;
}

/** Quorum not reached and reached, once each way for one and for two. */
const reached: Pick<Message, "required" | "approvals">[] = [
  { required: 1, approvals: [] },
  { required: 1, approvals: [{ by: "p", digest: "d" }] },
  { required: 2, approvals: [{ by: "p", digest: "d" }] },
  {
    required: 2,
    approvals: [
      { by: "p", digest: "d" },
      { by: "q", digest: "d" },
    ],
  },
];

const others = (status: Status): Status[] => statuses.filter((other) => other !== status);

function scan(): Case[] {
  const cases: Case[] = [];
  for (const status of statuses)
    for (const mode of modes)
      for (const timing of gateTimings)
        for (const verdict of ["pass", "review", "block"] as const)
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
    for (const digest of ["d", "e"])
      for (const wait of flags)
        cases.push({ message, event: { type: "approve", by, digest, wait } });
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
    results: plain("accepted", "delivered", "deferred", "lost", "failed", "bounced"),
  };
}

/** The machine's answer to a case. */
export const answer = ({ message, event }: Case): ReturnType<typeof step> => step(message, event);
