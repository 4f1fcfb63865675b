export type { EventCursor } from './cursor.js';
export * from './error.js';
export type { EventFilter } from './filter.js';
export * from './read.js';
export {
    type RecordedInstruction,
    type RecordedTransaction,
    type TransactionEvent,
    type UnreadableEvent,
    eventsOfTransaction,
} from './transaction.js';
