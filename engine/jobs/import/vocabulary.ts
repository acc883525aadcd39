// Vocabulary: what shops call the columns of their files, in Chinese and English. It proposes; only
// `--map` decides.
import type { ImportField } from './columns.ts';
import { looseNames } from './loose-names.ts';

/** Columns that are no field, and still say how a row is to be read. */
export type ColumnRole = ImportField | 'clock' | 'status' | 'kind' | 'unit';

/** The better word first. Compared without case, blanks and signs. */
const words: Readonly<Record<ColumnRole, string>> = {
  purchaseId: `purchaseId receiptNumber receiptNo receiptId receipt invoiceNo invoiceNumber
    invoiceId invoice orderId orderNumber orderNo orderRef orderReference order transactionId
    transactionNo transactionNumber ticketId ticketNumber ticketNo ticket basketId saleId saleNo
    billNo billId voucherNo documentNo txnId trxId checkId checkNumber incrementId
    小票号 小票编号 小票号码 小票流水号 小票流水 销售单号 零售单号 订单号 订单编号 交易流水号 流水号
    收银流水号 单据编号 单据号 单号 交易号 交易单号 交易编号 票号 收银单号 账单号 账单编号 结账单号
    流水单号 主订单编号 商户订单号 订单id 出库单号 销售出库单号`,
  memberId: `memberId memberNo memberNumber memberCode member loyaltyId loyaltyCard cardNumber
    cardNo customerId customerNo customerNumber customerCode customer client clientId userId user
    buyerId buyer shopperId householdKey householdId accountId customerEmail billingEmail
    buyerEmail email
    customerPhone phone customerName
    会员号 会员卡号 会员编号 会员id 会员代码 会员手机号 会员手机 会员 卡号 顾客编号 顾客号 顾客id 顾客
    客户编号 客户号 客户id 客户代码 客户 客户名称 买家id 买家手机号 买家会员名 买家账号 买家昵称 买家
    用户id 用户编号 用户 购货单位 手机号 手机号码 收货人手机号 openid unionid`,
  occurredAt: `occurredAt soldAt invoiceDate orderDate transactionDate saleDate purchaseDate
    receiptDate businessDate postingDate dateTime date timestamp transactionTime saleTime
    purchaseTime orderTime orderedAt createdAt created paidAt closedAt dateCreated dateAdd payTime
    paymentTime createTime shopDate day
    交易时间 销售时间 交易日期 销售日期 付款时间 支付时间 下单时间 成交时间 订单付款时间 订单创建时间
    创建时间 收银时间 结账时间 开单时间 购买时间 消费时间 购买日期 单据日期 开单日期 业务日期 营业日期
    制单日期 订单时间 订单日期 日期 时间`,
  itemId: `itemId itemCode itemNo itemNumber sku skuId skuCode lineItemSku stockCode articleId
    articleNo articleNumber productId productCode productNo prodCode barcode ean upc gtin plu
    variantSku variantId materialCode goodsId item product goods asin itemDescription items products
    lineItems orderItems
    商品编码 商品编号 商品代码 商品条码 商品货号 商品id 货号 条码 条形码 国条码 商品条形码 品号 物料编码
    物料代码 存货编码 产品编码 产品编号 产品代码 sku编码 sku码 规格编码 商家编码 单品编码 款号 商品sku
    商品`,
  quantity: `quantity qty units pieces count lineItemQuantity quantitySold soldQuantity goodsNum
    itemsNum skuNum buyNum productNum
    数量 销售数量 销量 件数 购买数量 商品数量 实发数量 实销数量 基本数量 下单数量 宝贝数量`,
  unitPrice: `unitPrice price lineItemPrice itemPrice sellingPrice listPrice rate
    单价 商品单价 销售单价 售价 实际单价 成交单价 成交价 零售价 含税单价 商品价格 价格`,
  unitPriceFen: 'unitPriceFen priceFen',
  discount: `discount discountAmount lineItemDiscount lineDiscount discounts retailDiscount
    retailDisc
    优惠金额 折扣金额 折扣额 商品优惠金额 让利金额 优惠 让利`,
  discountFen: 'discountFen',
  lineTotal: `lineTotal salesValue netSales grossSales netAmount amount lineSubtotal subtotal spend
    itemTotal totalPrice extendedPrice sales
    金额 销售金额 成交金额 小计 实收金额 商品金额 商品总价 商品实际成交金额 价税合计 销售额 合计金额
    消费金额 实销金额`,
  lineTotalFen: 'lineTotalFen',
  paid: `paid total orderTotal grandTotal amountPaid totalPaid totalCollected
    实付金额 支付金额 订单实付金额 订单金额 订单总额 实付款 实收`,
  paidFen: 'paidFen',
  storeId: `storeId storeCode storeNo store shopId shop storeName shopName outlet branchId branch
    location site
    门店编码 门店编号 门店代码 门店 门店名称 店号 店铺编号 店铺 店铺名称 分店编号 分店 分店名称 店名
    机构编码 机构 机构名称 网点 营业点`,
  channel: 'channel salesChannel 渠道 销售渠道',
  terminalId: `terminalId terminal tillId till registerId register posId pos device
    收银机号 收银机 机号 款台号 款台 pos机号 终端号`,
  cashierId: `cashierId cashier employeeId employee staffId staff salesperson
    收银员编号 收银员 营业员 导购员 导购 店员 业务员 操作员`,
  couponIds: 'couponIds coupons couponCode couponCodes 优惠券编号 优惠券号 券号 券码',
  isGift: 'isGift gift 是否赠品',
  timeUnknown: 'timeUnknown',
  returnOf: `returnOf originalReceipt originalReceiptNumber originalInvoice originalOrderId refundOf
    原小票号 原单号 原订单号 退货原单号 原销售单号`,
  replaces: 'replaces replacesReceipt correctionOf 更正小票号 更正单号 被更正单号',
  itemName: `itemName productName goodsName lineItemName description productTitle title articleName
    itemDescription item product name goods skuName itemTitle menuItem
    商品名称 商品名 品名 货品名称 物料名称 产品名称 存货名称 宝贝标题 商品标题 菜品名称 菜名 品项 名称`,
  category: `category itemCategory productCategory categoryName department productType
    商品分类 商品类别 大类名称 品类 类别 分类 类目 大类 中类名称 小类名称 小类`,
  brand: 'brand brandName 品牌 品牌名称',
  clock: 'time saleTime transactionTime transTime hour shopHour 时间 交易时间 销售时间 时刻',
  status: `status orderStatus receiptStatus financialStatus state
    状态 订单状态 单据状态 交易状态`,
  kind: `receiptType eventType transactionType saleType orderType documentType lineType rowType
    recordType type
    单据类型 交易类型 业务类型 销售类型 类型`,
  unit: `unit unitOfMeasure uom unitName measure salesUnit baseUnit
    单位 计量单位 销售单位 商品单位 基本单位 库存单位 主计量单位 计价单位`,
};

