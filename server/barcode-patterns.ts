// The setting `barcodePatterns`: how the barcodes of scales are built.
import { z } from 'zod';
import { EngineError, limits, parseBarcodePattern } from '../engine/index.ts';

/** Patterns with commas, or none; an issue says in `params.why` what is wrong with which. */
export const barcodePatternsSchema = z.string().superRefine((setting, context) => {
  const why = problemOf(setting);
  if (why !== undefined) context.addIssue({ code: 'custom', params: { why } });
});

function problemOf(setting: string): string | undefined {
  const patterns = setting === 'none' ? [] : setting.split(',');
  const most = limits.barcodePatternsMax;
  if (patterns.length > most) return `${patterns.length} are given, and at most ${most} may be`;
  try {
    for (const pattern of patterns) parseBarcodePattern(pattern.trim());
  } catch (error) {
    if (error instanceof EngineError) return error.message;
    throw error;
  }
  return undefined;
}
