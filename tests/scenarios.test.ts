// What the engine does, told as things that happen in shops. Behind each line the oracle counts
// along.
import { describe, expect, test } from 'vitest';
import { scenario } from './support/scenario.ts';

describe('receipts', () => {
  test('a receipt sent again changes nothing', () =>
    scenario(`
      09:10 S1 ann buys #1 milk bread -> created
      09:10 S1 ann buys #1 milk bread -> duplicate
            bought-together milk      -> bread 1
            popular S1                -> bread 1, milk 1
    `));

  test('other goods under the same number are a conflict and change nothing', () =>
    scenario(`
      09:10 S1 ann buys #1 milk bread -> created
      09:10 S1 ann buys #1 milk eggs  -> conflict
      09:11 S1 ann buys #1 milk bread -> conflict
            bought-together milk      -> bread 1
    `));

  test('a receipt more than five minutes ahead of the clock is refused and may come again', () =>
    scenario(`
      clock day 1 09:00
      day 1 09:05 ann buys #1 milk -> created
      day 1 09:06 ann buys #2 milk -> rejected OCCURRED_AT_IN_FUTURE
      day 1 09:04 ann buys #2 milk -> created
            popular                -> milk 2
    `));

  test('a late receipt takes its place in the history', () =>
    scenario(`
      day 5 ann buys #5 grinder     -> created
      day 6 bob buys #6 beans       -> created
            bob guess-you-like      -> beans bought_before, grinder 1 popular_in_chain
      day 2 ann buys #2 beans       -> created
            bob guess-you-like top 1 -> grinder 1 bought_after
      day 6 cleo buys #7 grinder    -> created
            cleo guess-you-like     -> grinder bought_before, beans 2 popular_in_chain
    `));

  test('receipts of one moment stand in the order of their numbers, however they arrive', () =>
    scenario(`
      09:00 ann buys #2 grinder     -> created
      09:00 ann buys #1 beans       -> created
      10:00 bob buys #3 beans       -> created
            bob guess-you-like top 1 -> grinder 1 bought_after
      10:00 cleo buys #4 grinder    -> created
            cleo guess-you-like     -> grinder bought_before, beans 2 popular_in_chain
    `));

  test('lines of one item are added up, and one piece less leaves it there', () =>
    scenario(`
      ann buys #1 milk bread milk -> created
      ann returns #1 milk         -> created
          bought-together bread   -> milk 1
      ann returns #1 milk         -> created
          bought-together bread   -> nothing
    `));

  test('a wholesale order pairs with nothing and still counts as sold', () =>
    scenario(`
      day 1 ann buys #1 milk                    -> created
      day 2 ann buys #2 part-1..part-128 bread  -> created
      day 3 ann buys #3 bread                   -> created
            bought-together part-7 top 1        -> bread 2 popular_in_chain
            bought-together bread top 1         -> part-52 1 popular_in_chain
      day 4 bob buys #4 milk                    -> created
            bob guess-you-like top 1            -> bread 1 bought_after
    `));

  test('a basket of 128 items is the largest that pairs', () =>
    scenario(`
      day 1 ann buys #1 milk               -> created
      day 2 ann buys #2 part-1..part-128   -> created
            bought-together part-7 top 1   -> part-52 1 bought_together
      day 3 bob buys #3 milk               -> created
            bob guess-you-like top 1       -> part-52 1 bought_after
      day 3 ann buys #4 tea                -> created
            bob guess-you-like top 1       -> tea 1 bought_after
    `));
});

describe('returns', () => {
  test('a returned item leaves bought-together', () =>
    scenario(`
      09:10 S1 ann buys #1 milk bread      -> created
      09:20 S1 bob buys #2 milk bread eggs -> created
            bought-together milk           -> bread 2, eggs 1
      09:40 S1 bob returns #2 bread        -> created
            bought-together milk           -> bread 1, eggs 1
    `));

  test('a receipt wholly returned was never a basket', () =>
    scenario(`
      day 1 09:00 ann buys #1 milk bread    -> created
      day 1 18:00 ann returns #1 milk bread -> created
            ann buy-again                   -> … (member_has_no_history, not personalized)
            popular                         -> nothing
    `));

  test('a return may come before its purchase', () =>
    scenario(`
      ann returns #1 bread        -> created parked
      ann buys #1 milk bread      -> created
          bought-together milk    -> nothing
    `));

  test('nobody brings back more than was bought, and what is refused leaves no trace', () =>
    scenario(`
      ann buys #1 milk*2 bread    -> created
      ann returns #1 milk*3 as R1 -> rejected RETURN_EXCEEDS_PURCHASE
      ann returns #1 eggs as R2   -> rejected RETURN_EXCEEDS_PURCHASE
      ann returns #1 milk*2 as R1 -> created
      ann returns #1 milk as R3   -> rejected RETURN_EXCEEDS_PURCHASE
          popular                 -> bread 1
    `));

  test('a return sent again takes nothing more', () =>
    scenario(`
      09:00 ann buys #1 milk*2 bread  -> created
      09:30 ann returns #1 milk as R1 -> created
      09:30 ann returns #1 milk as R1 -> duplicate
      09:30 ann returns #1 bread as R1 -> conflict
            bought-together bread     -> milk 1
    `));

  test('a receipt and a return may bear the same number', () =>
    scenario(`
      09:00 ann buys #1 milk*2 bread  -> created
      09:30 ann returns #1 milk as 1  -> created
      09:30 ann returns #1 milk as 1  -> duplicate
      09:00 ann buys #1 milk*2 bread  -> duplicate
            bought-together bread     -> milk 1
    `));

  test('another store takes the goods back too', () =>
    scenario(`
      S1 ann buys #1 milk bread -> created
      S2 ann returns #1 bread   -> created
         popular S1             -> milk 1
    `));

  test('goods without a receipt come off the latest purchases', () =>
    scenario(`
      day 1 ann buys #1 milk*2 bread  -> created
      day 2 ann buys #2 milk eggs     -> created
      day 3 ann brings-back milk*2    -> created
            bought-together eggs      -> … (filled_from_chain)
            bought-together bread     -> milk 1, eggs
      day 4 ann brings-back milk*5    -> created 4 unmatched
            popular                   -> eggs 1, bread 1
    `));
});

