/** What the mail catcher's folder promises: whole messages or none, newest first, nothing outside it. */
import { mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";

import { idMaker } from "../core/id.ts";
import { openCatcherStore } from "./catcher-store.ts";
import type { CatcherStore } from "./catcher-store.ts";

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

/** A clock that moves a second at every look, so that ids and times differ and can be foretold. */
function clock(): () => number {
  let at = Date.UTC(2026, 0, 2, 3, 4, 5);
  return () => (at += 1000);
}

async function newFolder(): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), "catcher-"));
  folders.push(parent);
  return join(parent, "mail");
}

async function storeIn(folder: string, keep?: number): Promise<CatcherStore> {
  const time = clock();
  const new_id = idMaker(time, (length) => Buffer.alloc(length, 7));
  return await openCatcherStore({
    folder,
    new_id,
    now: () => new Date(time()),
    ...(keep === undefined ? {} : { keep }),
  });
}

const mail = (n: number): { from: string; to: string[]; peer: string; content: Buffer } => ({
  from: `a${n}@b.example`,
  to: [`c${n}@d.example`, "bcc@d.example"],
  peer: "127.0.0.1",
  content: Buffer.from(`Subject: ${n}\r\n\r\n\u0000\u00ff`, "latin1"),
});

test("a message comes back byte for byte with its envelope, also from a store opened later", async () => {
  const folder = await newFolder();
  const caught = await (await storeIn(folder)).add(mail(1));
  expect(caught).toMatchObject({
    from: "a1@b.example",
    to: ["c1@d.example", "bcc@d.example"],
    size: 16,
    peer: "127.0.0.1",
  });
  const found = await (await storeIn(folder)).get(caught.id);
  expect(found).toEqual({ mail: caught, content: mail(1).content });
  expect(await readFile(join(folder, `${caught.id}.eml`))).toEqual(mail(1).content);
});

test("the list tells the subject, decoded, and bears a file of an older version without one", async () => {
  const folder = await newFolder();
  const store = await storeIn(folder);
  const content = Buffer.from(
    "From: a@b.example\r\nsubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n =?utf-8?B?4oCuZ25w?=\r\n\r\nSubject: no",
  );
  const { id } = await store.add({ ...mail(1), content });
  const [listed] = await store.list();
  expect(listed?.subject).toMatch(/^Grüße ?gnp$/);
  const sidecar = join(folder, `${id}.json`);
  const { subject: _, ...older } = JSON.parse(await readFile(sidecar, "utf8"));
  await writeFile(sidecar, JSON.stringify(older));
  expect(await store.list()).toEqual([older]);
});

test("only the owner may read the folder and its files", async () => {
  const folder = await newFolder();
  const { id } = await (await storeIn(folder)).add(mail(1));
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
  for (const name of [`${id}.eml`, `${id}.json`])
    expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
});

test("the list is newest first, in pages that neither skip nor repeat", async () => {
  const store = await storeIn(await newFolder());
  const added = await Promise.all(Array.from({ length: 150 }, (_, i) => store.add(mail(i))));
  const wanted = added.map((one) => one.id).reverse();
  const listed: string[] = [];
  let before: string | undefined;
  for (;;) {
    const page = await store.list(before === undefined ? { limit: 40 } : { limit: 40, before });
    if (page.length === 0) break;
    listed.push(...page.map((one) => one.id));
    before = listed.at(-1)!;
  }
  expect(listed).toEqual(wanted);
});

test("the list opens no message", async () => {
  const folder = await newFolder();
  const store = await storeIn(folder);
  const { id } = await store.add(mail(1));
  await rm(join(folder, `${id}.eml`));
  expect((await store.list()).map((one) => one.id)).toEqual([id]);
  expect(await store.get(id)).toBeNull();
});

