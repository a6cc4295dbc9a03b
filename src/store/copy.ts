/** COPY over the driver's connection (PostgreSQL manual, 54.2.6), in pieces that wait for each other, whatever the table's size. */
import type { Socket } from "node:net";
import type pg from "pg";

/** What the driver gives a statement of ours: its connection, of which these are the parts that COPY needs. */
type Connection = {
  stream: Socket;
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  sendCopyFail(message: string): void;
};

/** A statement as the driver runs it (pg's Submittable). */
class CopyStatement {
  readonly done: Promise<number>;
  protected connection: Connection | undefined;
  readonly #text: string;
  #rows = 0;
  #failure: Error | undefined;
  #resolve: (rows: number) => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;

  constructor(text: string) {
    this.#text = text;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  submit(connection: Connection): void {
    this.connection = connection;
    connection.query(this.#text);
  }

  handleCommandComplete(message: { text: string }): void {
    this.#rows = Number(/^COPY (\d+)/.exec(message.text)?.[1] ?? 0);
  }

  /** Also told when the connection is lost, after which nothing follows. */
  handleError(error: Error): void {
    this.#failure ??= error;
    this.#reject(error);
  }

  handleReadyForQuery(): void {
    if (this.#failure) this.#reject(this.#failure);
    else this.#resolve(this.#rows);
  }

  handleRowDescription(): void {}
  handleDataRow(): void {}
  handleEmptyQuery(): void {}
  handleCopyInResponse(connection: Connection): void {
    connection.sendCopyFail("not asked for");
  }
  handleCopyData(_message: { chunk: Buffer }): void {}
}

/** Bytes that are gathered before they are handed on. */
const pieceBytes = 4 * 1024 * 1024;

class CopyOut extends CopyStatement {
  readonly #write: (piece: Buffer) => Promise<void>;
  #gathered: Buffer[] = [];
  #length = 0;
  #writing: Promise<void> = Promise.resolve();
  #failed: Error | undefined;

  constructor(text: string, write: (piece: Buffer) => Promise<void>) {
    super(text);
    this.#write = write;
  }

  override handleCopyData({ chunk }: { chunk: Buffer }): void {
    // The chunk is a view of the connection's buffer, which is used again.
    this.#gathered.push(Buffer.from(chunk));
    this.#length += chunk.length;
    if (this.#length < pieceBytes) return;
    const { stream } = this.connection ?? {};
    stream?.pause();
    void this.flush().finally(() => stream?.resume());
  }

  /** Hands on what was gathered, after what was handed on before. After a failure nothing more is. */
  flush(): Promise<void> {
    const piece = Buffer.concat(this.#gathered.splice(0), this.#length);
    this.#length = 0;
    this.#writing = this.#after(this.#writing, piece);
    return this.#writing;
  }

  async #after(before: Promise<void>, piece: Buffer): Promise<void> {
    await before;
    if (this.#failed || piece.length === 0) return;
    try {
      await this.#write(piece);
    } catch (error) {
      this.#failed = error instanceof Error ? error : new Error(String(error));
    }
  }

  /** Rejects with what a write failed with. */
  async end(): Promise<void> {
    await this.flush();
    if (this.#failed) throw this.#failed;
  }
}

/** Runs `COPY … TO STDOUT` and hands its bytes on in pieces of some MB, one at a time. Resolves to the number of rows. */
export async function copyOut(
  client: pg.Client,
  text: string,
  write: (piece: Buffer) => Promise<void>,
): Promise<number> {
  const statement = new CopyOut(text, write);
  client.query(statement as unknown as pg.Submittable);
  const rows = await statement.done;
  await statement.end();
  return rows;
}

class CopyIn extends CopyStatement {
  readonly #source: AsyncIterable<Buffer>;
  /** What the source failed with, which the server only tells as "COPY failed". */
  failed: unknown;

  constructor(text: string, source: AsyncIterable<Buffer>) {
    super(text);
    this.#source = source;
  }

  override handleCopyInResponse(connection: Connection): void {
    void this.#send(connection);
  }

  async #send(connection: Connection): Promise<void> {
    const { stream } = connection;
    try {
      for await (const chunk of this.#source) {
        connection.sendCopyFromChunk(chunk);
        while (stream.writableNeedDrain && !stream.destroyed)
          await new Promise((resolve) => {
            stream.once("drain", resolve);
            stream.once("close", resolve);
          });
      }
      connection.endCopyFrom();
    } catch (error) {
      this.failed = error;
      connection.sendCopyFail("the source failed");
    }
  }
}

/** Runs `COPY … FROM STDIN` with the bytes of `source`. Resolves to the number of rows; rejects with what the source threw. */
export async function copyIn(
  client: pg.Client,
  text: string,
  source: AsyncIterable<Buffer>,
): Promise<number> {
  const statement = new CopyIn(text, source);
  client.query(statement as unknown as pg.Submittable);
  try {
    return await statement.done;
  } catch (error) {
    throw statement.failed ?? error;
  }
}
