// Loose names: names of columns that no list can hold whole, as the words that they are made of.
// `amazon-order-id` is an order id, `id_order` too, and 菜品编码 a code of goods.

/** A word that says these are not the goods, the receipt or the member of this row. */
const otherwise = new Set(
  `original parent refund refunds refunded return returns returned canceled cancelled shipping
  shipped invoiced delivered gift credit payment bank tax updated modified previous free stock
  remaining available backordered backorder`.split(/\s+/),
);
/** What may follow a name and changes nothing. */
const trailing = new Set('ordered sold incl excl included excluded tax vat gross net'.split(' '));
/** Words that say enough without those before them. */
const enough = new Set(
  'sku barcode ean upc gtin qty quantity status state timestamp datetime'.split(' '),
);
/** Short forms of words, and those that mean the same in a name. */
const wholeWords: Readonly<Record<string, string>> = {
  key: 'id',
  nbr: 'number',
  num: 'number',
  seq: 'number',
  sn: 'number',
  tran: 'transaction',
  trans: 'transaction',
  trx: 'transaction',
  txn: 'transaction',
  cust: 'customer',
  mbr: 'member',
  prod: 'product',
  dt: 'date',
  ts: 'timestamp',
  tm: 'time',
};

/** Names that this one may stand for, the nearest first. */
export function looseNames(name: string): readonly string[] {
  const bare = name.normalize('NFKC').replace(/[([【].*?[)\]】]/g, '');
  return /\p{sc=Han}/u.test(bare) ? chineseNames(bare) : latinNames(bare);
}

function latinNames(name: string): readonly string[] {
  let words = name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z\d]+/)
    .filter((word) => word !== '')
    .map((word) => wholeWords[word] ?? word)
    // A number of a number is one.
    .filter((word, at, all) => !(isNumber(word) && at > 0 && isNumber(all[at - 1]!)));
  const [first = ''] = words;
  if (first === 'id' && words.length > 1) words = [...words.slice(1), 'id'];
  while (words.length > 1 && trailing.has(words.at(-1)!)) words = words.slice(0, -1);
  if (words.some((word) => otherwise.has(word))) return [];
  return words.flatMap((word, at) => {
    const rest = words.slice(at);
    return rest.length > 1 || enough.has(word) ? [rest.join('')] : [];
  });
}

function isNumber(word: string): boolean {
  return /^(?:number|no|id)$/.test(word);
}

const person = '会员|客户|顾客|买家|用户|消费者';
const goods = '商品|菜品|货品|物料|存货|产品|单品|宝贝|品项|sku';
const sale = '销售|交易|付款|支付|下单|成交|结账|收银|消费|购买|开单|开台|订单|单据|零售';

/** What a name is made of, and the word that we know for it. */
const chinese: readonly (readonly [RegExp, string])[] = [
  [new RegExp(`(?:小票|订单|单据|流水|账单|${sale})(?:流水)?单?(?:号码?|编号|id)$`, 'i'), '单号'],
  [new RegExp(`(?:${person})(?:卡号?|号码?|编号|编码|代码|id)$`, 'i'), '会员号'],
  [new RegExp(`(?:${person}|联系)(?:人)?(?:手机号?码?|电话)$`), '会员手机'],
  [new RegExp(`(?:${sale})(?:完成|创建)?(?:时间|日期)$`), '订单时间'],
  [new RegExp(`(?:${goods})(?:自?编码|编号|代码|条形?码|货号|id)$`, 'i'), '商品编码'],
  [new RegExp(`(?:${goods})(?:名称?|全称|简称|标题)$`, 'i'), '商品名称'],
  [new RegExp(`(?:${goods}|购买)(?:信息|明细|内容|详情|清单|列表)$`, 'i'), '商品'],
  [/(?:数量|件数)$/, '数量'],
  [/(?:单价|售价)$/, '单价'],
  [new RegExp(`^(?:${goods}).*金额$`, 'i'), '金额'],
  [/(?:门店|店铺|网点|分店|机构)(?:编码|编号|代码|号|id|名称?)?$/i, '门店'],
  [/状态$/, '状态'],
  [/^(?:销售|业务|交易|单据|订单|红蓝|记录|行)(?:方式|类型|类别|标[志识记]|字|单)$/, '类型'],
];
const chineseOtherwise = /退|原|赠|库存|优惠|折|让利|运费|开票|发票|物流|快递|收货|发货/;

function chineseNames(name: string): readonly string[] {
  const bare = name.replace(/[\s_\-./:：*#]+/g, '');
  return chinese.flatMap(([pattern, known]) => {
    const isOther = known !== '状态' && chineseOtherwise.test(bare);
    return pattern.test(bare) && !isOther ? [known] : [];
  });
}
