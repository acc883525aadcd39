// The only public door of the engine: what server/, bench/ and tests/ may use.
export { type Clock, millisecondsPerDay, systemClock } from './base/clock.ts';
export {
  assert,
  EngineError,
  type ErrorCode,
  errorCodes,
  type FieldViolation,
} from './base/errors.ts';
export { workingNames } from './base/folder.ts';
export { Histogram, secondsBounds } from './base/histogram.ts';
export { limits } from './base/limits.ts';
export {
  createIdRules,
  type IdRules,
  type IdSettings,
  meansNobody,
  type OutsideId,
  plainIdRules,
  readMemberId,
  readOutsideId,
} from './base/outside-ids.ts';
export { counted } from './base/plural.ts';
export { createRandom, type Random, uniformOf, weightedIndex } from './base/random.ts';
export { type Channel, channelSchema, channels, idSchema, timeSchema } from './base/shapes.ts';
export { zoneOffsetMinutes } from './base/time.ts';
export { nextTurn } from './base/turns.ts';
export { parseBarcodePattern } from './catalogue/measured-codes.ts';
export { type Marks, Registry } from './catalogue/registry.ts';
export {
  compileRoles,
  type GuessRole,
  type RolePatterns,
  rolePatternsSchema,
} from './catalogue/role-names.ts';
export {
  type Item,
  type ItemInput,
  itemSchema,
  itemStatuses,
  type StoreInput,
  type StoreProfile,
  storeSchema,
  timeZoneSchema,
} from './catalogue/shapes.ts';
export { shippedRoles } from './catalogue/shipped-roles.ts';
export type { Audit } from './counting/verify.ts';
export type { Engine } from './engine.ts';
export { type AttachMember, attachMemberSchema } from './events/attach-member.ts';
export { type Consent, consentSchema } from './events/consent.ts';
export type { DiscardedReceipt } from './events/discard.ts';
export type { Event } from './events/index.ts';
export { itemMergeSchema, itemUnmergeSchema } from './events/item-merge.ts';
export { type Merge, mergeSchema } from './events/merge.ts';
export {
  type Purchase,
  type PurchaseInput,
  purchaseLineSchema,
  purchaseSchema,
  refuseMoneyBelowZero,
} from './events/purchase.ts';
export type { IngestResult, IngestStatus } from './events/result.ts';
export {
  type Return,
  type ReturnInput,
  returnLineSchema,
  returnSchema,
} from './events/return.ts';
export { type UnreferencedReturn, unreferencedReturnSchema } from './events/unreferenced-return.ts';
export { type BackupReport, backUp } from './jobs/backup.ts';
export type { ClockReport } from './jobs/clock.ts';
export type { EraseReceipt, NodeAcknowledgement } from './jobs/erase.ts';
export {
  type ExportOptions,
  exportFormats,
  exportReceipts,
} from './jobs/export.ts';
export type { SuspicionReport } from './jobs/find-suspicions.ts';
export { type ColumnRules, parseColumnMap } from './jobs/import/columns.ts';
export { dateOrders } from './jobs/import/dates.ts';
export { type ImportFile, inspectFile, saveStream } from './jobs/import/file.ts';
export type {
  ImportOptions,
  ImportProgress,
  ImportSummary,
} from './jobs/import/import.ts';
export { type Inspection, inspectTables } from './jobs/import/inspect.ts';
export { type PlanOptions, plainPlan } from './jobs/import/plan.ts';
export { presets } from './jobs/import/presets.ts';
export { type ReadingTexts, readingOf } from './jobs/import/reading.ts';
export { type FoundFile, findFiles, findTables } from './jobs/import/sources.ts';
export { suspicionKinds } from './jobs/import/suspicions.ts';
export type { CompactReport } from './jobs/maintenance.ts';
export { readManifest } from './jobs/manifest.ts';
export {
  type FileReceipt,
  type ReceiptFile,
  type ReceiptReading,
  readReceipts,
} from './jobs/receipt-file.ts';
export type { ReceiptRow } from './jobs/receipt-rows.ts';
export { type RestoreReport, restore } from './jobs/restore.ts';
export type { Waiting } from './jobs/shared-work.ts';
export { type UpgradeReport, upgrade } from './jobs/upgrade.ts';
export type { KernelExports } from './kernel/exports.ts';
export { Joiner, roundScore, varintBytes } from './kernel/joiner.ts';
export { type KernelLayout, layoutOf } from './kernel/layout.ts';
export { type LogPosition, originName, parseVector } from './log/vector.ts';
export { openEngine } from './open.ts';
export type { EngineOptions } from './options.ts';
export type { CataloguePort } from './ports/catalogue.ts';
export { runImport } from './ports/import.ts';
export type { Cell, InspectPort } from './ports/inspect.ts';
export type { ListsPort } from './ports/lists.ts';
export type { MeasuresPort } from './ports/measures.ts';
export type { MembersPort } from './ports/members.ts';
export type { KnownKind, RecordsPort } from './ports/records.ts';
export type {
  ClusterCounter,
  ClusterStatus,
  EngineStatus,
  FollowStatus,
} from './ports/status.ts';
export { noSuspicions } from './ports/suspicions.ts';
export type { UpkeepPort } from './ports/upkeep.ts';
export type { IngestOptions, WritesPort } from './ports/writes.ts';
export type { JournalEntry, Replication } from './replication/replication.ts';
export { installSnapshot, openSeedFolder } from './replication/seed.ts';
export { snapshotFiles } from './replication/snapshots.ts';
export {
  type Catalogue,
  dateOf,
  nameReply,
  nameTerm,
  type RankedItem,
  type RankedReason,
  type RankedReply,
} from './serve/ranked.ts';
export * from './serve/request.ts';
export { claimFolder } from './store/claim.ts';
export { formatVersion } from './store/format.ts';
export type { ErasedIds } from './store/ledger.ts';
export { holdsChain, noChainError } from './store/leftovers.ts';
