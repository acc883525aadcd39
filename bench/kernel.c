// The kernel's part of guess-you-like in C: the same steps on the same layouts as assembly/
// (history.ts, accumulate.ts, retrieve.ts, topk.ts), for bench/kernel.ts to be measured beside.
//
//   cc -O3 -march=native -o twin kernel.c -lm;  ./twin DATA
//
// stdin: lines of "member count"; stdout: for each member ns f64 | 20 x (item u32, score f32).
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LIMIT = 20, SERVED = 50, VIEW_ENTRIES = 64, ANCHORS_MAX = 4096, HABIT_CELLS = 900 };
enum { ELIGIBLE = 1, POPULAR = 2 };

typedef struct {
  uint32_t items, members, rows, popular, history_bytes, reserved;
  double growth, threshold, repeat_share, rebought_rate;
} header;

typedef struct { uint64_t hash; int64_t counters[16]; } record;
enum { COUNT_OUT = 2, EXPECTED = 12, REBOUGHT = 13, EXPECTED_ONCE = 14, REBOUGHT_ONCE = 15 };
typedef struct { float acc, in_factor, pop, same_factor; } hot;
typedef struct { uint32_t stamp, excluded, flags, slot; } mark;
typedef struct { uint32_t item; float weight; } neighbour;
typedef struct { uint32_t count, stale, zero[2]; neighbour entries[VIEW_ENTRIES]; } view;
// What an anchor gave to whom, for the reasons.
typedef struct { uint32_t count, zero; neighbour entries[SERVED]; } gifts;
typedef struct {
  uint32_t item, receipts;
  double affinity;
  int32_t last_day, first_day;
  uint32_t days, age;
  double factor, mem_factor, habit;
  uint32_t start, zero;
  double again;
} anchor;
typedef struct { int32_t day; uint32_t store, daypart, items; const uint32_t *first; } basket;
typedef struct { uint32_t item; float score; } result;

static header head;
static record *records;
static hot *hots;
static mark *marks;
static view **row_views, *views;
static uint32_t *popular, *touched;
static uint8_t *histories;
static anchor anchors[ANCHORS_MAX];
static gifts given[ANCHORS_MAX];
static basket baskets[ANCHORS_MAX];
static uint32_t basket_items[ANCHORS_MAX];
static result results[LIMIT];
static uint32_t anchor_count, touched_count, basket_count, result_count, epoch;
static double affinity_sum, habit_sum, *expected_cells, *rebought_cells;

static double power_of_two(int n) {
  uint64_t bits = (uint64_t)(1023 + n) << 52;
  double value;
  memcpy(&value, &bits, 8);
  return value;
}

static double log2_of(double value) {
  uint64_t bits;
  memcpy(&bits, &value, 8);
  int exponent = (int)((bits >> 52) & 0x7ff) - 1023;
  uint64_t low = (bits & 0x000fffffffffffffull) | 0x3ff0000000000000ull;
  double mantissa;
  memcpy(&mantissa, &low, 8);
  if (mantissa > 1.4142135623730951) {
    mantissa *= 0.5;
    exponent++;
  }
  double s = (mantissa - 1.0) / (mantissa + 1.0), q = s * s;
  double series = 1.0 + q * (1.0 / 3 + q * (1.0 / 5 + q * (1.0 / 7 + q * (1.0 / 9 + q * (1.0 / 11 +
                  q / 13)))));
  return exponent + 2.0 * 1.4426950408889634 * s * series;
}

static double power(double value, double exponent) {
  if (value <= 0) return 0;
  double y = exponent * log2_of(value), whole = nearbyint(y), x = (y - whole) * 0.6931471805599453;
  double sum = 1.0 + x * (1.0 + x * (1.0 / 2 + x * (1.0 / 6 + x * (1.0 / 24 + x * (1.0 / 120 + x *
               (1.0 / 720 + x * (1.0 / 5040 + x * (1.0 / 40320 + x / 362880))))))));
  return sum * power_of_two((int)whole);
}

static double plain(int64_t fixed) { return (double)fixed / 1048576.0; }

