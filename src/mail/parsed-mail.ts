/** What a received message says, read within limits: the shape that parsing makes and everything behind it reads. */

/** An address of a header field. Both strings come from the sender; `address` is '' where there was none to read. */
export interface MailAddress {
  name: string;
  address: string;
}

/** One attached or embedded part, reports and calendar parts included. */
export interface ParsedAttachment {
  /** Safe to offer as a file name: no path, no control or bidirectional characters, at most 255 characters; unique in its message. */
  filename: string;
  /** Lower case, without parameters, such as `text/calendar`. */
  content_type: string;
  /** Bytes after decoding. */
  size_bytes: number;
  /** Meant to stand inside the HTML, such as a logo. */
  inline: boolean;
  /** Without angle brackets. */
  content_id: string | null;
  content: Buffer;
}

/** A message opened up. All strings come from the sender and are hostile; times are ISO 8601 in UTC. */
export interface ParsedMail {
  /** Of all From fields: more than one address is for the caller to judge. */
  from: MailAddress[];
  sender: MailAddress | null;
  to: MailAddress[];
  cc: MailAddress[];
  reply_to: MailAddress[];
  subject: string;
  date: string | null;
  /** With angle brackets, as written; null where absent or malformed. */
  message_id: string | null;
  in_reply_to: string | null;
  /** Message-IDs with angle brackets, oldest first, at most 100. */
  references: string[];
  /** Decoded header fields in order, names in lower case; bounded in number and length. */
  headers: { name: string; value: string }[];
  /** The text as a person would read it: the text part, else the HTML as text. */
  text: string;
  /** The HTML part as it came, bounded; null where there is none. Never shown without sanitising. */
  html: string | null;
  /** Clean markdown for agents: from the HTML where there is HTML, else the text. */
  markdown: string;
  /** The part of `text` that the writer wrote now, without quotation and signature. */
  new_text: string;
  quoted_text: string;
  signature: string;
  /** In order of the message. Forwarded and reported messages (message/rfc822) are always here and never in the text. */
  attachments: ParsedAttachment[];
  /** Parts of text/calendar, as text. */
  calendars: string[];
  /** True where limits cut something that is only in the raw message. */
  truncated: boolean;
}