test.each([
  "../mail/secret",
  "..",
  "",
  ".",
  "/etc/passwd",
  "01KDXXXXXXXXXXXXXXXXXXXXX/",
  "01kdaaaaaaaaaaaaaaaaaaaaaa",
  "01KDAAAAAAAAAAAAAAAAAAAAAA\0",
  "01KDAAAAAAAAAAAAAAAAAAAAAA\n",
  "01KDAAAAAAAAAAAAAAAAAAAAAA.eml",
])("%j is no id, even where such a file exists", async (id) => {
  const folder = await newFolder();
  const store = await storeIn(folder);
  await writeFile(join(folder, "..", "secret.json"), "{}");
  await writeFile(join(folder, "..", "secret.eml"), "x");
  expect(await store.get(id)).toBeNull();
});

test("what a crash left half written is never listed, and is cleared away by the next write", async () => {
  const folder = await newFolder();
  const { id } = await (await storeIn(folder)).add(mail(1));
  const crashed = `${id.slice(0, -1)}${id.endsWith("0") ? "1" : "0"}`;
  await writeFile(join(folder, `${crashed}.eml`), "half a mess");
  await writeFile(join(folder, `${crashed}.json.tmp`), '{"id":');
  await writeFile(join(folder, "notes.txt"), "not ours");
  const store = await storeIn(folder);
  expect((await store.list()).map((one) => one.id)).toEqual([id]);
  expect(await store.get(crashed)).toBeNull();
  await rm(join(folder, `${id}.json`));
  await rm(join(folder, `${id}.eml`));
  const next = await store.add(mail(2));
  expect((await readdir(folder)).sort()).toEqual([
    `${next.id}.eml`,
    `${next.id}.json`,
    "notes.txt",
  ]);
});

test("a sidecar that is not JSON, not complete or of another id is passed over", async () => {
  const folder = await newFolder();
  const store = await storeIn(folder);
  const kept = await store.add(mail(1));
  const [a, b, c] = [await store.add(mail(2)), await store.add(mail(3)), await store.add(mail(4))];
  await writeFile(join(folder, `${a.id}.json`), "{");
  await writeFile(join(folder, `${b.id}.json`), "null");
  await writeFile(join(folder, `${c.id}.json`), JSON.stringify(kept));
  expect(await store.list()).toEqual([kept]);
});

test("only the newest `keep` stay, counting those of an earlier run", async () => {
  const folder = await newFolder();
  const first = await storeIn(folder, 3);
  for (let i = 0; i < 3; i++) await first.add(mail(i));
  const second = await openCatcherStore({
    folder,
    new_id: idMaker(
      () => Date.UTC(2027, 0, 1),
      (length) => Buffer.alloc(length),
    ),
    now: () => new Date(0),
    keep: 3,
  });
  for (let i = 3; i < 5; i++) await second.add(mail(i));
  await second.flush();
  expect((await second.list()).map((one) => one.from)).toEqual(
    [4, 3, 2].map((i) => `a${i}@b.example`),
  );
  expect(await readdir(folder)).toHaveLength(6);
});

test("an id that exists already is refused and the message under it stays", async () => {
  const folder = await newFolder();
  const store = await storeIn(folder);
  const kept = await store.add(mail(1));
  const clumsy = await openCatcherStore({ folder, new_id: () => kept.id, now: () => new Date(0) });
  await expect(clumsy.add(mail(2))).rejects.toThrow("EEXIST");
  expect(await store.get(kept.id)).toEqual({ mail: kept, content: mail(1).content });
  expect(await readdir(folder)).toHaveLength(2);
});

test("when the folder is away adding fails, and works again when it is back", async () => {
  const folder = await newFolder();
  const store = await storeIn(folder);
  await store.add(mail(1));
  await rename(folder, `${folder}.away`);
  await expect(store.add(mail(2))).rejects.toThrow("ENOENT");
  await rename(`${folder}.away`, folder);
  await store.add(mail(3));
  expect((await store.list()).map((one) => one.from)).toEqual(["a3@b.example", "a1@b.example"]);
});
