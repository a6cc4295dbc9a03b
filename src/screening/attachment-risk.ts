/** What attachments may do when opened: by name, by first bytes, by what an archive lists. */
import { listZip } from "./zip-listing.ts";
import { quoted } from "./text-fold.ts";

/** One attachment, as parsed or as about to be sent. */
export interface AttachmentView {
  filename: string;
  content_type: string;
  content: Buffer;
}

/** Kinds of danger, worst first. */
export type AttachmentDanger =
  | "executable"
  | "disguised"
  | "macro"
  | "active_markup"
  | "archive_encrypted"
  | "archive_unreadable"
  | "archive_other";

/** A danger and where it was seen. */
export interface AttachmentFinding {
  danger: AttachmentDanger;
  detail: string;
}

const words = (list: string) => new Set(list.split(" "));
const executables = words(
  "exe scr com bat cmd pif js jse mjs vbs vbe wsf wsh wsc hta ps1 psm1 psd1 ps1xml msi msp mst msc msix msixbundle appx appxbundle appinstaller application appref-ms gadget jar jnlp cpl reg lnk url website iso img vhd vhdx dmg pkg app apk ipa deb rpm chm hlp xll one onepkg scf inf ins isp dll sys drv ocx desktop library-ms search-ms searchconnector-ms settingcontent-ms theme themepack rdp ade adp mde accde wim diagcab sct shb shs command workflow terminal bin run elf",
);
const macros = words("docm dotm xlsm xltm xlam xlsb pptm potm ppam ppsm sldm slk iqy odc");
const markup = words("html htm shtml xhtml xht mht mhtml svg svgz xml.html");
const archives = words("rar 7z ace arj cab gz tgz bz2 xz tar lzh lha z zst uue");
const documents = words(
  "pdf doc docx xls xlsx ppt pptx odt ods odp txt rtf csv jpg jpeg png gif webp mp3 mp4 zip html htm",
);

const magics: readonly [Buffer, string][] = [
  [Buffer.from("MZ"), "a Windows program"],
  [Buffer.from("\u007fELF"), "a Linux program"],
  [Buffer.from([0xcf, 0xfa, 0xed, 0xfe]), "a macOS program"],
  [Buffer.from([0xce, 0xfa, 0xed, 0xfe]), "a macOS program"],
  [Buffer.from([0x4c, 0, 0, 0, 1, 0x14, 2, 0]), "a Windows shortcut"],
];
const OLE = Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]);
const VBA = [Buffer.from("_VBA_PROJECT", "utf16le"), Buffer.from("Attribut\0e VB_")];
const SEARCH_BYTES = 4 * 1024 * 1024;

/** Extensions of a file name, last first, without dots and in lower case; blanks around them do not hide them. */
export function extensions(filename: string): string[] {
  const name = filename
    .slice(-255)
    .toLowerCase()
    .replace(/[\s.\u200b-\u200f]+$/g, "");
  return name
    .slice(name.lastIndexOf("/") + 1)
    .split(".")
    .slice(1)
    .map((one) => one.trim())
    .reverse();
}

/** All dangers of one attachment. Reads the name, the first bytes, 4 MiB of old Office files and 500 names of a zip. */
export function attachmentDangers(attachment: AttachmentView): AttachmentFinding[] {
  const name = quoted(attachment.filename, 60);
  const found = nameDangers(attachment.filename, name);
  const type = attachment.content_type.toLowerCase();
  if (found.length === 0 && /(?:html|svg)/.test(type))
    found.push({ danger: "active_markup", detail: `${name} is ${quoted(type, 40)}` });
  if (
    found.length === 0 &&
    /x-msdownload|x-dosexec|x-sh\b|java-archive|x-ms-shortcut|\bhta\b/.test(type)
  )
    found.push({ danger: "executable", detail: `${name} is ${quoted(type, 40)}` });
  const content = attachment.content;
  for (const [magic, what] of magics)
    if (startsWith(content, magic) && (magic.length > 2 || looksPortable(content)))
      found.push({
        danger: found.some((one) => one.danger === "executable") ? "executable" : "disguised",
        detail: `${name} is ${what}`,
      });
  if (startsWith(content, OLE)) {
    const head = content.subarray(0, SEARCH_BYTES);
    if (VBA.some((mark) => head.includes(mark)))
      found.push({ danger: "macro", detail: `${name} holds macros` });
  }
  if (content.length >= 4 && content.readUInt32LE(0) === 0x04034b50)
    found.push(...zipDangers(content, name));
  return found;
}

/** An MZ header whose pointer leads to `PE`, or that is too short to say; text may begin with MZ. */
function looksPortable(content: Buffer): boolean {
  if (content.length < 64) return false;
  const at = content.readUInt32LE(60);
  return at + 2 <= content.length && content[at] === 0x50 && content[at + 1] === 0x45;
}

function nameDangers(filename: string, name: string): AttachmentFinding[] {
  const [last = "", before = ""] = extensions(filename);
  if (executables.has(last)) {
    const twice = documents.has(before) || /\s{3,}\.\w+$/.test(filename.slice(-60));
    return twice
      ? [{ danger: "disguised", detail: `${name} is a program with the name of a document` }]
      : [{ danger: "executable", detail: `${name} can run when opened (.${quoted(last, 12)})` }];
  }
  if (/[\u202a-\u202e\u2066-\u2069]/.test(filename))
    return [{ danger: "disguised", detail: `${name} turns the writing direction` }];
  if (macros.has(last)) return [{ danger: "macro", detail: `${name} can hold macros` }];
  if (markup.has(last))
    return [
      documents.has(before) && before !== last
        ? { danger: "disguised", detail: `${name} is a web page with the name of a document` }
        : { danger: "active_markup", detail: `${name} opens in a browser` },
    ];
  if (archives.has(last))
    return [{ danger: "archive_other", detail: `${name} is an archive that was not opened` }];
  return [];
}

function zipDangers(content: Buffer, name: string): AttachmentFinding[] {
  const listing = listZip(content);
  if (listing === null)
    return [{ danger: "archive_unreadable", detail: `${name} is a zip without a readable list` }];
  const found: AttachmentFinding[] = [];
  for (const entry of listing.names) {
    if (found.length >= 5) break;
    if (entry.endsWith("vbaProject.bin"))
      found.push({ danger: "macro", detail: `${name} holds macros` });
    // Office files are zips too and hold .bin parts of their own.
    else if (!(listing.office && entry.endsWith(".bin")))
      for (const inner of nameDangers(entry, `${name} › ${quoted(entry, 60)}`))
        if (inner.danger !== "archive_other") found.push(inner);
  }
  if (listing.encrypted)
    found.push({ danger: "archive_encrypted", detail: `${name} is encrypted` });
  if (listing.capped)
    found.push({
      danger: "archive_unreadable",
      detail: `${name} lists more entries than were read`,
    });
  return found;
}

function startsWith(content: Buffer, magic: Buffer): boolean {
  return (
    content.length >= magic.length && content.compare(magic, 0, magic.length, 0, magic.length) === 0
  );
}
