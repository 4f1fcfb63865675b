import type { Address } from '@solana/kit';

import { findMarginAccount, findRegistry } from '../pdas.js';
import type { TransactionEvent } from './transaction.js';

/** Which events; all of the program where nothing is named. */
export interface EventFilter {
    /** Of this engine. */
    readonly engine?: Address;
    /** That name this account: a margin account, a venue, a change, an owner. */
    readonly account?: Address;
}

/** Whether an event is asked for. */
export async function filterOf({ engine, account }: EventFilter): Promise<(of: TransactionEvent) => Promise<boolean>> {
    const registry = engine === undefined ? undefined : await findRegistry(engine);
    return async ({ event, accounts }) => {
        const data = event.data as Named;
        if (engine !== undefined) {
            // Of one that cannot be read: the engine whose registry its instruction was given.
            const isOf = data.engine === undefined ? accounts.some((key) => key === engine || key === registry) : data.engine === engine;
            if (!isOf) return false;
        }
        if (account === undefined) return true;
        if (event.name === 'Unreadable') return accounts.includes(account);
        if (names(data, account)) return true;
        if (event.name !== 'MarginCalled') return false;
        // The only event that names an account by its owner and number.
        return (await findMarginAccount(event.data.engine, event.data.owner, event.data.id)) === account;
    };
}

interface Named {
    readonly engine?: Address;
}

/** Whether an address stands anywhere in an event. */
function names(value: unknown, address: Address): boolean {
    if (value === address) return true;
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false;
    return Object.values(value).some((part) => names(part, address));
}