static void read_history(const uint8_t *at, uint32_t bytes) {
  const uint8_t *end = at + bytes;
  uint32_t *item = basket_items;
  basket_count = 0;
  while (at < end) {
    double occurred, removed;
    uint16_t lines;
    memcpy(&occurred, at, 8);
    memcpy(&removed, at + 24, 8);
    memcpy(&lines, at + 38, 2);
    uint32_t *first = item;
    if (removed == 0) {
      for (uint32_t k = 0; k < lines; k++) {
        uint32_t line[3];
        memcpy(line, at + 44 + k * 12, 12);
        if (line[1] > line[2]) *item++ = line[0];
      }
    }
    if (item > first) {
      basket *to = &baskets[basket_count++];
      to->day = (int32_t)floor(occurred / 86400000.0);
      memcpy(&to->store, at + 32, 4);
      to->daypart = at[36];
      to->first = first;
      to->items = (uint32_t)(item - first);
    }
    at += 44 + lines * 12 + ((at[37] + 3) & ~3);
  }
}

static anchor *weigh_item(uint32_t item, double affinity, int32_t day, uint32_t age) {
  affinity_sum += affinity;
  mark *own = &marks[item];
  if (own->stamp == epoch) {
    anchor *at = &anchors[own->slot];
    at->affinity += affinity;
    at->receipts++;
    at->days += at->first_day != day;
    at->first_day = day;
    return at;
  }
  own->stamp = epoch;
  own->slot = anchor_count;
  anchors[anchor_count] = (anchor){item, 1, affinity, day, day, 1, age, 0, 0, 0, 0, 0};
  return &anchors[anchor_count++];
}

// What is known of every item bought is on its way before the first is needed.
static void touch_items(void) {
  if (basket_count == 0) return;
  const basket *last = &baskets[basket_count - 1];
  for (const uint32_t *at = baskets[0].first; at < last->first + last->items; at++) {
    __builtin_prefetch(&marks[*at], 1);
    __builtin_prefetch(&hots[*at], 1);
    __builtin_prefetch(&row_views[*at]);
    __builtin_prefetch(&records[*at].counters[COUNT_OUT]);
    __builtin_prefetch(&records[*at].counters[REBOUGHT]);
  }
}

static void weigh_history(void) {
  double weight = 1;
  touch_items();
  for (uint32_t k = basket_count; k-- > 0;) {
    double habit = weight / sqrt(sqrt(baskets[k].items));
    for (uint32_t l = 0; l < baskets[k].items; l++) {
      uint32_t age = basket_count - 1 - k;
      anchor *at = weigh_item(baskets[k].first[l], weight, baskets[k].day, age);
      at->habit += habit;
      at->start = k;
    }
    habit_sum += habit;
    weight *= 0.9;
  }
}

static double own_repeat_share(void) {
  double later = basket_count > 0 ? basket_count - 1 : 0, shares = later;
  for (uint32_t k = 0; k < anchor_count; k++) {
    if (anchors[k].start) shares -= 1.0 / baskets[anchors[k].start].items;
  }
  double share = (shares + 30.0 * head.repeat_share) / (later + 30.0);
  return fmin(0.9, fmax(0.05, share));
}

static void weigh_anchors(void) {
  for (uint32_t k = 0; k < anchor_count; k++) {
    uint32_t item = anchors[k].item;
    if (!row_views[item]) continue;
    anchors[k].factor =
        anchors[k].affinity * power(plain(records[item].counters[COUNT_OUT]), -0.7);
  }
}

// What a global would be stored to and loaded from for every value stays in a register.
static void accumulate_next(void) {
  const float growth = (float)head.growth, least = 1.1754943508222875e-38f;
  hot *const own = hots;
  uint32_t *list = touched;
  weigh_anchors();
  for (uint32_t k = 0; k < anchor_count; k++) {
    const char *row = (const char *)row_views[anchors[k].item];
    for (size_t line = 0; row && line < SERVED * sizeof(neighbour) + 16; line += 64) {
      __builtin_prefetch(row + line);
    }
  }
  for (uint32_t k = 0; k < anchor_count; k++) {
    const view *row = row_views[anchors[k].item];
    given[k].count = 0;
    if (!row) continue;
    neighbour *gift = given[k].entries;
    const float factor = (float)anchors[k].factor;
    const neighbour *at = row->entries, *end = at + (row->count < SERVED ? row->count : SERVED);
    for (; at < end; at++) {
      const float weight = at->weight;
      if (weight <= 0) continue;
      float value = factor * ((weight * weight) / (weight + growth));
      if (!(value > least)) value = least;
      *gift++ = (neighbour){at->item, value};
      hot *to = &own[at->item];
      const float old = to->acc;
      *list = at->item;
      list += old == 0;
      to->acc = old + value;
    }
    given[k].count = (uint32_t)(gift - given[k].entries);
  }
  touched_count = (uint32_t)(list - touched);
}

