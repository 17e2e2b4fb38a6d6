import { ProxyError } from "../../../src/errors.ts";
import { STATUS } from "../../../src/status.ts";

/** The refusal that `attempt` throws or rejects with; an error when there is none. */
export async function refusalOf(attempt: () => unknown): Promise<ProxyError> {
  try {
    await attempt();
  } catch (error) {
    if (error instanceof ProxyError) return error;
    throw error;
  }
  throw new Error("it was not refused");
}

/** Its public code, 0 on success. */
export async function codeOf(attempt: () => unknown): Promise<number> {
  try {
    await attempt();
    return 0;
  } catch (error) {
    if (error instanceof ProxyError) return STATUS[error.status];
    throw error;
  }
}
