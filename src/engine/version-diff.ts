/** What an edit changed: subject, recipients, attachments, and the text line by line. */
import { diffLines } from "diff";
import type { AttachmentMeta, RecipientKind } from "../store/column-types.ts";

/** The parts of a message that people compare. */
export type Comparable = {
  subject: string;
  markdown: string;
  recipients: readonly { kind: RecipientKind; address: string }[];
  attachments: readonly Pick<AttachmentMeta, "filename" | "content_type" | "size_bytes">[];
};

/** A run of lines that stayed, went or came. */
export type DiffPart = { op: "equal" | "delete" | "insert"; text: string };

/** What changed from one version to another; null or empty where nothing did. */
export type VersionDiff = {
  subject: { from: string; to: string } | null;
  recipients: { added: string[]; removed: string[] };
  attachments: { added: string[]; removed: string[] };
  /** Lines in order; null where the text stayed as it was. */
  body: DiffPart[] | null;
};

/** Texts longer than this, or whose comparison takes longer, are given whole: first the old one, then the new. */
const maxCompared = 256 * 1024;
const maxMilliseconds = 200;

/** Compares two versions. Bounded in time whatever the texts are. */
export function diffVersions(before: Comparable, after: Comparable): VersionDiff {
  const people = ({ recipients }: Comparable): string[] =>
    recipients
      .filter(({ kind }) => kind !== "copy")
      .map(({ kind, address }) => `${kind}: ${address}`);
  const files = ({ attachments }: Comparable): string[] =>
    attachments.map(
      ({ filename, content_type, size_bytes }) =>
        `${filename} (${content_type}, ${size_bytes} bytes)`,
    );
  return {
    subject: before.subject === after.subject ? null : { from: before.subject, to: after.subject },
    recipients: moved(people(before), people(after)),
    attachments: moved(files(before), files(after)),
    body: before.markdown === after.markdown ? null : lines(before.markdown, after.markdown),
  };
}

function moved(
  before: readonly string[],
  after: readonly string[],
): { added: string[]; removed: string[] } {
  return {
    added: after.filter((one) => !before.includes(one)),
    removed: before.filter((one) => !after.includes(one)),
  };
}

function lines(before: string, after: string): DiffPart[] {
  const compared =
    before.length + after.length <= maxCompared
      ? diffLines(before, after, { timeout: maxMilliseconds })
      : undefined;
  if (compared === undefined)
    return [
      { op: "delete" as const, text: before },
      { op: "insert" as const, text: after },
    ].filter(({ text }) => text !== "");
  return compared.map(({ added, removed, value }) => ({
    op: added ? "insert" : removed ? "delete" : "equal",
    text: value,
  }));
}
