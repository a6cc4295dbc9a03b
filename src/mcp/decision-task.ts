/** Waiting for a person as an MCP task, in both revisions: the state is the message's own, so nothing is kept here. */
import {
  type CallToolResult,
  ProtocolError,
  ProtocolErrorCode,
} from "@modelcontextprotocol/server";
import { z } from "zod";

/** What a task is about; the credential is asked anew at each look. */
type About = { tool: string; arguments: Record<string, unknown>; created_ms: number };

/** As `tools/call`, `tasks/get` tell of it. */
export type Task = {
  taskId: string;
  status: "working" | "completed";
  statusMessage: string;
  createdAt: string;
  lastUpdatedAt: string;
  /** Milliseconds; null: for as long as the message is there. */
  ttl: null;
  pollInterval: number;
};

/** Calls the tool for at most so many seconds. */
export type Waits = (
  tool: string,
  args: Record<string, unknown>,
  timeout_seconds: number,
) => Promise<CallToolResult>;

const about = z.strictObject({
  tool: z.string().max(100),
  arguments: z.record(z.string(), z.unknown()),
  created_ms: z.number(),
});

/** Milliseconds between two looks that a client is asked for, and the longest that `tasks/result` waits at once, in seconds. */
const pollInterval = 5000;
const longestWait = 100;
const longestId = 2000;

/** Answers `tools/call` with a task, or with the refusal where the call is refused. The SDK wants `content` beside the task. */
export async function beginTask(
  waits: Waits,
  tool: string,
  args: Record<string, unknown>,
  now: Date,
): Promise<CallToolResult & { task?: Task }> {
  const first = await waits(tool, args, 0);
  if (first.isError === true) return first;
  const { timeout_seconds: _, ...rest } = args;
  const task: About = { tool, arguments: rest, created_ms: now.getTime() };
  return { content: [], task: taskOf(task, first, now) };
}

/** Answers `tasks/get`. Throws InvalidParams for an id that is not ours, or about what the caller may not see. */
export async function getTask(waits: Waits, taskId: string, now: Date): Promise<Task> {
  const { about: task, result } = await looked(waits, taskId);
  return taskOf(task, result, now);
}

/** How what the task is about stands now. Throws InvalidParams. */
async function looked(
  waits: Waits,
  taskId: string,
): Promise<{ about: About; result: CallToolResult }> {
  const task = read(taskId);
  const result = await waits(task.tool, task.arguments, 0);
  if (result.isError === true) throw unseen(result);
  return { about: task, result };
}

/** A task as the extension of 2026-07-28 tells of it (SEP-2663): flat, durations with their unit. */
export type FlatTask = {
  taskId: string;
  status: Task["status"];
  statusMessage: string;
  createdAt: string;
  lastUpdatedAt: string;
  ttlMs: null;
  pollIntervalMs: number;
};

/** Answers `tools/call` of the extension: the result where the decision is there or the call is refused, else a task. */
export async function offerTask(
  waits: Waits,
  tool: string,
  args: Record<string, unknown>,
  now: Date,
): Promise<CallToolResult & Partial<FlatTask> & { resultType?: "task" }> {
  const { task, ...first } = await beginTask(waits, tool, args, now);
  if (task === undefined) return first;
  if (task.status === "completed") return waits(tool, args, 0);
  return { content: [], resultType: "task", ...flat(task) };
}

/** Answers `tasks/get` of the extension, with the result in it once there is one. Throws as {@link getTask}. */
export async function getTaskInline(
  waits: Waits,
  taskId: string,
  now: Date,
): Promise<FlatTask & { result?: CallToolResult }> {
  const { about: task, result } = await looked(waits, taskId);
  const told = flat(taskOf(task, result, now));
  return told.status === "completed" ? { ...told, result } : told;
}

/**
 * Answers `tasks/cancel` of the extension, and `tasks/update`: taken note of. What the task waits for is a person's and
 * goes on; to take the message back there is cancel_message. Throws as {@link getTask}.
 */
export async function cancelTask(waits: Waits, taskId: string): Promise<Record<string, never>> {
  await looked(waits, taskId);
  return {};
}

function flat({ ttl, pollInterval: pollIntervalMs, ...task }: Task): FlatTask {
  return { ...task, ttlMs: ttl, pollIntervalMs };
}

/** Answers `tasks/result` once the task is done; waits at most {@link longestWait} and then says that it still works. */
export async function taskResult(waits: Waits, taskId: string): Promise<CallToolResult> {
  const task = read(taskId);
  const result = await waits(task.tool, task.arguments, longestWait);
  if (result.isError === true) throw unseen(result);
  if (!isDone(result))
    throw new ProtocolError(
      ProtocolErrorCode.InternalError,
      "Nobody has decided yet: ask again for the result, or poll tasks/get.",
    );
  return { ...result, _meta: { "io.modelcontextprotocol/related-task": { taskId } } };
}

function taskOf(task: About, result: CallToolResult, now: Date): Task {
  const done = isDone(result);
  return {
    taskId: Buffer.from(JSON.stringify(task)).toString("base64url"),
    status: done ? "completed" : "working",
    statusMessage: done ? "It was decided." : "It waits for a person.",
    createdAt: new Date(task.created_ms).toISOString(),
    lastUpdatedAt: now.toISOString(),
    ttl: null,
    pollInterval,
  };
}

function isDone({ structuredContent }: CallToolResult): boolean {
  return z.object({ decided: z.literal(true) }).safeParse(structuredContent).success;
}

function read(taskId: string): About {
  if (taskId.length > longestId) throw unknown();
  try {
    const task = about.parse(JSON.parse(Buffer.from(taskId, "base64url").toString()));
    // A date must be one, or it could not be told.
    if (Number.isNaN(new Date(task.created_ms).getTime())) throw unknown();
    return task;
  } catch {
    throw unknown();
  }
}

const refused = z.looseObject({ code: z.string(), error: z.string() });
const gone = new Set(["not_found", "validation_failed", "scope_required"]);

/** Why a task could not be looked at: it is not there for this caller, or, for now, nobody can tell. */
function unseen({ structuredContent }: CallToolResult): ProtocolError {
  const refusal = refused.safeParse(structuredContent).data;
  if (refusal === undefined || gone.has(refusal.code)) return unknown();
  return new ProtocolError(ProtocolErrorCode.InternalError, refusal.error, refusal);
}

function unknown(): ProtocolError {
  return new ProtocolError(ProtocolErrorCode.InvalidParams, "There is no such task.");
}
