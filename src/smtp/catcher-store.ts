/** The local mail catcher's folder: one `<id>.eml` and one `<id>.json` per message, durable before it is acknowledged. */
import { constants } from "node:fs";
import { mkdir, open, readFile, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";

import { idPattern } from "../core/id.ts";
import { readFields } from "../mail/parse-header.ts";
import { readHeader } from "../mail/parse-mime.ts";

/** What the sidecar file says of a caught message. */
export interface CaughtMail {
  readonly id: string;
  /** Envelope sender; '' is the null sender. */
  readonly from: string;
  /** Envelope recipients, bcc included. */
  readonly to: readonly string[];
  /** ISO 8601 in UTC. */
  readonly received_at: string;
  /** Octets of the .eml file. */
  readonly size: number;
  /** IP address of who handed it in. */
  readonly peer: string;
  /** Decoded, the first 200 characters; missing in files of older versions. */
  readonly subject?: string;
}

export interface NewMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly peer: string;
  readonly content: Buffer;
}

export interface CatcherStore {
  /** Keeps a message. When it resolves, message and sidecar survive a power cut. Rejects with the file system's error. */
  add(mail: NewMail): Promise<CaughtMail>;
  /** Newest first, `limit` (1 to 1000, default 50) of those older than the id `before`. Reads no message. */
  list(page?: { readonly limit?: number; readonly before?: string }): Promise<CaughtMail[]>;
  /** Resolves when everything begun is done, the sweeping of old messages included; for shutting down. */
  flush(): Promise<void>;
  /** One message with its bytes; null for an id that is unknown or no id at all. */
  get(id: string): Promise<{ readonly mail: CaughtMail; readonly content: Buffer } | null>;
}

export interface CatcherStoreOptions {
  readonly folder: string;
  /** Makes ids of the form of `idPattern`, sorting by time. */
  readonly new_id: () => string;
  readonly now: () => Date;
  /** How many of the newest messages stay; default 10,000. Up to 2 % more may lie there until the next sweep. */
  readonly keep?: number;
}

/** Messages made durable together; bounds open files too. */
const BATCH = 64;

interface Pending {
  readonly mail: CaughtMail;
  readonly content: Buffer;
  readonly resolve: (mail: CaughtMail) => void;
  readonly reject: (error: unknown) => void;
}

/** Opens (and makes, mode 0700) the folder. One process may add to it; any number may read. */
export async function openCatcherStore(options: CatcherStoreOptions): Promise<CatcherStore> {
  await mkdir(options.folder, { recursive: true, mode: 0o700 });
  return new FolderStore(options);
}

class FolderStore implements CatcherStore {
  readonly #folder: string;
  readonly #new_id: () => string;
  readonly #now: () => Date;
  readonly #keep: number;
  #pending: Pending[] = [];
  #writing: Promise<void> | null = null;
  /** Messages in the folder; unknown until the first write. */
  #count: number | null = null;

  constructor(options: CatcherStoreOptions) {
    this.#folder = options.folder;
    this.#new_id = options.new_id;
    this.#now = options.now;
    this.#keep = options.keep ?? 10_000;
  }