describe('members and strangers', () => {
  test('a stranger gets what the store sells, then the city, then the chain', () =>
    scenario(`
      store S1 in 上海
      store S2 in 上海
      item unsold
      S1 ann buys #1 milk -> created
      S2 bob buys #2 eggs -> created
      S3 bob buys #3 tea  -> created
      S1 zoe guess-you-like top 1 -> milk 1 popular_in_store (member_unknown, filled_from_store)
      S1 zoe guess-you-like top 2 -> milk, eggs 1 popular_in_city (filled_from_city)
      S1 zoe guess-you-like top 3 -> milk, eggs, tea 1 popular_in_chain (filled_from_chain)
      S1 zoe guess-you-like -> milk, eggs, tea, unsold catalogue (filled_from_catalogue)
      S1 zoe guess-you-like -> … (not personalized)
    `));

  test('anonymous tickets teach baskets and belong to nobody', () =>
    scenario(`
      S1 - buys #1 milk bread -> created
      S1 - buys #2 milk bread -> created
      basket milk             -> bread 2 bought_together
      similar milk            -> bread 2 bought_together
    `));

  test('buy-again lists what was bought, discover what was not', () =>
    scenario(`
      day 1 ann buys #1 milk bread -> created
      day 2 ann buys #2 milk       -> created
      day 3 bob buys #3 milk       -> created
      day 4 bob buys #4 eggs       -> created
            ann buy-again top 2    -> milk 2 bought_before, bread 1 bought_before (personalized)
            ann discover           -> eggs 1 bought_after (personalized)
    `));

  test('what others bought next is offered to who stands where they stood', () =>
    scenario(`
      day 1 ann buys #1 beans         -> created
      day 2 ann buys #2 grinder       -> created
      day 3 bob buys #3 beans         -> created
            bob guess-you-like top 1  -> grinder 1 bought_after (personalized)
            bob guess-you-like        -> grinder, beans 1 bought_before
    `));

  test('a store never heard of is said to be unknown', () =>
    scenario(`
      S1 ann buys #1 milk   -> created
      S9 zoe guess-you-like -> milk 1 (store_unknown, member_unknown)
    `));

  test('an empty chain has nothing to offer and says so calmly', () =>
    scenario(`
      popular            -> nothing
      zoe guess-you-like -> nothing (member_unknown, not personalized)
      basket milk        -> nothing (basket_unknown)
      similar milk       -> nothing (item_unknown)
    `));
});

