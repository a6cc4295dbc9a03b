/** The profile: which server a person on this machine calls, and with which key; a file that only they may read. */
import { mkdir, open, readFile, rename, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { UsageError } from "./flags.ts";

/** What `multimail init --url` keeps. */
export type Profile = { url: string; key: string; mailbox_id?: string };

type Environment = Readonly<Record<string, string | undefined>>;

/** Where the profile is (XDG Base Directory); null where the environment names no home. */
export function profilePath(env: Environment): string | null {
  const config = env["XDG_CONFIG_HOME"] || (env["HOME"] ? join(env["HOME"], ".config") : null);
  return config === null ? null : join(config, "multimail", "profile.json");
}

/** The profile, null where there is none. Throws {@link UsageError} for one that others may read, or that is none. */
export async function readProfile(env: Environment): Promise<Profile | null> {
  const path = profilePath(env);
  if (path === null) return null;
  let content: string;
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0)
      throw new UsageError(
        `${path} holds a key, and others may read it.`,
        `chmod 600 ${path}; if somebody may have read it, revoke the key.`,
      );
    content = await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof UsageError) throw error;
    return null;
  }
  const profile = parse(content);
  if (profile === null)
    throw new UsageError(
      `${path} is not a profile.`,
      "Make it anew: multimail init --url … --key …",
    );
  return profile;
}

function parse(content: string): Profile | null {
  try {
    const value = JSON.parse(content) as Partial<Record<string, unknown>> | null;
    const { url, key, mailbox_id } = value ?? {};
    if (typeof url !== "string" || typeof key !== "string") return null;
    return { url, key, ...(typeof mailbox_id === "string" ? { mailbox_id } : {}) };
  } catch {
    return null;
  }
}

/** Writes the profile in place of another one, whole, readable by its owner alone. Answers its path. */
export async function writeProfile(env: Environment, profile: Profile): Promise<string> {
  const path = profilePath(env);
  if (path === null) throw new UsageError("There is no home folder for a profile.", "Set HOME.");
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeWhole(path, profile);
  return path;
}

/** Writes a JSON file that is whole or absent, readable by its owner alone. */
export async function writeWhole(path: string, content: object): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  const handle = await open(temporary, "w", 0o600);
  await handle.chmod(0o600);
  await handle.writeFile(`${JSON.stringify(content, null, 2)}\n`);
  await handle.sync();
  await handle.close();
  await rename(temporary, path);
}
