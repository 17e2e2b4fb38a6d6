/** The event queue, as the recorder needs it. Everything returns at once. */
export interface EventSink {
  /** Whether an event offered now is dropped, however small: it need not be made. */
  readonly full: boolean;

  /** Takes the event, or drops it and counts the drop. */
  offer(event: string): boolean;

  /** Takes the event, or gives `false` and counts nothing: the caller refuses the operation. */
  tryOffer(event: string): boolean;

  /** Counts an event that was not made because the queue is full, as one dropped at once. */
  miss(): void;
}
