/** People who were erased and may still ask us to stop: known by their keyed id, and by it alone. */
import type { Tx } from "../store/database.ts";
import { erasedAddress, erasedAlias } from "../store/erasing.ts";
import type { RecipientRow } from "../store/messages.ts";
import type { EngineContext } from "./context.ts";

type Context = Pick<EngineContext, "subjects">;

/** What stands for an address in a suppression that was asked for when its person had been erased. */
export function aliasIn(
  { subjects }: Context,
  { operator_id: operatorId }: Pick<Tx, "operator_id">,
): (address: string) => string {
  return (address) => erasedAlias(subjects.idOf(operatorId, address));
}

/** Both forms in which an address (lower case) may be suppressed. */
export function formsOf(
  context: Context,
  tx: Pick<Tx, "operator_id">,
  address: string,
): [address: string, alias: string] {
  return [address, aliasIn(context, tx)(address)];
}

/**
 * What the recipient of a message is suppressed under: their address, or what stands for it once they are erased. Null where
 * nothing is left that tells who it was.
 */
export function suppressibleAs(
  recipient: Pick<RecipientRow, "address" | "subject_id">,
): string | null {
  if (recipient.address !== erasedAddress) return recipient.address;
  return recipient.subject_id === null ? null : erasedAlias(recipient.subject_id);
}

/** True for what stands for an erased person's address. */
export function isAlias(address: string): boolean {
  return /^[0-9a-f]{64}@erased\.invalid$/.test(address);
}