const ranks = new Map<string, Map<ColumnRole, number>>();
for (const [role, names] of Object.entries(words) as [ColumnRole, string][]) {
  for (const [rank, name] of names.split(/\s+/).entries()) {
    const known = ranks.get(fold(name)) ?? new Map<ColumnRole, number>();
    ranks.set(fold(name), known.has(role) ? known : known.set(role, rank));
  }
}

export interface RoleGuess {
  readonly role: ColumnRole;
  /** 0 is the best word for it. */
  readonly rank: number;
}

/** A name behind `/`, `.` or `:` ranks below the same name alone. */
const partRank = 100;
/** A name that is made of words we know ranks below those. */
const looseRank = 200;

/** What a column of this name may be; none for a name we do not know. */
export function rolesOf(name: string): readonly RoleGuess[] {
  const whole = guesses(fold(name), 0);
  if (whole.length > 0) return whole;
  const parts = name.split(/[/.:：]/);
  // `price.amount` is a price.
  const isMeasure = parts.length > 1 && /^(?:amount|value)$/i.test(parts.at(-1)!.trim());
  const last = parts.at(isMeasure ? -2 : -1) ?? '';
  const part = last === name ? [] : guesses(fold(last), partRank);
  if (part.length > 0) return part;
  for (const [at, loose] of looseNames(name).entries()) {
    const found = guesses(fold(loose), looseRank * (at + 1));
    if (found.length > 0) return found;
  }
  return [];
}

/** How many of these names are names of columns: a header has several. */
export function countKnownNames(names: readonly string[]): number {
  return names.filter((name) => name !== '' && rolesOf(name).length > 0).length;
}

function guesses(folded: string, base: number): RoleGuess[] {
  return [...(ranks.get(folded) ?? [])].map(([role, rank]) => ({ role, rank: base + rank }));
}

/** Without case, blanks, signs and what stands in brackets, such as the unit of 金额(元). */
function fold(name: string): string {
  return name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[([【].*?[)\]】]/g, '')
    .replace(/[\s_\-./:：#*'"?“”]+/g, '');
}
