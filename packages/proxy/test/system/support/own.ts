/** A member of the object itself, even `__proto__`; throws when there is none. */
export function own<T>(map: Readonly<Record<string, T>>, id: string): T {
  const value = Object.getOwnPropertyDescriptor(map, id)?.value as T | undefined;
  if (value === undefined) throw new Error(`nothing for the id ${JSON.stringify(id)}`);
  return value;
}