describe('items', () => {
  test('an inactive item is never listed, and is back when it is active again', () =>
    scenario(`
      ann buys #1 milk bread eggs   -> created
      item bread inactive
          bought-together milk      -> eggs 1
          popular                   -> milk 1, eggs 1
          bought-together bread     -> milk 1, eggs 1
      item bread active
          bought-together milk      -> bread 1, eggs 1
    `));

  test('an item that nobody knows fills its list and says so', () =>
    scenario(`
      ann buys #1 milk       -> created
          similar yacht      -> milk 1 popular_in_chain (item_unknown, filled_from_chain)
          basket yacht       -> milk 1 popular_in_chain (basket_unknown)
          basket yacht milk  -> nothing
    `));

  test('words that objects already know are ids like any other', () =>
    scenario(`
      __proto__ constructor buys #__proto__ __proto__ toString -> created
      __proto__ constructor buys #__proto__ __proto__ toString -> conflict
      bought-together __proto__     -> toString 1
      popular __proto__             -> __proto__ 1, toString 1
      constructor buy-again         -> __proto__ 1, toString 1
      hasOwnProperty guess-you-like -> … (member_unknown)
    `));

  test('ids in Chinese, in emoji and with slashes come back as they were', () =>
    scenario(`
      店/一 张三 buys #一 咖啡豆 🥛 a/b%20c -> created
      bought-together 🥛 -> 咖啡豆 1, a/b%20c 1
    `));

  test('similar prefers the same shelf, and knows it before a first sale', () =>
    scenario(`
      item oat-milk in 饮品/奶
      item milk in 饮品/奶
      item soap in 日用
      item soy-milk in 饮品/奶
      day 1 ann buys #1 milk          -> created
      day 2 ann buys #2 soap oat-milk -> created
            similar milk -> oat-milk 1 bought_by_same_members, soap, soy-milk alike
    `));

  test('the best sellers of a wide catalogue are the right ones, whatever is returned', () =>
    scenario(`
      day 1 - buys #1 part-1..part-400          -> created
      day 2 - buys #2 part-301..part-700        -> created
            popular top 100                     -> part-302, …
      day 2 - returns #2 part-301..part-650     -> created
            popular top 100                     -> part-671, …
      day 3 - buys #3 part-401..part-420        -> created
      day 3 - returns #1 part-1..part-390       -> created
            popular top 100                     -> part-415, …
      reopen
            popular top 100                     -> part-415, …
    `));

  test('equal scores stand in the order of their id hashes', () =>
    scenario(`
      ann buys #1 milk a b c d e -> created
          bought-together milk   -> e 1, d 1, b 1, c 1, a 1
    `));
});

describe('time', () => {
  test('each store has its own best sellers at each time of day', () =>
    scenario(`
      08:00 S1 ann buys #1 milk       -> created
      23:00 S1 ann buys #2 crisps     -> created
      23:30 S2 bob buys #3 beer       -> created
            popular S1 at morning     -> milk 1 popular_in_store, …
            popular S1 at late        -> crisps 1, beer 1 popular_in_chain, milk catalogue
            popular at late           -> crisps 1, beer 1, milk catalogue
    `));

  test('a time without an offset is local time of the store', () =>
    scenario(`
      store NY at America/New_York
      day 1 03:30Z NY - buys #1 crisps         -> created
      day 1 03:30+00:00 NY - buys #2 milk      -> created
            popular NY at late top 1           -> crisps 1 popular_in_store
            popular NY at night top 1          -> milk 1 popular_in_store
      day 1 03:30Z S1 - buys #3 porridge       -> created
            popular S1 at noon top 1           -> porridge 1 popular_in_store
    `));

  test('what is bought together now outweighs what was, years and landmarks ago', () =>
    scenario(`
      day 1 ann buys #1 milk bread     -> created
      day 1 bob buys #2 milk bread     -> created
            bought-together milk       -> bread 2
      day 400 cyd buys #3 milk eggs    -> created
            bought-together milk       -> eggs 1, bread 2
      day 1200 dan buys #4 milk tea    -> created
            bought-together milk top 1 -> tea 1
    `));

  test('a restart changes nothing', () =>
    scenario(`
      day 1 S1 ann buys #1 milk bread -> created
      day 2 S1 ann buys #2 milk eggs  -> created
      reopen
      day 1 S1 ann buys #3 milk       -> created
      day 2 S1 ann returns #2 eggs    -> created
      reopen
            bought-together milk      -> bread 1
            ann buy-again top 1       -> milk 3 bought_before
    `));
});

describe('requests', () => {
  test('a ticket is never offered its own items, nor what is excluded', () =>
    scenario(`
      - buys #1 milk bread eggs tea    -> created
      basket milk bread                -> tea 1, eggs 1
      basket milk bread without eggs   -> tea 1
      bought-together milk with bread  -> tea 1, eggs 1
      popular without milk tea         -> bread 1, eggs 1
      basket milk top 1                -> tea 1
    `));
});

describe('the language itself', () => {
  test('names the line of a word that means nothing', async () => {
    const story = (line: string) => scenario(`\n      ann buys #1 milk -> created\n      ${line}`);
    await expect(story('ann buyz #1 milk -> created')).rejects.toThrow(/^line 3, .*no verb/);
    await expect(story('ann buys #2 milk -> creatd')).rejects.toThrow(/line 3.*unknown answer/);
    await expect(story('popular S1 at brunch -> milk')).rejects.toThrow(/line 3.*unknown daypart/);
    await expect(story('popular -> milk 1 bougt')).rejects.toThrow(/line 3.*unknown word: bougt/);
    await expect(story('item milk on sale')).rejects.toThrow(/line 3.*unknown word: on/);
  });

  test('says what came instead of what was told', async () => {
    const story = scenario(`
      ann buys #1 milk bread -> created
      bought-together milk   -> eggs 1
    `);
    await expect(story).rejects.toThrow(/line 3, .*\n {2}the list is bread 1 bought_together/);
  });
});
