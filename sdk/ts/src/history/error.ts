/** Why the history of events cannot be read on without a gap. */
export type EventHistoryReason =
    | 'cursorInvalid'
    | 'cursorUnknown'
    | 'historyEnds'
    | 'innerInstructionsMissing'
    | 'nodeBehind'
    | 'pageMissing'
    | 'transactionMissing';

const TEXTS: Readonly<Record<EventHistoryReason, string>> = {
    cursorInvalid: 'This is not a cursor of readEvents',
    cursorUnknown: 'The node knows what came before the cursor, but not the transaction that it names',
    historyEnds: "The node's history ends before it reaches the cursor",
    innerInstructionsMissing: 'The node does not keep inner instructions, in which events are',
    nodeBehind: 'The node has not come as far as the cursor',
    pageMissing: 'The node does not know a transaction that it has listed',
    transactionMissing: 'The node lists a transaction and does not have it',
};

/** The history of events cannot be read on without a gap; nothing after the last cursor was given out. */
export class EventHistoryError extends Error {
    override readonly name = 'EventHistoryError';
    constructor(
        readonly reason: EventHistoryReason,
        /** The transaction or the cursor that it is about. */
        readonly about: string | undefined,
    ) {
        super(about === undefined ? TEXTS[reason] : `${TEXTS[reason]}: ${about}`);
    }

    /** Whether another node of the same address, or the same a little later, may know more. */
    get mayPass(): boolean {
        return this.reason !== 'cursorInvalid' && this.reason !== 'innerInstructionsMissing';
    }
}
