// A set of small numbers that is emptied at once: each bears the stamp of when it was added last.

export class Stamps {
  private stamps = new Uint32Array(1_024);
  private stamp = 1;

  /** Empties it. */
  begin(): void {
    this.stamp += 1;
    if (this.stamp < 2 ** 32) return;
    this.stamps.fill(0);
    this.stamp = 1;
  }

  has(number: number): boolean {
    return this.stamps[number] === this.stamp;
  }

  /** Whether it was not there yet. */
  add(number: number): boolean {
    if (this.stamps[number] === this.stamp) return false;
    if (number >= this.stamps.length) {
      const larger = new Uint32Array(2 * number);
      larger.set(this.stamps);
      this.stamps = larger;
    }
    this.stamps[number] = this.stamp;
    return true;
  }
}
