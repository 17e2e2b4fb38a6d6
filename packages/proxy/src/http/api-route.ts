import { type Static, type TObject, type TProperties, type TSchema, Type } from "typebox";
import type { ApiPath } from "./endpoints.ts";
import type { Exchange } from "./exchange.ts";
import { METADATA, type MetadataProperties } from "./schemas/metadata.ts";

/** The whole body of a route with members of its own. */
export type BodyOf<P extends TProperties> = Static<TObject<Omit<MetadataProperties, keyof P> & P>>;

/** One endpoint: what it reads, what it answers, and the use case it calls. */
export interface ApiRoute {
  readonly path: ApiPath;
  readonly summary: string;
  /** Validates the body and describes it in the OpenAPI document. */
  readonly body: TSchema;
  readonly answer: TSchema;
  /** How many things a body asks for that nobody has validated yet; for the batch limit. */
  itemsOf(body: Readonly<Record<string, unknown>>): number;
  /** Asks for many things in one answer: one such request at a time on a connection. */
  readonly inParts: boolean;
  /** Answers the exchange. `text` is what the body was parsed from. Throws a `ProxyError` that becomes the answer. */
  serve(exchange: Exchange, body: never, text: string): void;
}

export interface ApiRouteOptions<P extends TProperties> {
  readonly path: ApiPath;
  readonly summary: string;
  /** Added to the metadata, which they may refine. */
  readonly members: P;
  readonly answer: TSchema;
  /** Default: false. */
  readonly inParts?: boolean;
  readonly itemsOf?: (body: Readonly<Record<string, unknown>>) => number;
  readonly serve: (exchange: Exchange, body: BodyOf<P>, text: string) => void;
}

export function apiRoute<P extends TProperties>(options: ApiRouteOptions<P>): ApiRoute {
  const { members, itemsOf = () => 1, inParts = false, ...route } = options;
  return { ...route, itemsOf, inParts, body: Type.Object({ ...METADATA, ...members }) };
}

/** Entries of a member that should be an array or an object. */
export function entriesIn(value: unknown): number {
  if (Array.isArray(value)) return value.length;
  return typeof value === "object" && value !== null ? Object.keys(value).length : 0;
}
