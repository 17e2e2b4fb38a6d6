import type { Exchange } from "./exchange.ts";
import { hostRefusal } from "./head.ts";
import type { Scrape } from "./ports.ts";

/** Answers a scrape, in an overload above all. Prometheus sends no API key. */
export function metricsHandler(scrape: () => Promise<Scrape>): (exchange: Exchange) => void {
  return (exchange) => {
    const refusal = hostRefusal(exchange);
    if (refusal !== undefined) {
      exchange.refuse(refusal);
      return;
    }
    exchange.waitFor(
      scrape().then(({ contentType, body }) => exchange.succeedWith(contentType, body)),
    );
  };
}
