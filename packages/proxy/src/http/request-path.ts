/** Paths under this prefix need an API key, whether or not there is such a route. */
const API_PREFIX = "/api/";

/**
 * The request target as the router takes it: in origin form, with one slash in front, because
 * clients join a base address that ends in a slash with a path that begins with one.
 */
export function routedUrl(url: string): string {
  if (url.charCodeAt(0) === 0x2f && url.charCodeAt(1) !== 0x2f) return url;
  const target = /^[a-z][a-z\d+.-]*:\/\/[^/?#]*(.*)$/is.exec(url)?.[1] ?? url;
  return target.replace(/^\/*/, "/");
}

/** Path of a target for the comparison with routes: decoded as the router does, without query. */
export function pathOf(url: string): string {
  const [path = ""] = routedUrl(url).split(/[?#]/, 1);
  return decoded(path, decodeURI);
}

/** Whether a target lies under `/api/`, in whatever spelling. */
export function needsApiKey(url: string): boolean {
  const [path = ""] = routedUrl(url).split(/[?#]/, 1);
  return decoded(path, decodeURIComponent).replace(/^\/*/, "/").startsWith(API_PREFIX);
}

function decoded(path: string, decode: (text: string) => string): string {
  try {
    return decode(path);
  } catch {
    return path;
  }
}