static uint32_t times_bucket(uint32_t times) {
  if (times <= 4) return times - 1;
  if (times <= 9) return times <= 6 ? 4 : 5;
  if (times <= 14) return 6;
  return times <= 24 ? 7 : 8;
}

static uint32_t age_bucket(uint32_t age) {
  if (age <= 3) return age;
  if (age <= 8) return age <= 5 ? 4 : 5;
  if (age <= 13) return 6;
  if (age <= 20) return 7;
  return age <= 34 ? 8 : 9;
}

static double repeat_term(const anchor *at) {
  const int64_t *own = records[at->item].counters;
  const double k0 = head.rebought_rate, now = (float)head.growth;
  double rebought = plain(own[REBOUGHT]), expected = plain(own[EXPECTED]);
  double whole = (rebought + 5.0 * now * k0) / (expected + 5.0 * now);
  double once = plain(own[REBOUGHT_ONCE]), expected_once = plain(own[EXPECTED_ONCE]);
  rebought = at->receipts == 1 ? once : rebought - once;
  expected = at->receipts == 1 ? expected_once : expected - expected_once;
  double rate = (rebought + 20.0 * now * whole) / (expected + 20.0 * now);
  uint32_t last = basket_count >= 50 ? 9 : times_bucket(basket_count);
  uint32_t cell = (times_bucket(at->receipts) * 10 + age_bucket(at->age)) * 10 + last;
  double lift = (rebought_cells[cell] + 35.0 * k0) / (expected_cells[cell] / 1048576.0 + 35.0) / k0;
  double root = sqrt(lift);
  return at->habit / (habit_sum + 0.5) * rate * root * sqrt(root);
}

static void insert(uint32_t item, float score) {
  if (!(marks[item].flags & ELIGIBLE) || marks[item].excluded == epoch) return;
  uint64_t hash = records[item].hash;
  uint32_t index = result_count;
  if (result_count == LIMIT) {
    const result *last = &results[LIMIT - 1];
    if (score == last->score && hash >= records[last->item].hash) return;
    index = LIMIT - 1;
  } else {
    result_count++;
  }
  while (index > 0) {
    const result *above = &results[index - 1];
    if (above->score > score) break;
    if (above->score == score && records[above->item].hash < hash) break;
    results[index] = *above;
    index--;
  }
  results[index] = (result){item, score};
}

static void offer(uint32_t item, float score) {
  if (result_count == LIMIT && score < results[LIMIT - 1].score) return;
  insert(item, score);
}

static double blend(const hot *at, double by_accumulator, double by_popularity) {
  return by_accumulator * ((double)at->acc * (double)at->in_factor) + by_popularity * at->pop;
}

static void offer_one(uint32_t item, double by_accumulator, double by_popularity) {
  if (hots[item].acc == 0) return;
  offer(item, (float)blend(&hots[item], by_accumulator, by_popularity));
}

// Four at a time, by an upper bound in single precision that hardly any of them passes.
static void offer_touched(double by_accumulator, double by_popularity) {
  float by_acc = (float)by_accumulator * 1.000001f, by_pop = (float)by_popularity * 1.000001f;
  hot *const own = hots;
  const uint32_t count = touched_count;
  uint32_t k = 0;
  for (; k + 4 <= count; k += 4) {
    hot *const at[4] = {&own[touched[k]], &own[touched[k + 1]], &own[touched[k + 2]],
                        &own[touched[k + 3]]};
    float least = result_count == LIMIT ? results[LIMIT - 1].score : -INFINITY;
    int passes = 0;
    for (int l = 0; l < 4; l++) {
      passes |= by_acc * (at[l]->acc * at[l]->in_factor) + by_pop * at[l]->pop + 1e-36f >= least;
    }
    if (passes) {
      for (int l = 0; l < 4; l++) offer_one(touched[k + l], by_accumulator, by_popularity);
    }
    for (int l = 0; l < 4; l++) at[l]->acc = 0;
  }
  for (; k < count; k++) {
    offer_one(touched[k], by_accumulator, by_popularity);
    hots[touched[k]].acc = 0;
  }
}

