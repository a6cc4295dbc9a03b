/** The engine's calls around domains, bound to one context. */
import type { Actor } from "../core/actor.ts";
import { type StsMode, zoneFile } from "../core/domain-records.ts";
import type { Claim } from "../store/due.ts";
import { type ReportsView, reportsOf } from "./aggregate-reports.ts";
import type { EngineContext } from "./context.ts";
import { recheckDomains, verifyDomain } from "./domain-verify.ts";
import {
  type DomainView,
  changeDomain,
  createDomain,
  findDomain,
  findDomains,
  removeDomain,
  rotateDkim,
  stsPolicyFor,
} from "./domains.ts";
import type { PageRequest } from "./paging.ts";

export type { DomainView } from "./domains.ts";
export type { ReportsView } from "./aggregate-reports.ts";

/** Everything that operations, pages and workers do with domains. */
export function domainCalls(context: EngineContext) {
  return {
    createDomain: (actor: Actor, name: string) => createDomain(context, actor, name),
    findDomains: (actor: Actor, page: PageRequest) => findDomains(context, actor, page),
    findDomain: (actor: Actor, domainId: string): Promise<DomainView> =>
      findDomain(context, actor, domainId),
    changeDomain: (actor: Actor, domainId: string, stsMode: StsMode): Promise<DomainView> =>
      changeDomain(context, actor, domainId, stsMode),
    removeDomain: (actor: Actor, domainId: string): Promise<DomainView> =>
      removeDomain(context, actor, domainId),
    verifyDomain: (actor: Actor, domainId: string): Promise<DomainView> =>
      verifyDomain(context, actor, domainId),
    rotateDkim: (actor: Actor, domainId: string): Promise<DomainView> =>
      rotateDkim(context, actor, domainId),
    domainZone: async (actor: Actor, domainId: string): Promise<{ name: string; zone: string }> => {
      const { row, records } = await findDomain(context, actor, domainId);
      return { name: row.name, zone: zoneFile(row.name, records) };
    },
    domainReports: (actor: Actor, domainId: string): Promise<ReportsView> =>
      reportsOf(context, actor, domainId),
    recheckDomains: (operatorId: string, claims: readonly Claim[]) =>
      recheckDomains(context, operatorId, claims),
    stsPolicyFor: (host: string): Promise<string | null> => stsPolicyFor(context, host),
  };
}