  add({ from, to, peer, content }: NewMail): Promise<CaughtMail> {
    return new Promise((resolve, reject) => {
      const mail: CaughtMail = {
        id: assertId(this.#new_id()),
        from,
        to,
        received_at: this.#now().toISOString(),
        size: content.length,
        peer,
        subject: subjectOf(content),
      };
      this.#pending.push({ mail, content, resolve, reject });
      this.#writing ??= this.#drain();
    });
  }

  async flush(): Promise<void> {
    await this.#writing;
  }

  async list({
    limit = 50,
    before,
  }: { readonly limit?: number; readonly before?: string } = {}): Promise<CaughtMail[]> {
    const ids = await this.#ids();
    const page: CaughtMail[] = [];
    const wanted = Math.min(Math.max(Math.trunc(limit), 1), 1000);
    for (let i = ids.length - 1; i >= 0 && page.length < wanted; i--) {
      const id = ids[i]!;
      if (before !== undefined && id >= before) continue;
      const mail = await this.#sidecar(id);
      if (mail !== null) page.push(mail);
    }
    return page;
  }

  async get(id: string): Promise<{ mail: CaughtMail; content: Buffer } | null> {
    if (!idPattern.test(id)) return null;
    const mail = await this.#sidecar(id);
    const content = mail === null ? null : await readIfThere(this.#path(`${id}.eml`));
    return mail === null || content === null ? null : { mail, content };
  }

  /** Ids of all complete messages, oldest first. */
  async #ids(): Promise<string[]> {
    const names = await readdir(this.#folder);
    return names
      .filter((name) => name.endsWith(".json") && idPattern.test(name.slice(0, -5)))
      .map((name) => name.slice(0, -5))
      .sort();
  }

  async #sidecar(id: string): Promise<CaughtMail | null> {
    const text = await readIfThere(this.#path(`${id}.json`));
    return text === null ? null : parseSidecar(id, text.toString("utf8"));
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }

  /** Writes what waits, batch by batch; whatever arrives meanwhile makes the next batch, so nobody waits for company. */
  async #drain(): Promise<void> {
    while (this.#pending.length > 0) {
      const batch = this.#pending.splice(0, BATCH);
      try {
        this.#count ??= await this.#clean();
        await this.#write(batch);
        await this.#prune();
      } catch (error) {
        // Whoever was answered already is not touched by this.
        for (const one of batch) one.reject(error);
      }
    }
    this.#writing = null;
  }

  /**
   * Contents and sidecars first, each synced; then the renames that make the messages exist; then one sync of the folder,
   * which is what the answers wait for. A crash leaves a message whole or not at all.
   */
  async #write(batch: readonly Pending[]): Promise<void> {
    const written = await Promise.allSettled(batch.map((one) => this.#writeOne(one)));
    const whole = batch.filter((_, i) => written[i]!.status === "fulfilled");
    const folder = await open(this.#folder, constants.O_RDONLY);
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
    this.#count = (this.#count ?? 0) + whole.length;
    batch.forEach((one, i) => {
      const result = written[i]!;
      if (result.status === "fulfilled") one.resolve(one.mail);
      else one.reject(result.reason);
    });
  }

  async #writeOne({ mail, content }: Pending): Promise<void> {
    const eml = this.#path(`${mail.id}.eml`);
    const json = this.#path(`${mail.id}.json`);
    const draft = `${json}.tmp`;
    const written = await Promise.allSettled([
      writeSynced(eml, content),
      writeSynced(draft, Buffer.from(`${JSON.stringify(mail)}\n`)),
    ]);
    const failed = written.find((one) => one.status === "rejected");
    if (failed === undefined) return await rename(draft, json);
    await rm(draft, { force: true });
    // A message that was there before under this id is not ours to remove.
    if (
      written[0].status === "fulfilled" ||
      (written[0].reason as NodeJS.ErrnoException).code !== "EEXIST"
    )
      await rm(eml, { force: true });
    throw failed.reason;
  }

  /** Removes what a crash left half done. Answers how many messages are there. */
  async #clean(): Promise<number> {
    const names = new Set(await readdir(this.#folder));
    let count = 0;
    for (const name of names) {
      const id = name.slice(0, 26);
      if (!idPattern.test(id)) continue;
      const complete = names.has(`${id}.json`);
      if (name === `${id}.json`) count++;
      else if (name === `${id}.json.tmp` || (name === `${id}.eml` && !complete))
        await rm(this.#path(name), { force: true });
    }
    return count;
  }

  /** Deletes the oldest beyond `keep`, sidecar first, so that no entry is listed without its message. */
  async #prune(): Promise<void> {
    if ((this.#count ?? 0) <= this.#keep + Math.floor(this.#keep / 50)) return;
    const ids = await this.#ids();
    for (const id of ids.slice(0, Math.max(0, ids.length - this.#keep))) {
      await rm(this.#path(`${id}.json`), { force: true });
      await rm(this.#path(`${id}.eml`), { force: true });
    }
    this.#count = Math.min(ids.length, this.#keep);
  }
}

/** The Subject of a message, so that a list need not read the messages. */
function subjectOf(content: Buffer): string {
  const { fields } = readHeader(content, { headerBytes: 65_536, headerFields: 200 });
  const named = fields.filter(({ name }) => name === "subject").slice(0, 1);
  return readFields(named, { headerValue: 1000, addresses: 0, references: 0 }).subject.slice(
    0,
    200,
  );
}

function assertId(id: string): string {
  if (!idPattern.test(id)) throw new Error("not an id");
  return id;
}

/** Creates a file (mode 0600, never over another) and syncs it. */
async function writeSynced(path: string, bytes: Buffer): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(bytes);
    await file.datasync();
  } finally {
    await file.close();
  }
}

async function readIfThere(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** Null for a file that is not a sidecar of this id; somebody else wrote it. */
function parseSidecar(id: string, text: string): CaughtMail | null {
  let value: Partial<Record<keyof CaughtMail, unknown>> | null;
  try {
    value = JSON.parse(text) as typeof value;
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null || value.id !== id) return null;
  const { from, to, received_at, size, peer, subject } = value;
  if (
    typeof from !== "string" ||
    typeof received_at !== "string" ||
    typeof size !== "number" ||
    typeof peer !== "string"
  )
    return null;
  if (!Array.isArray(to) || !to.every((address) => typeof address === "string")) return null;
  const known = { id, from, to, received_at, size, peer };
  return typeof subject === "string" ? { ...known, subject } : known;
}
