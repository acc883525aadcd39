// The only public door of the engine: what server/, bench/ and tests/ may use.
export { type Clock, systemClock } from './base/clock.ts';
export {
  EngineError,
  type ErrorCode,
  errorCodes,
  type FieldViolation,
} from './base/errors.ts';
export { workingNames } from './base/folder.ts';
export { limits } from './base/limits.ts';
export { createRandom } from './base/random.ts';
export { type Channel, channelSchema, channels, idSchema, timeSchema } from './base/shapes.ts';
export { zoneOffsetMinutes } from './base/time.ts';
export { type Marks, Registry } from './catalogue/registry.ts';
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
export type { Audit } from './counting/verify.ts';
export type {
  Cell,
  ClockReport,
  ClusterCounter,
  ClusterStatus,
  CompactReport,
  Engine,
  EngineOptions,
  EngineStatus,
  EraseReceipt,
  FollowStatus,
  IngestOptions,
  NodeAcknowledgement,
  ReceiptRow,
} from './engine.ts';
export { type Consent, consentSchema } from './events/consent.ts';
export type { DiscardedReceipt } from './events/discard.ts';
export type { Event } from './events/index.ts';
export { type Merge, mergeSchema } from './events/merge.ts';
export {
  type Purchase,
  type PurchaseInput,
  purchaseLineSchema,
  purchaseSchema,
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
export { type DemoChain, type DemoChainOptions, demoChain } from './jobs/demo/demo-chain.ts';
export type { DemoHighlights } from './jobs/demo/highlights.ts';
export {
  type DemoProgress,
  type DemoSummary,
  type LoadDemoOptions,
  loadDemo,
} from './jobs/demo/load-demo.ts';
export {
  type EvaluateOptions,
  type EvaluateProgress,
  type Evaluation,
  evaluate,
} from './jobs/evaluate/evaluate.ts';
export { type Protocol, protocols } from './jobs/evaluate/protocols.ts';
export {
  type ExportOptions,
  exportFormats,
  exportReceipts,
} from './jobs/export.ts';
export { parseColumnMap } from './jobs/import/columns.ts';
export { dateOrders } from './jobs/import/dates.ts';
export { type ImportFile, inspectFile, saveStream } from './jobs/import/file.ts';
export {
  type ImportOptions,
  type ImportProgress,
  type ImportSummary,
  runImport,
} from './jobs/import/import.ts';
export { type Inspection, inspectTables } from './jobs/import/inspect.ts';
export { type PlanOptions, plainPlan } from './jobs/import/plan.ts';
export { presets } from './jobs/import/presets.ts';
export { type ReadingTexts, readingOf } from './jobs/import/reading.ts';
export { type FoundFile, findFiles, findTables } from './jobs/import/sources.ts';
export { type RestoreReport, restore } from './jobs/restore.ts';
export type { Waiting } from './jobs/shared-work.ts';
export { type UpgradeReport, upgrade } from './jobs/upgrade.ts';
export type { KernelExports } from './kernel/exports.ts';
export { Joiner, roundScore, varintBytes } from './kernel/joiner.ts';
export { originName, type Place, parseVector } from './log/vector.ts';
export { openEngine } from './open.ts';
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
export { holdsChain, noChain } from './store/leftovers.ts';
