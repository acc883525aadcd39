// Stage "rules": what shopkeepers say of the order (boost, bury). There are no rules yet: all pass.
import type { Stage } from '../draft.ts';

export const rules: Stage = { name: 'rules', run: () => {} };
