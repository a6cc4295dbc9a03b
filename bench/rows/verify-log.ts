/** Verification of a whole log against SHA-256 of the same bytes by OpenSSL, on one core each. */
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { find, output } from "../child.ts";
import { type Row, type Side, ratio } from "../figures.ts";
import { formatVkey, signCheckpoint } from "../../src/audit/checkpoint.ts";
import { encodeEntry } from "../../src/audit/entry.ts";
import { type LogSource, verifyLog } from "../../src/audit/log-verify.ts";
import {
  appendLeaves,
  emptyEdge,
  encodeBundle,
  formatTilePath,
  tileWidth,
} from "../../src/audit/tile.ts";
import { leafHash } from "../../src/audit/tree.ts";

const entries = 100_000;
const origin = "mail.example.com/audit/acme";

/** A log like that of 33,000 sends: entries of the size that a submission has. */
function makeLog(): { source: LogSource; vkey: string; bytes: number } {
  const { privateKey } = generateKeyPairSync("ed25519");
  const hex = (): string => randomBytes(32).toString("hex");
  const bodies = Array.from({ length: entries }, (_, i) =>
    encodeEntry({
      v: 1,
      type: "message.submitted",
      at: "2026-01-01T00:00:00.000Z",
      actor: { kind: "api_key", id: "01J0000000000000000000000A" },
      resource: `01J${String(i).padStart(23, "0")}`,
      mailbox: "01J0000000000000000000000B",
      thread: `01J${String(i).padStart(23, "0")}`,
      data: {
        digest: hex(),
        content: { to: [hex()], subject: hex(), body: hex(), attachments: [] },
        mode: "autonomous",
        size: 2048,
      },
    }),
  );
  const grown = appendLeaves(emptyEdge, bodies.map(leafHash));
  const files = new Map(grown.tiles.map((tile) => [formatTilePath(tile), tile.data]));
  for (let index = 0; index * tileWidth < entries; index++) {
    const part = bodies.slice(index * tileWidth, (index + 1) * tileWidth);
    files.set(formatTilePath({ level: "entries", index, width: part.length }), encodeBundle(part));
  }
  const note = signCheckpoint({ origin, size: entries, root: grown.root }, privateKey);
  return {
    vkey: formatVkey(origin, privateKey),
    bytes: bodies.reduce((sum, body) => sum + body.length, 0),
    source: {
      checkpoint: () => Promise.resolve(note),
      tile: (path) => Promise.resolve(files.get(path) ?? null),
    },
  };
}

/** In turn, round after round; both in MB of entries a second. */
export async function verifying(rounds: number): Promise<Row> {
  const { source, vkey, bytes } = makeLog();
  const size = Math.round(bytes / entries);
  const ours: Side = { name: "verifyLog", runs: [] };
  const openssl: Side = { name: "openssl speed sha256", runs: [] };
  for (let round = -1; round < rounds; round++) {
    const begun = performance.now();
    const report = await verifyLog(source, { vkey });
    if (report.fault !== null || report.verified !== entries)
      throw new Error("the log did not verify");
    // The first time warms up.
    if (round < 0) continue;
    ours.runs.push({ value: bytes / 1000 / (performance.now() - begun) });
    if (find("openssl") !== null) openssl.runs.push({ value: sha256(size) });
  }
  const sides = [ours, openssl];
  return {
    row: "verify-log",
    what: `${entries} entries of ${size} bytes, every leaf, tile, root and the checkpoint; OpenSSL hashes blocks of the same size`,
    unit: "MB/s",
    sides,
    checks: ratio({ sides }, openssl.name, 0.3),
    notes:
      openssl.runs.length === 0 ? ["openssl not measured: install the Debian package openssl"] : [],
  };
}

function sha256(blockSize: number): number {
  const text = output("openssl", [
    "speed",
    "-mr",
    "-seconds",
    "2",
    "-bytes",
    String(blockSize),
    "-evp",
    "sha256",
  ]);
  return Number(/^\+F:\d+:[^:]+:([\d.]+)/m.exec(text)?.[1]) / 1e6;
}
