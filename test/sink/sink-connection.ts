/** One connection of the recording SMTP sink: the server side of RFC 5321, as plain as it can be, with faults. */
import type { Socket } from "node:net";
import { TLSSocket, createSecureContext } from "node:tls";

import type { RecordedConnection, SinkBook, SinkPoint } from "./sink-book.ts";

const END = Buffer.from("\r\n.\r\n");
const CRLF = Buffer.from("\r\n");
const EMPTY = Buffer.alloc(0);

/** Serves one socket; what it saw is readable at any time. */
export class SinkConnection implements RecordedConnection {
  readonly number: number;
  readonly commands: string[] = [];
  readonly reads: Buffer[] = [];
  secure = false;
  closed = false;
  readonly #book: SinkBook;
  #socket: Socket;
  #rest: Buffer = EMPTY;
  #replies = "";
  #hung = false;
  #mail = "";
  #to: string[] = [];
  /** Content read so far, or null outside DATA. The first entry is a CRLF of ours, so that a lone dot line ends empty content. */
  #content: Buffer[] | null = null;
  #tail: Buffer = EMPTY;
  #login: string[] | null = null;

  constructor(book: SinkBook, socket: Socket, number: number) {
    this.#book = book;
    this.#socket = socket;
    this.number = number;
    if (book.options.implicit_tls === true) this.#encrypt();
    else this.#listen();
    this.#answer("connect", "220 sink.test ESMTP\r\n");
    this.#flush();
  }

  /** Ends the connection without a word. */
  drop(): void {
    this.#hung = true;
    this.#socket.destroy();
  }

