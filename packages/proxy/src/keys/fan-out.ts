/**
 * Works through `items` in `width` parallel strands, each taking the next item when it is done with
 * its last: nothing is allocated for items that are not under way. `task` must not reject.
 */
export async function fanOut<T>(
  items: Iterable<T>,
  width: number,
  task: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items[Symbol.iterator]();
  const strand = async (first: T): Promise<void> => {
    await task(first);
    for (let next = rest.next(); next.done !== true; next = rest.next()) await task(next.value);
  };
  const strands: Promise<void>[] = [];
  while (strands.length < width) {
    const next = rest.next();
    if (next.done === true) break;
    strands.push(strand(next.value));
  }
  await Promise.all(strands);
}
