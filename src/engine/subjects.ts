/** Data subjects: one key for each person written to, so that what the log hides about them can be erased. */
import { createHmac, createSecretKey } from "node:crypto";
import { insertSubjectKeys, loadSubjectKeys } from "../store/audit-log.ts";
import { batcher } from "../store/batcher.ts";
import type { Database, Tx } from "../store/database.ts";
import { dropSubjectKey } from "../store/erasing.ts";
import { seal, unseal } from "./seal.ts";

/** A subject's id and key. */
export type Subject = { subject_id: string; key: Buffer };

/** Finds or makes subject keys. */
export type Subjects = {
  /** The subject behind an address (compared without case). */
  of(operatorId: string, address: string): Promise<Subject>;
  /**
   * The same inside a transaction, over its own connection: whoever holds one must not wait for another. Its key is not
   * remembered, since the transaction may come to nothing.
   */
  within(tx: Tx, address: string): Promise<Subject>;
  /** The keys of ids that still exist; erased ones are left out. */
  existing(operatorId: string, subjectIds: readonly string[]): Promise<Map<string, Buffer>>;
  /** The id behind an address; asks and makes nothing. */
  idOf(operatorId: string, address: string): string;
  /** Puts another key under an id that has one, or where `again` is false none. Whoever remembers the old one must {@link forget} it. */
  drop(tx: Tx, subjectId: string, again: boolean): Promise<Subject | null>;
  /** Lets this process forget a key. Other processes do after {@link memoryMs}. */
  forget(operatorId: string, subjectId: string): void;
};

/** How long a process remembers a key, in milliseconds: longer ago erased ones seal nothing any more. */
export const memoryMs = 60_000;

/** Keys remembered in the process; writing to the same people again asks the database nothing. */
const remembered = 20_000;

/** Subject keys wrapped under the master key. */
export function createSubjects(
  database: Database,
  masterKey: Buffer,
  now: () => Date,
  random: (length: number) => Buffer,
): Subjects {
  // A KeyObject: node:crypto takes several times as long to find out that a Buffer is none.
  const idKey = createSecretKey(createHmac("sha256", masterKey).update("subject-id").digest());
  const known = rememberKeys(now);
  const makeKeys: KeyMaking = { masterKey, now, random };

  const load = batcher<{ operator_id: string; subject_id: string }, Subject>({
    max_items: 500,
    max_in_flight: 1,
    group: (item) => item.operator_id,
    async serve(items) {
      const operatorId = items[0]?.operator_id ?? "";
      const ids = [...new Set(items.map((item) => item.subject_id))];
      const keys = await database.as(operatorId, (tx) => findOrMake(makeKeys, tx, ids));
      return items.map(
        ({ subject_id }) => keys.get(subject_id) ?? new Error(`subject key ${subject_id} vanished`),
      );
    },
  });

  const idOf = (operatorId: string, address: string): string =>
    createHmac("sha256", idKey).update(`${operatorId}\n${address.toLowerCase()}`).digest("hex");

  return {
    async of(operatorId, address) {
      const subjectId = idOf(operatorId, address);
      const where = place(operatorId, subjectId);
      const held = known.get(where);
      if (held) return held;
      const asked = now();
      const subject = await load({ operator_id: operatorId, subject_id: subjectId });
      known.set(where, subject, asked);
      return subject;
    },

    async within(tx, address) {
      const subjectId = idOf(tx.operator_id, address);
      const held = known.get(place(tx.operator_id, subjectId));
      const subject = held ?? (await findOrMake(makeKeys, tx, [subjectId])).get(subjectId);
      if (!subject) throw new Error(`subject key ${subjectId} vanished`);
      return subject;
    },

    async existing(operatorId, subjectIds) {
      const rows = await database.as(operatorId, (tx) => loadSubjectKeys(tx, subjectIds));
      return new Map(
        [...rows].map(([id, wrapped]) => [id, unseal(masterKey, wrapped, place(operatorId, id))]),
      );
    },

    idOf,

    async drop(tx, subjectId, again) {
      const key = again ? random(32) : null;
      const where = place(tx.operator_id, subjectId);
      await dropSubjectKey(tx, subjectId, key && seal(masterKey, key, where, random));
      return key && { subject_id: subjectId, key };
    },

    forget: (operatorId, subjectId) => known.delete(place(operatorId, subjectId)),
  };
}

/** Keys by where they are bound to; each for {@link memoryMs} from when it was asked for. */
function rememberKeys(now: () => Date) {
  const known = new Map<string, { subject: Subject; until: number }>();
  return {
    get(where: string): Subject | undefined {
      const held = known.get(where);
      if (held && held.until > now().getTime()) return held.subject;
      known.delete(where);
      return undefined;
    },
    set(where: string, subject: Subject, asked: Date): void {
      if (known.size >= remembered) {
        const oldest = known.keys().next().value;
        if (oldest !== undefined) known.delete(oldest);
      }
      known.set(where, { subject, until: asked.getTime() + memoryMs });
    },
    delete: (where: string): void => void known.delete(where),
  };
}

type KeyMaking = { masterKey: Buffer; now(): Date; random(length: number): Buffer };

/** What a wrapped key is bound to. */
function place(operatorId: string, subjectId: string): string {
  return `subject/${operatorId}/${subjectId}`;
}

async function findOrMake(
  { masterKey, now, random }: KeyMaking,
  tx: Tx,
  ids: readonly string[],
): Promise<Map<string, Subject>> {
  // Whoever is not remembered is most likely new. Where another node or an earlier run was first, the insert does
  // nothing; its key is the one that counts and the one that is read.
  const [, rows] = await Promise.all([
    insertSubjectKeys(
      tx,
      ids.map((id) => ({
        subject_id: id,
        wrapped: seal(masterKey, random(32), place(tx.operator_id, id), random),
      })),
      now(),
    ),
    loadSubjectKeys(tx, ids),
  ]);
  return new Map(
    [...rows].map(([id, sealed]) => [
      id,
      { subject_id: id, key: unseal(masterKey, sealed, place(tx.operator_id, id)) },
    ]),
  );
}