  #listen(): void {
    this.#socket.on("data", (chunk: Buffer) => this.#read(chunk));
    this.#socket.on("error", () => this.#socket.destroy());
    this.#socket.on("close", () => {
      this.closed = true;
      this.#book.changed();
    });
  }

  #encrypt(): void {
    const plain = this.#socket;
    plain.removeAllListeners("data");
    const secureContext = createSecureContext({ ...this.#book.options.tls });
    this.#socket = new TLSSocket(plain, { isServer: true, secureContext });
    this.secure = true;
    this.#listen();
  }

  #read(chunk: Buffer): void {
    if (this.#hung) return;
    if (this.#book.options.record !== false) this.reads.push(Buffer.from(chunk));
    let data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = EMPTY;
    while (data.length > 0 && !this.#hung) {
      if (this.#content !== null) {
        data = this.#readContent(data);
        continue;
      }
      const end = data.indexOf("\n");
      if (end === -1) {
        this.#rest = Buffer.from(data);
        break;
      }
      const line = data.toString("latin1", 0, end > 0 && data[end - 1] === 0x0d ? end - 1 : end);
      data = data.subarray(end + 1);
      this.#command(line);
      // Octets behind STARTTLS in the same read are dropped, as RFC 3207 demands of a server.
      if (line.toUpperCase() === "STARTTLS" && this.secure) break;
    }
    const pause = this.#book.options.answers_after;
    if (pause === undefined) this.#flush();
    else setTimeout(() => this.#flush(), pause);
    this.#book.changed();
  }

  #flush(): void {
    if (this.#replies !== "") this.#socket.write(this.#replies, "latin1");
    this.#replies = "";
  }

  /** Queues the usual reply or carries out a fault. True if the session goes on as after success. */
  #answer(point: SinkPoint, usual: string): boolean {
    const fault = this.#book.faultAt(point);
    if (fault === undefined) this.#replies += usual;
    else if (fault === "tempfail") this.#replies += "451 4.3.0 try again later\r\n";
    else if (fault === "permfail") this.#replies += "554 5.7.1 refused\r\n";
    else if (fault === "hang" || fault === "disconnect") {
      this.#flush();
      this.#hung = true;
      if (fault === "disconnect") this.#socket.destroy();
    } else {
      this.#replies += fault.reply;
      if (fault.then === "disconnect") {
        this.#hung = true;
        this.#socket.end(this.#replies, "latin1");
        this.#replies = "";
      }
      return /^[23]/.test(fault.reply);
    }
    return fault === undefined && /^[23]/.test(usual);
  }

  #command(line: string): void {
    if (this.#book.options.record !== false) this.commands.push(line);
    if (this.#login !== null) return this.#loginStep(line);
    const verb = /^[A-Za-z]+/.exec(line)?.[0].toUpperCase() ?? "";
    if (verb === "EHLO" || verb === "HELO") this.#hello(verb);
    else if (verb === "STARTTLS") this.#startTls();
    else if (verb === "AUTH") this.#auth(line);
    else if (verb === "MAIL") this.#mailFrom(line);
    else if (verb === "RCPT") this.#rcptTo(line);
    else if (verb === "DATA") this.#data();
    else if (verb === "RSET") {
      if (this.#answer("rset", "250 2.0.0 reset\r\n")) this.#reset();
    } else if (verb === "QUIT") {
      if (this.#answer("quit", "221 2.0.0 bye\r\n")) {
        this.#socket.end(this.#replies, "latin1");
        this.#replies = "";
        this.#hung = true;
      }
    } else this.#replies += verb === "NOOP" ? "250 2.0.0 ok\r\n" : "500 5.5.2 what?\r\n";
  }

  #reset(): void {
    this.#mail = "";
    this.#to = [];
  }

  #hello(verb: "EHLO" | "HELO"): void {
    const { tls, implicit_tls, auth } = this.#book.options;
    const keywords = [...this.#book.keywords];
    if (tls !== undefined && implicit_tls !== true && !this.secure) keywords.push("STARTTLS");
    if (auth !== undefined)
      keywords.push(`AUTH ${(auth.mechanisms ?? ["PLAIN", "LOGIN"]).join(" ")}`);
    const lines = verb === "EHLO" ? ["sink.test", ...keywords] : ["sink.test"];
    const reply = lines
      .map((text, i) => `250${i === lines.length - 1 ? " " : "-"}${text}\r\n`)
      .join("");
    if (this.#answer(verb === "EHLO" ? "ehlo" : "helo", reply)) this.#reset();
  }

  #startTls(): void {
    if (
      !this.#answer(
        "starttls",
        this.#book.options.tls === undefined
          ? "502 5.5.1 no TLS here\r\n"
          : "220 2.0.0 go ahead\r\n",
      )
    )
      return;
    this.#flush();
    this.#encrypt();
  }

  #auth(line: string): void {
    const [, mechanism, initial] = line.split(" ");
    if (mechanism?.toUpperCase() === "LOGIN") {
      this.#login = [];
      this.#replies += "334 VXNlcm5hbWU6\r\n";
      return;
    }
    const [, user, pass] = Buffer.from(initial ?? "", "base64")
      .toString("utf8")
      .split("\0");
    this.#checkAuth(user, pass);
  }

  #loginStep(line: string): void {
    const given = [...(this.#login ?? []), Buffer.from(line, "base64").toString("utf8")];
    this.#login = given.length < 2 ? given : null;
    if (given.length < 2) this.#replies += "334 UGFzc3dvcmQ6\r\n";
    else this.#checkAuth(given[0], given[1]);
  }

  #checkAuth(user: string | undefined, pass: string | undefined): void {
    const { auth } = this.#book.options;
    const right = auth !== undefined && auth.user === user && auth.pass === pass;
    this.#answer("auth", right ? "235 2.7.0 welcome\r\n" : "535 5.7.8 wrong\r\n");
  }

  #mailFrom(line: string): void {
    const usual = this.#mail === "" ? "250 2.1.0 ok\r\n" : "503 5.5.1 nested MAIL\r\n";
    if (this.#answer("mail", usual)) this.#mail = line;
  }

  #rcptTo(line: string): void {
    const address = /^RCPT TO:<(.*)>$/i.exec(line)?.[1];
    const answer =
      address === undefined
        ? "501 5.5.4 bad path"
        : this.#mail === ""
          ? "503 5.5.1 need MAIL"
          : this.#book.options.answer_rcpt?.(address);
    if (this.#answer("rcpt", `${answer ?? "250 2.1.5 ok"}\r\n`)) this.#to.push(address ?? "");
  }

  #data(): void {
    if (
      !this.#answer(
        "data",
        this.#to.length === 0 ? "554 5.5.1 no valid recipients\r\n" : "354 go on\r\n",
      )
    )
      return;
    this.#content = [CRLF];
    this.#tail = CRLF;
  }

  /** Reads content up to its end; answers what is left behind it. */
  #readContent(data: Buffer): Buffer {
    if (this.#content!.length === 1 && this.#book.options.record !== false && !this.#atContent())
      return EMPTY;
    const look = Buffer.concat([this.#tail, data]);
    const end = look.indexOf(END);
    if (end === -1) {
      this.#content!.push(Buffer.from(data));
      this.#tail = Buffer.from(look.subarray(-4));
      return EMPTY;
    }
    const used = end + END.length - this.#tail.length;
    this.#content!.push(data.subarray(0, used));
    this.#finish();
    return data.subarray(used);
  }

  /** A fault in the middle of content, if one is planned. False if nothing more is to be read. */
  #atContent(): boolean {
    const before = this.#replies;
    this.#answer("content", "");
    return !this.#hung && this.#replies === before;
  }

  #finish(): void {
    const whole = Buffer.concat(this.#content!);
    this.#content = null;
    // Without our CRLF in front and the ".CRLF" behind.
    const wire = whole.subarray(2, -3);
    const accepted = this.#answer(
      "dot",
      this.#to.length === 0 ? "554 5.5.1 no valid recipients\r\n" : "250 2.6.0 queued\r\n",
    );
    if (accepted) {
      this.#book.message_count++;
      if (this.#book.options.record !== false) {
        const { number, secure } = this;
        const from = /^MAIL FROM:<([^>]*)>/i.exec(this.#mail)?.[1] ?? "";
        this.#book.messages.push({
          connection: number,
          secure,
          mail: this.#mail,
          from,
          to: this.#to,
          wire,
          data: unstuff(whole.subarray(0, -3)),
        });
      }
    }
    this.#reset();
  }
}

/** Undoes dot-stuffing; `content` still has a CRLF in front, so that every line start looks the same. */
function unstuff(content: Buffer): Buffer {
  return Buffer.from(content.toString("latin1").replaceAll("\r\n.", "\r\n").slice(2), "latin1");
}
