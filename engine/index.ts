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
export { zoneOffsetMinutes } from './base/time.ts';
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
export { type ImportFile, inspectFile, saveStream } from './jobs/import/file.ts';
export {
  type ImportOptions,
  type ImportProgress,
  type ImportSummary,
  runImport,
} from './jobs/import/import.ts';
export type { JournalEntry, Replication } from './jobs/replication.ts';
export { type RestoreReport, restore } from './jobs/restore.ts';
export { installSnapshot, openSeedFolder } from './jobs/seed.ts';
export type { Waiting } from './jobs/shared-work.ts';
export { snapshotFiles } from './jobs/snapshots.ts';
export type { KernelExports } from './kernel/exports.ts';
export { Joiner, roundScore, varintBytes } from './kernel/joiner.ts';
export * from './log/events.ts';
export { originName, type Place, parseVector } from './log/vector.ts';
export { openEngine } from './open.ts';
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
export { type Marks, Registry } from './views/catalogue.ts';
export type { DiscardedReceipt } from './views/discard.ts';
export type { Audit } from './views/verify.ts';
