// The ids, days and zones that random chains are made of.

/** Ids that objects, paths and byte orders stumble over stand beside plain ones. */
export const itemIds = [
  'milk',
  'bread',
  'eggs',
  '咖啡豆',
  '磨豆机',
  '__proto__',
  'constructor',
  'a/b%20c',
  '🥛',
  'tea',
  'rice',
  'popular',
] as const;
export const memberIds = ['ann', 'bob', '张三', '__proto__', 'hasOwnProperty'] as const;
export const storeIds = ['S1', 'S2', '店 3', 'toString'] as const;
/** The first of two prefixes is the smaller in UTF-16 units, the second in UTF-8 bytes. */
export const purchasePrefixes = ['😀', '～', 'p'] as const;
export const categories = [[], ['饮品', '奶'], ['饮品', '咖啡', '豆'], ['饮品', '奶']];
export const names = [undefined, '云南咖啡豆 250g', 'oat milk', '咖啡 牛奶', 'ＯＡＴ奶 bread 500'];
/** Most is goods, and nobody says so. */
export const roles = [undefined, undefined, 'goods', 'bag', 'sample', 'fee'] as const;
export const timeZones = ['Asia/Shanghai', 'America/New_York', 'Asia/Kolkata', 'Etc/UTC'];
export const cities = [undefined, '上海', '上海', '成都'];
export const offsets = ['+08:00', 'Z', '-05:00', '+05:30', '+00:00'];

/** The day that all clocks of random chains show; receipts are older. */
export const clockMs = 20_800 * 86_400_000;

/**
 * How the days of one run are spread: close together, over months, or across grids of 480 and 960
 * days.
 */
export const spreads = {
  days: (day: number) => 20_100 + (day % 9),
  months: (day: number) => 19_900 + (day % 260),
  grids: (day: number) => [18_719, 19_199, 19_680, 20_100, 20_159, 20_160, 20_640][day % 7] ?? 0,
  years: (day: number) => 18_500 + (day % 2_200),
};

export type Spread = keyof typeof spreads;
