/** What a frozen message of ours was composed from and no column holds: its reply address, references and attached bytes. */

/** Parts of a frozen message, as {@link compose} was given them. */
export interface FrozenParts {
  reply_to: { name: string | null; address: string } | null;
  /** Message-IDs with brackets, oldest first (RFC 5322 section 3.6.4). */
  references: string[];
  /** The HTML part with LF line ends, our frame and footer included. */
  html: string;
  /** In order; media types without parameters. */
  attachments: {
    filename: string | null;
    content_type: string;
    content: Buffer;
    /** Without brackets, of what is shown in the HTML. */
    content_id: string | null;
  }[];
}

/** Reads a message that {@link compose} made; any other is read as far as it goes. */
export async function readFrozenParts(mime: Buffer): Promise<FrozenParts> {
  const { default: PostalMime } = await import("postal-mime");
  const mail = await PostalMime.parse(mime, {
    forceRfc822Attachments: true,
    attachmentEncoding: "arraybuffer",
    maxNestingDepth: 32,
    maxHeadersSize: 512 * 1024,
  });
  const [replyTo] = mail.replyTo ?? [];
  return {
    reply_to:
      replyTo?.address === undefined
        ? null
        : { name: replyTo.name === "" ? null : replyTo.name, address: replyTo.address },
    references: mail.references?.match(/<[^<>\s]+>/g) ?? [],
    html: (mail.html ?? "").replaceAll("\r\n", "\n"),
    attachments: mail.attachments.map(({ filename, mimeType, content, contentId }) => ({
      filename,
      content_type: mimeType,
      content: bytesOf(mimeType, content),
      content_id: contentId?.replace(/^<|>$/g, "") ?? null,
    })),
  };
}

/** Messages travel as lines (RFC 2046 section 5.2.1): the parser ends them by LF and adds the end of the last. */
function bytesOf(type: string, content: string | ArrayBuffer | Uint8Array): Buffer {
  const bytes =
    typeof content === "string"
      ? Buffer.from(content)
      : content instanceof Uint8Array
        ? Buffer.from(content)
        : Buffer.from(content);
  if (!/^message\//i.test(type)) return bytes;
  return Buffer.from(
    bytes.toString("latin1").replace(/\n$/, "").replaceAll("\n", "\r\n"),
    "latin1",
  );
}
