// Presets: how the exports of common systems are laid out. Data only; a preset that lacks a column
// in a file goes on without that field.
import type { ImportField } from './columns.ts';
import type { DateOrder } from './dates.ts';

export interface Preset {
  readonly name: string;
  /** Which export of which system, for people. */
  readonly title: string;
  /** Columns that tell such a file from others; all must be there. A list: any one of them. */
  readonly marks: readonly (string | readonly string[])[];
  /** For each field what it may stand in, the better one first, as `--map` writes it. */
  readonly columns: Readonly<Partial<Record<ImportField, readonly string[]>>>;
  readonly skip?: readonly string[];
  readonly returns?: readonly string[];
  /** Rows whose quantity counts thousandths, where the column is there: it may be joined. */
  readonly thousandths?: readonly string[];
  readonly fillDown?: boolean;
  readonly split?: string;
  readonly piecesInName?: boolean;
  /** What such files use where no date of the file decides. */
  readonly dateOrder?: DateOrder;
  readonly dayOne?: string;
}

export const presets: readonly Preset[] = [
  {
    name: 'odoo',
    title: 'Odoo, point of sale orders with their lines',
    marks: [['Order Lines/Product', 'Order lines/Product', 'Order Lines/Product/ID']],
    columns: {
      purchaseId: ['Order Ref', 'Receipt Number', 'Order Reference', 'Name'],
      occurredAt: ['Date', 'Order Date', 'Creation Date'],
      memberId: ['Customer/ID', 'Customer/Reference', 'Customer'],
      itemId: [
        'Order Lines/Product/Internal Reference',
        'Order Lines/Product/ID',
        'Order Lines/Product',
        'Order lines/Product',
      ],
      itemName: ['Order Lines/Product/Name', 'Order Lines/Product', 'Order lines/Product'],
      quantity: ['Order Lines/Quantity', 'Order lines/Quantity'],
      unitPrice: ['Order Lines/Unit Price', 'Order lines/Unit Price'],
      lineTotal: ['Order Lines/Subtotal', 'Order Lines/Subtotal w/o Tax'],
      storeId: ['Point of Sale', 'Session/Point of Sale'],
      cashierId: ['Cashier', 'Employee', 'Responsible', 'User'],
      paid: ['Total'],
    },
    skip: ['Status=Cancelled', 'Status=Canceled', 'Status=New'],
    fillDown: true,
  },
  {
    name: 'shopify',
    title: 'Shopify, orders as CSV',
    marks: ['Name', 'Lineitem quantity', 'Lineitem name'],
    columns: {
      purchaseId: ['Name'],
      occurredAt: ['Created at|Paid at', 'Created at', 'Paid at'],
      memberId: ['Customer ID', 'Email'],
      itemId: ['Lineitem sku|Lineitem name', 'Lineitem sku', 'Lineitem name'],
      itemName: ['Lineitem name'],
      quantity: ['Lineitem quantity'],
      unitPrice: ['Lineitem price'],
      discount: ['Lineitem discount'],
      storeId: ['Location'],
      paid: ['Total'],
      brand: ['Vendor'],
    },
    skip: ['Financial Status=voided', 'Financial Status=refunded', 'Cancelled at=*'],
    fillDown: true,
  },
  {
    name: 'square',
    title: 'Square, items detail',
    marks: ['Transaction ID', 'Event Type', 'Item', 'Qty'],
    columns: {
      purchaseId: ['Transaction ID'],
      occurredAt: ['Date+Time', 'Date'],
      memberId: ['Customer ID', 'Customer Reference ID'],
      itemId: ['SKU|Item', 'Item'],
      itemName: ['Item'],
      quantity: ['Qty'],
      discount: ['Discounts'],
      lineTotal: ['Net Sales', 'Gross Sales'],
      storeId: ['Location'],
      terminalId: ['Device Name'],
      cashierId: ['Employee', 'Team Member'],
      category: ['Category'],
    },
    returns: ['Event Type=Refund'],
    dateOrder: 'mdy',
  },
  {
    name: 'woocommerce',
    title: 'WooCommerce, orders with their line items in one cell',
    marks: ['line_items', ['order_id', 'order_number', 'id']],
    columns: {
      purchaseId: ['order_number', 'order_id', 'id'],
      occurredAt: ['date', 'order_date', 'date_created'],
      memberId: ['customer_id', 'customer_user', 'billing_email'],
      itemId: ['line_items'],
      paid: ['order_total', 'total'],
    },
    skip: [
      'status=cancelled',
      'status=failed',
      'status=pending',
      'status=refunded',
      'order_status=cancelled',
      'order_status=failed',
      'order_status=refunded',
    ],
    split: ';',
  },
  {
    name: 'woocommerce-analytics',
    title: 'WooCommerce, Analytics > Orders',
    marks: ['Order #', 'Product(s)', ['Items sold', 'Items Sold']],
    columns: {
      purchaseId: ['Order #'],
      occurredAt: ['Date'],
      memberId: ['Customer'],
      itemId: ['Product(s)'],
      itemName: ['Product(s)'],
      quantity: ['Items sold', 'Items Sold'],
      couponIds: ['Coupon(s)'],
      paid: ['Net Sales', 'N. Revenue'],
    },
    skip: ['Status=cancelled', 'Status=failed', 'Status=pending', 'Status=refunded'],
    split: ', ',
  },
  {
    name: 'loyverse',
    title: 'Loyverse, receipts by item',
    marks: ['Receipt number', 'Receipt type', ['Item', 'Item name'], 'Quantity'],
    columns: {
      purchaseId: ['Receipt number'],
      occurredAt: ['Date'],
      memberId: ['Customer contacts|Customer name', 'Customer name', 'Customer contacts'],
      itemId: ['SKU|Item', 'SKU|Item name', 'Item', 'Item name'],
      itemName: ['Item', 'Item name'],
      quantity: ['Quantity'],
      discount: ['Discounts'],
      lineTotal: ['Net sales', 'Gross sales'],
      storeId: ['Store'],
      terminalId: ['POS'],
      cashierId: ['Cashier name'],
      category: ['Category'],
    },
    skip: ['Status=Cancelled', 'Status=Canceled', 'Status=Voided'],
    returns: ['Receipt type=Refund'],
    dateOrder: 'mdy',
  },
  {
    name: 'loyverse-receipts',
    title: 'Loyverse, receipts with their items in one cell',
    marks: ['Receipt number', 'Receipt type', 'Description', 'Total collected'],
    columns: {
      purchaseId: ['Receipt number'],
      occurredAt: ['Date'],
      memberId: ['Customer contacts|Customer name', 'Customer name', 'Customer contacts'],
      itemId: ['Description'],
      paid: ['Total collected'],
      storeId: ['Store'],
      terminalId: ['POS'],
      cashierId: ['Cashier name'],
    },
    skip: ['Status=Cancelled', 'Status=Canceled', 'Status=Voided'],
    returns: ['Receipt type=Refund'],
    dateOrder: 'mdy',
    split: ', ',
  },
  {
    name: 'amazon',
    title: 'Amazon, all orders report',
    marks: ['amazon-order-id', 'purchase-date', 'sku', 'item-price'],
    columns: {
      purchaseId: ['amazon-order-id'],
      occurredAt: ['purchase-date'],
      memberId: ['buyer-email'],
      itemId: ['sku|asin', 'sku'],
      itemName: ['product-name'],
      quantity: ['quantity', 'quantity-purchased'],
      // The price of all pieces of the line.
      lineTotal: ['item-price'],
      discount: ['item-promotion-discount'],
    },
    skip: [
      'order-status=Cancelled',
      'order-status=Canceled',
      'item-status=Cancelled',
      'item-status=Canceled',
    ],
  },
  {
    name: 'online-retail',
    title: 'UCI Online Retail and Online Retail II',
    marks: ['StockCode', 'Description', 'InvoiceDate', ['InvoiceNo', 'Invoice']],
    columns: {
      purchaseId: ['InvoiceNo', 'Invoice'],
      occurredAt: ['InvoiceDate'],
      memberId: ['CustomerID', 'Customer ID'],
      itemId: ['StockCode'],
      itemName: ['Description'],
      quantity: ['Quantity'],
      unitPrice: ['UnitPrice', 'Price'],
    },
    dateOrder: 'mdy',
  },
  {
    name: 'complete-journey',
    title: 'Dunnhumby, The Complete Journey',
    marks: [
      ['household_key', 'household_id', 'memberId'],
      ['BASKET_ID', 'basket_id', 'purchaseId'],
      ['SALES_VALUE', 'sales_value', 'salesValue'],
      ['COUPON_DISC', 'coupon_disc', 'couponDiscount'],
    ],
    columns: {
      purchaseId: ['BASKET_ID', 'basket_id', 'purchaseId'],
      occurredAt: ['transaction_timestamp', 'DAY+TRANS_TIME', 'DAY', 'occurredAt'],
      memberId: ['household_key', 'household_id', 'memberId'],
      itemId: ['PRODUCT_ID', 'product_id', 'itemId'],
      itemName: ['SUB_COMMODITY_DESC', 'product_type', 'type'],
      quantity: ['QUANTITY', 'quantity'],
      lineTotal: ['SALES_VALUE', 'sales_value', 'salesValue'],
      discount: ['RETAIL_DISC', 'retail_disc', 'retailDiscount'],
      storeId: ['STORE_ID', 'store_id', 'storeId'],
      category: [
        'DEPARTMENT+COMMODITY_DESC+SUB_COMMODITY_DESC',
        'department+product_category+product_type',
        'department+category+type',
      ],
    },
    // Their quantities are thousandths of a gallon.
    thousandths: ['SUB_COMMODITY_DESC=GASOLINE*', 'product_type=GASOLINE*', 'type=GASOLINE*'],
    // The set counts days and names no year.
    dayOne: '2017-01-01',
  },
  {
    name: 'sort-of-real',
    title: 'Dunnhumby, Let’s Get Sort-of-Real',
    marks: ['SHOP_DATE', 'BASKET_ID', 'PROD_CODE'],
    columns: {
      purchaseId: ['BASKET_ID'],
      occurredAt: ['SHOP_DATE+SHOP_HOUR', 'SHOP_DATE'],
      memberId: ['CUST_CODE'],
      itemId: ['PROD_CODE'],
      quantity: ['QUANTITY'],
      lineTotal: ['SPEND'],
      storeId: ['STORE_CODE'],
      category: ['PROD_CODE_40+PROD_CODE_30+PROD_CODE_20+PROD_CODE_10'],
    },
  },
  {
    name: 'kingdee',
    title: '金蝶, 销售出库单或零售单明细',
    marks: ['单据编号', ['物料编码', '商品编码', '物料代码', '产品代码'], ['数量', '实发数量']],
    columns: {
      purchaseId: ['单据编号'],
      occurredAt: ['单据日期+单据时间', '日期+时间', '单据时间', '日期', '单据日期', '业务日期'],
      memberId: ['会员卡号', '会员号', '会员编号', '客户编码', '购货单位代码', '客户', '购货单位'],
      itemId: ['物料编码', '商品编码', '物料代码', '产品代码'],
      itemName: ['物料名称', '商品名称', '产品名称'],
      quantity: ['实发数量+单位', '数量+单位', '实发数量', '数量'],
      unitPrice: ['含税单价', '单价', '销售单价'],
      lineTotal: ['价税合计', '金额', '销售金额'],
      discount: ['折扣额'],
      storeId: ['门店编码', '门店', '店铺', '门店名称', '销售组织', '仓库', '发货仓库'],
      cashierId: ['收银员', '业务员', '销售员'],
      category: ['商品类别', '物料分组', '存货类别'],
    },
    skip: ['单据状态=作废', '作废标志=Y', '单据状态=已作废'],
    returns: ['单据类型=*退货*', '业务类型=*退货*', '单据类型=*红字*', '红蓝字=红字'],
    fillDown: true,
  },
  {
    name: 'youzan',
    title: '有赞, 订单商品明细',
    marks: ['订单号', '商品名称', ['订单状态', '商品发货状态', '商品退款状态']],
    columns: {
      purchaseId: ['订单号'],
      occurredAt: ['买家付款时间', '付款时间', '订单付款时间', '下单时间', '订单创建时间'],
      memberId: [
        '会员编号',
        '买家会员编号',
        '买家手机号',
        '买家手机',
        '收货人手机号',
        '买家昵称',
        '买家',
      ],
      itemId: [
        '规格编码|商品编码|商品名称',
        '商家编码|商品名称',
        '商品编码',
        '商品id',
        '商品ID',
        '商品名称',
      ],
      itemName: ['商品名称'],
      quantity: ['商品数量', '数量'],
      unitPrice: ['商品单价', '单价', '商品价格'],
      lineTotal: ['商品实际成交金额', '商品优惠后价格', '商品金额合计'],
      storeId: ['归属店铺', '店铺名称', '网点名称', '销售店铺', '所属门店'],
      category: ['商品类目', '商品分组'],
      paid: ['订单实付金额', '订单实付款'],
    },
    skip: [
      '订单状态=*关闭*',
      '订单状态=待付款',
      '订单状态=*取消*',
      '商品退款状态=*退款成功*',
      '商品退款状态=*已退款*',
    ],
    fillDown: true,
  },
  {
    name: 'youzan-orders',
    title: '有赞, 订单，一行一单',
    marks: ['订单号', '全部商品名称', ['商品种类数', '订单商品总件数', '订单实付金额']],
    columns: {
      purchaseId: ['订单号'],
      occurredAt: ['买家付款时间', '订单创建时间', '下单时间'],
      memberId: ['买家手机号', '收货人手机号/提货人手机号', '收货人手机号', '买家昵称'],
      itemId: ['全部商品名称'],
      storeId: ['归属店铺', '店铺名称', '网点名称'],
      paid: ['订单实付金额'],
    },
    skip: ['订单状态=*关闭*', '订单状态=待付款', '订单状态=*取消*'],
    split: ';',
    piecesInName: true,
  },
  {
    name: 'pospal',
    title: '银豹, 商品销售明细',
    marks: ['流水号', ['商品条码', '条码'], ['销售数量', '数量']],
    columns: {
      purchaseId: ['流水号'],
      occurredAt: ['销售时间', '交易时间', '日期+时间', '日期'],
      memberId: ['会员号', '会员卡号', '会员编号', '会员'],
      itemId: ['商品条码', '条码'],
      itemName: ['商品名称', '品名'],
      quantity: ['销售数量', '数量'],
      unitPrice: ['商品原价', '商品单价', '单价'],
      lineTotal: ['实收金额', '销售金额', '小计', '金额'],
      storeId: ['门店编号', '门店', '门店名称', '店铺'],
      cashierId: ['收银员', '导购员'],
      category: ['商品分类', '分类'],
    },
    returns: ['类型=*退*', '单据类型=*退*', '销售类型=*退*'],
  },
];

/** The preset whose marks a header has, the one with most of them. */
export function presetOfHeader(header: readonly string[]): Preset | undefined {
  const fits = presets.filter((preset) => hasMarks(preset, header));
  return fits.toSorted((one, other) => other.marks.length - one.marks.length)[0];
}

export function hasMarks({ marks }: Preset, header: readonly string[]): boolean {
  return marks.every((mark) => [mark].flat().some((name) => header.includes(name)));
}