static void offer_the_rest(double by_popularity) {
  float best = (float)(by_popularity * head.threshold);
  if (result_count == LIMIT && results[LIMIT - 1].score >= best) return;
  for (uint32_t k = 0; k < touched_count; k++) marks[touched[k]].stamp = epoch;
  for (uint32_t item = 0; item < head.items; item++) {
    if (marks[item].stamp == epoch || marks[item].flags & POPULAR) continue;
    if (hots[item].pop > 0) offer(item, (float)(by_popularity * hots[item].pop));
  }
}

static void select_best(double by_accumulator, double by_popularity) {
  for (uint32_t k = 0; k < anchor_count; k++) {
    hot *at = &hots[anchors[k].item];
    const double again = anchors[k].again = repeat_term(&anchors[k]);
    offer(anchors[k].item, (float)(blend(at, by_accumulator, by_popularity) + again));
    at->acc = 0;
  }
  for (uint32_t k = 0; k < head.popular; k++) {
    if (marks[popular[k]].stamp == epoch) continue;
    hot *at = &hots[popular[k]];
    float score = (float)blend(at, by_accumulator, by_popularity);
    if (score > 0) offer(popular[k], score);
    at->acc = 0;
  }
  offer_touched(by_accumulator, by_popularity);
  offer_the_rest(by_popularity);
}

static void serve(uint32_t member) {
  epoch++;
  anchor_count = touched_count = result_count = 0;
  affinity_sum = habit_sum = 0;
  read_history(histories + (size_t)member * head.history_bytes, head.history_bytes);
  weigh_history();
  accumulate_next();
  double share = own_repeat_share(), odds = (1 - share) / share;
  select_best(0.36 * odds / sqrt(10 * affinity_sum), 0.06 * odds / 2000000);
}

static void *take(FILE *file, size_t count, size_t bytes) {
  void *block = malloc(count * bytes + 64);
  if (!block || fread(block, bytes, count, file) != count) exit(2);
  return block;
}

static void load(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file || fread(&head, sizeof head, 1, file) != 1) exit(2);
  expected_cells = take(file, HABIT_CELLS, sizeof(double));
  rebought_cells = take(file, HABIT_CELLS, sizeof(double));
  records = take(file, head.items, sizeof(record));
  hots = take(file, head.items, sizeof(hot));
  int32_t *row_of = take(file, head.items, 4);
  views = take(file, head.rows, sizeof(view));
  popular = take(file, head.popular, 4);
  histories = take(file, head.members, head.history_bytes);
  fclose(file);
  marks = calloc(head.items, sizeof(mark));
  row_views = calloc(head.items, sizeof(view *));
  touched = calloc(head.items + 1, 4);
  for (uint32_t item = 0; item < head.items; item++) {
    marks[item].flags = ELIGIBLE;
    if (row_of[item] >= 0) row_views[item] = &views[row_of[item]];
  }
  for (uint32_t k = 0; k < head.popular; k++) marks[popular[k]].flags |= POPULAR;
  free(row_of);
}

int main(int words, char **word) {
  if (words != 2) return 2;
  load(word[1]);
  uint32_t member, count;
  while (scanf("%u %u", &member, &count) == 2) {
    for (uint32_t k = 0; k < count; k++) {
      struct timespec from, to;
      clock_gettime(CLOCK_MONOTONIC, &from);
      serve((member + k) % head.members);
      clock_gettime(CLOCK_MONOTONIC, &to);
      double ns = (to.tv_sec - from.tv_sec) * 1e9 + (to.tv_nsec - from.tv_nsec);
      memset(results + result_count, 0, (LIMIT - result_count) * sizeof(result));
      fwrite(&ns, 8, 1, stdout);
      fwrite(results, sizeof(result), LIMIT, stdout);
    }
    fflush(stdout);
  }
  return 0;
}
