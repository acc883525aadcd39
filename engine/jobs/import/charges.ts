// Charges: postage, fees and corrections that tills book as if they were items.

/**
 * Names that say "this is no goods". A receipt with such a line is kept whole, but the item comes
 * in inactive, so that no list offers postage to a member. Names are compared whole: "postage
 * stamps" or 包装纸 are goods.
 */
const chargeNames: ReadonlySet<string> = new Set([
  'postage',
  'dotcom postage',
  'shipping',
  'delivery',
  'carriage',
  'next day carriage',
  'handling',
  'service charge',
  'bank charges',
  'amazon fee',
  'cruk commission',
  'commission',
  'manual',
  'discount',
  'samples',
  'adjustment',
  'adjust bad debt',
  'rounding',
  'deposit',
  '运费',
  '邮费',
  '快递费',
  '配送费',
  '外送费',
  '手续费',
  '服务费',
  '包装费',
  '打包费',
  '餐盒费',
  '折扣',
  '优惠',
  '优惠券',
  '抹零',
  '差价',
  '补差价',
  '补差',
  '押金',
  '样品',
  '坏账调整',
]);

/** Whether an item of this name is a charge rather than goods. */
export function isChargeName(name: string): boolean {
  return chargeNames.has(name.trim().toLowerCase());
}
