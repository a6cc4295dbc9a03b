/** Plain text as markdown that shows it as it was written: no line of it becomes a heading, a list or a link to elsewhere. */

const NO_BREAK_SPACE = "\u00a0";

/**
 * Markdown whose rendering reads like the text: line ends stay, indentation and columns stay (as no-break spaces), and what
 * would be markup is escaped. Addresses of the web are left as they are, so that they become links.
 */
export function markdownOfPlainText(text: string): string {
  const lines = text.replaceAll(/\r\n?/g, "\n").split("\n").map(literalLine);
  return lines
    .map((line, i) => (line === "" || (lines[i + 1] ?? "") === "" ? line : `${line}  `))
    .join("\n")
    .trimEnd();
}

function literalLine(line: string): string {
  const shown = line.replaceAll("\t", "    ").trimEnd();
  if (shown === "") return "";
  const start = shown.search(/[^ ]/);
  const written = shown
    .slice(start)
    .replaceAll(/ {2,}/g, (run) => `${NO_BREAK_SPACE.repeat(run.length - 1)} `)
    .replaceAll(/[\\`*[\]<]/g, String.raw`\$&`)
    .replaceAll(/~(?=~)|(?<=~)~/g, String.raw`\~`)
    // Inside a word the underscore means nothing, and in an address of the web it has to stay.
    .replaceAll(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, String.raw`\_`)
    .replaceAll(/&(?=#?[a-z0-9]{1,32};)/gi, String.raw`\&`);
  return NO_BREAK_SPACE.repeat(start) + literalStart(written);
}

/** What makes a block of a line by standing first in it. */
function literalStart(line: string): string {
  if (/^[-+#>=:|]/.test(line)) return `\\${line}`;
  return line.replace(/^(\d{1,9})([.)])(?=\s|$)/, String.raw`$1\$2`);
}
