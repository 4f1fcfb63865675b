import type { Address } from '@solana/kit';

import type { MarginView } from '../generated/index.js';

/** Whose margin a caller means: an account of an engine by its address, or any of an owner's. */
export type ExpectedMargin = { readonly engine: Address } & (
    | { readonly account: Address; readonly owner?: never }
    | { readonly owner: Address; readonly account?: never }
);

/** Why an answer does not say what it was asked. */
export type MarginViewRefusal = 'engineMismatch' | 'accountMismatch' | 'ownerMismatch' | 'viewMissing';

/** An answer that is not about the account that is meant, or lacks the view that is needed. */
export class MarginViewError extends Error {
    override readonly name = 'MarginViewError';
    constructor(readonly refusal: MarginViewRefusal) {
        super(REFUSALS[refusal]);
    }
}

const REFUSALS: Readonly<Record<MarginViewRefusal, string>> = {
    engineMismatch: "The margin is another engine's",
    accountMismatch: "The margin is another account's",
    ownerMismatch: "The margin is that of another owner's account",
    viewMissing: 'The answer lacks the view: ask for all of them',
};

/** Bits of `MarginView.views`. */
export const MARGIN_VIEWS = { spot: 1, fast: 2, initial: 4 } as const;
/** Bits of `MarginView.flags`, each of which forbids adding risk. */
export const MARGIN_FLAGS = { stale: 1, notReady: 2, saturated: 4, old: 8 } as const;

/**
 * Whether the account that is meant may add risk now: every price fresh, ready and in range, and NAV at or above the
 * initial requirement. Anybody may create an engine and be rich in it, so an answer says nothing without its engine.
 *
 * @throws MarginViewError where the answer is about another engine, account or owner, or was asked for spot alone.
 */
export function mayAddRisk(view: MarginView, expected: ExpectedMargin): boolean {
    if (view.engine !== expected.engine) throw new MarginViewError('engineMismatch');
    if (expected.account !== undefined && view.account !== expected.account) {
        throw new MarginViewError('accountMismatch');
    }
    if (expected.owner !== undefined && view.owner !== expected.owner) throw new MarginViewError('ownerMismatch');
    if ((view.views & MARGIN_VIEWS.initial) === 0) throw new MarginViewError('viewMissing');
    return view.flags === 0 && view.initNavUsdPico >= view.imrUsdPico;
}
