import { EVENT_SETTINGS, type EventCatalog } from "./catalog/events.ts";
import { HTTP_SETTINGS, type HttpCatalog } from "./catalog/http.ts";
import { IGNORED_SETTINGS, type IgnoredCatalog } from "./catalog/ignored.ts";
import { KEY_SETTINGS, type KeyCatalog } from "./catalog/keys.ts";
import { KMS_SETTINGS, type KmsCatalog } from "./catalog/kms.ts";
import { OVERLOAD_SETTINGS, type OverloadCatalog } from "./catalog/overload.ts";
import { PROCESS_SETTINGS, type ProcessCatalog } from "./catalog/process.ts";
import type { Setting } from "./setting.ts";

type Catalog = ProcessCatalog &
  HttpCatalog &
  OverloadCatalog &
  EventCatalog &
  KeyCatalog &
  KmsCatalog &
  IgnoredCatalog;

/** Every environment variable that the proxy reads. */
export const SETTINGS: Catalog = {
  ...PROCESS_SETTINGS,
  ...HTTP_SETTINGS,
  ...OVERLOAD_SETTINGS,
  ...EVENT_SETTINGS,
  ...KEY_SETTINGS,
  ...KMS_SETTINGS,
  ...IGNORED_SETTINGS,
};

export type SettingName = keyof Catalog;

/** The names whose entry is of one kind. */
export type NameOf<Kind extends Setting["kind"]> = {
  [Name in SettingName]: Catalog[Name] extends { readonly kind: Kind } ? Name : never;
}[SettingName];

/** The words that a `choice` may have. */
export type ChoiceOf<Name extends NameOf<"choice">> = Catalog[Name]["choices"][number];

/** The whole catalogue in its order, for whoever walks over it. */
export const SETTING_ENTRIES: readonly (readonly [SettingName, Setting])[] = Object.entries(
  SETTINGS,
) as [SettingName, Setting][];
