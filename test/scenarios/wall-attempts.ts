/** Attempts at the database's wall inside the transaction of a test, which go on after a refusal. */
import type pg from "pg";
import { type Columns, decide, insertHandoff, insertPending, update } from "./wall-fixture.ts";

/** Ways to try; each answers the code with which PostgreSQL refused, or null. */
export type Attempts = {
  /** Does the work behind a savepoint, deferred checks too; what was refused is taken back. */
  code(work: () => Promise<unknown>): Promise<string | null>;
  run(text: string, values?: unknown[]): Promise<string | null>;
  handOff(id: string, options?: Parameters<typeof insertHandoff>[2]): Promise<string | null>;
  /** A message in a gating mailbox, approved by these and queued by the application. */
  queuedWith(approvers: string[], columns?: Columns): Promise<string>;
  /** Hands off and begins to send, as the engine does. */
  sending(id: string): Promise<void>;
};

/** Attempts on a session that has begun a transaction. */
export function attemptsOn(app: pg.Client): Attempts {
  async function code(work: () => Promise<unknown>): Promise<string | null> {
    await app.query("SAVEPOINT tried");
    try {
      await work();
      await app.query("SET CONSTRAINTS ALL IMMEDIATE");
      await app.query("SET CONSTRAINTS ALL DEFERRED");
      return null;
    } catch (error) {
      await app.query("ROLLBACK TO tried");
      if (error instanceof Error && "code" in error) return String(error.code);
      throw error;
    }
  }
  return {
    code,
    run: (text, values = []) => code(() => app.query(text, values)),
    handOff: (id, options) => code(() => insertHandoff(app, id, options)),
    async queuedWith(approvers, columns) {
      const id = await insertPending(app, columns);
      for (const approver of approvers) await decide(app, id, approver);
      await update(app, id, "status = 'queued'");
      return id;
    },
    async sending(id) {
      await insertHandoff(app, id);
      await update(app, id, "status = 'sending', handed = true, attempts = 1");
    },
  };
}
