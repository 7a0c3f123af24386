import { Linked, LinkedList } from "../core/linked-list.ts";

/** A place in a {@link FairQueue}. */
export class Place extends Linked {
  /** @internal The wave of the place; null once it has left the queue. */
  wave: Wave | null = null;
}

/** The places that one caller took in one turn. */
class Wave extends Linked {
  readonly places = new LinkedList<Place>();

  constructor(
    readonly caller: Caller,
    readonly turn: number,
  ) {
    super();
  }
}

/** All places of one caller. */
class Caller extends Linked {
  readonly waves = new LinkedList<Wave>();
  latest: Wave | null = null;

  constructor(readonly key: object) {
    super();
  }
}

/**
 * A queue in which callers take turns, however many places each has, and within a caller the waves in which the places were taken: who
 * comes with one input waits for one input of each of the others, and not for the ten thousand that came at once before.
 *
 * Leaving costs the same as being served, and nothing is kept of a caller who has no place.
 */
export class FairQueue {
  private readonly callers = new LinkedList<Caller>();
  private readonly byKey = new Map<object, Caller>();
  private turn = 0;
  private isTurnEnding = false;
  length = 0;

  /** @param soon Calls back when the current turn ends. Places taken in one turn by one caller are one wave. */
  constructor(private readonly soon: (callback: () => void) => void) {}

  /** @param key The object that stands for the caller. */
  push(place: Place, key: object): void {
    let caller = this.byKey.get(key);
    if (caller === undefined) {
      caller = new Caller(key);
      this.byKey.set(key, caller);
      this.callers.push(caller);
    }
    let { latest } = caller;
    if (latest === null || latest.turn !== this.turn || latest.places.length === 0) {
      latest = new Wave(caller, this.turn);
      caller.latest = latest;
      caller.waves.push(latest);
    }
    latest.places.push(place);
    place.wave = latest;
    this.length++;
    this.endTurn();
  }

  /** Takes out the next place. */
  shift(): Place | null {
    const caller = this.callers.shift();
    const wave = caller?.waves.shift();
    const place = wave?.places.shift();
    if (caller === null || !wave || !place) return null;
    place.wave = null;
    this.length--;
    if (wave.places.length > 0) caller.waves.push(wave);
    if (caller.waves.length > 0) this.callers.push(caller);
    else this.byKey.delete(caller.key);
    return place;
  }

  /** Takes a place out before its turn; false if it has been served. */
  remove(place: Place): boolean {
    const { wave } = place;
    if (wave === null) return false;
    const { caller, places } = wave;
    places.remove(place);
    place.wave = null;
    this.length--;
    if (places.length > 0) return true;
    caller.waves.remove(wave);
    if (caller.waves.length > 0) return true;
    this.callers.remove(caller);
    this.byKey.delete(caller.key);
    return true;
  }

  private endTurn(): void {
    if (this.isTurnEnding) return;
    this.isTurnEnding = true;
    this.soon(() => {
      this.isTurnEnding = false;
      this.turn++;
    });
  }
}
