/** In which order the places of a screen are asked for. */

import { PRIORITY } from "../data/tiles.js";
import { TILE_ROWS, tilesOf } from "../model/viewport.js";

/** @typedef {import("./columndata.js").Screen} Screen */

/**
 * Places of a screen and of where it is going, in the order in which they are asked for: what is seen and stays, what comes,
 * and what is seen and leaves before it could be here. From the middle outwards, where a zoom goes to.
 * @param {Pick<Screen, "rows" | "level">} screen
 * @param {Pick<Screen, "rows" | "level">[]} soon
 */
export function inTurn(screen, soon) {
  /** @param {Pick<Screen, "rows" | "level">} of */
  const outwards = ({ rows, level }) => {
    const middle = rows[rows.length >> 1] / TILE_ROWS;
    return tilesOf(rows).sort((a, b) => Math.abs(a + 0.5 - middle) - Math.abs(b + 0.5 - middle)).map((index) => ({ level, index }));
  };
  const seen = outwards(screen);
  const coming = soon.flatMap(outwards);
  /** @param {{level: number, index: number}} place @param {{level: number, index: number}[]} places */
  const isIn = (place, places) => places.some((one) => one.level === place.level && one.index === place.index);
  const stays = soon.length === 0 ? seen : seen.filter((place) => isIn(place, coming));
  return [
    ...stays.map((place) => ({ ...place, priority: PRIORITY.sharp })),
    ...coming.filter((place) => !isIn(place, stays)).map((place) => ({ ...place, priority: PRIORITY.next })),
    ...seen.filter((place) => !isIn(place, stays)).map((place) => ({ ...place, priority: PRIORITY.leaving })),
  ];
}
