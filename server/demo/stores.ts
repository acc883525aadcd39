// The dozen stores of the demo chain and where they stand.
import type { DemoStore } from './shapes.ts';

/** China keeps one zone without summer time, so every store's offset is the same all year. */
export const demoTimeZone = 'Asia/Shanghai';
export const demoOffsetHours = 8;

export const demoStores: readonly DemoStore[] = [
  { storeId: 'S01', name: '上海 梧桐里社区店', city: '上海', kind: 'community' },
  { storeId: 'S02', name: '上海 江湾写字楼店', city: '上海', kind: 'office' },
  { storeId: 'S03', name: '上海 松江大学城店', city: '上海', kind: 'campus' },
  { storeId: 'S04', name: '上海 虹桥商场店', city: '上海', kind: 'mall' },
  { storeId: 'S05', name: '杭州 运河社区店', city: '杭州', kind: 'community' },
  { storeId: 'S06', name: '杭州 钱江写字楼店', city: '杭州', kind: 'office' },
  { storeId: 'S07', name: '杭州 下沙大学城店', city: '杭州', kind: 'campus' },
  { storeId: 'S08', name: '南京 秦淮社区店', city: '南京', kind: 'community' },
  { storeId: 'S09', name: '南京 新街口商场店', city: '南京', kind: 'mall' },
  { storeId: 'S10', name: '成都 锦江社区店', city: '成都', kind: 'community' },
  { storeId: 'S11', name: '成都 高新写字楼店', city: '成都', kind: 'office' },
  { storeId: 'S12', name: '武汉 光谷大学城店', city: '武汉', kind: 'campus' },
];
