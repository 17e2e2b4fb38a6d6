/** The event queue, as the recorder needs it. Both methods return at once. */
export interface EventSink {
  /** Takes the event, or drops it and counts the drop. */
  offer(event: string): boolean;

  /** Takes the event, or gives `false` and counts nothing: the caller refuses the operation. */
  offerIfRoom(event: string): boolean;
}
