/** What the operator can do about the errors that the operating system gives most often. */
const EXPLANATIONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EADDRINUSE: "the address is in use by another process",
  EADDRNOTAVAIL: "this machine does not have the address",
  EEXIST: "it exists already",
  EISDIR: "it is a folder",
  EMFILE: "too many open files: raise the limit (ulimit -n)",
  ENOENT: "no such file or folder",
  ENOSPC: "the disk is full",
  ENOTDIR: "a part of the path is no folder",
  EPERM: "not permitted",
  EROFS: "the file system is read-only",
};

interface SystemError extends Error {
  readonly code: string;
  readonly path?: string;
  readonly address?: string;
  readonly port?: number;
}

/** Whether `error` is one that somebody can mend outside this program. */
function isSystemError(error: unknown): error is SystemError {
  return (
    error instanceof Error &&
    "code" in error &&
    typeof error.code === "string" &&
    Object.hasOwn(EXPLANATIONS, error.code)
  );
}

/** One line without a stack: which file or address, and what is the matter with it. */
export function explainSystemError(error: unknown): string {
  if (!isSystemError(error)) return error instanceof Error ? error.message : String(error);
  const subject = error.path ?? addressOf(error);
  const explanation = `${EXPLANATIONS[error.code]} (${error.code})`;
  return subject === undefined ? explanation : `${subject}: ${explanation}`;
}

function addressOf({ address, port }: SystemError): string | undefined {
  if (address === undefined || port === undefined) return undefined;
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
