import type { Address, Instruction, TransactionSigner } from '@solana/kit';

import { rampsUnderWay } from './changes.js';
import { type Engine, type RampArg, type Registry, type StoredPause, getSetPauseInstruction } from './generated/index.js';
import { findRegistry } from './pdas.js';

/** What can be paused, by the bit that does it. */
export const PAUSE_BITS = {
    withdraw: 1 << 0,
    borrow: 1 << 1,
    fill: 1 << 2,
    liquidate: 1 << 3,
    settle: 1 << 4,
    resolve: 1 << 5,
    price: 1 << 6,
    openAccount: 1 << 7,
} as const;

/** Something that can be paused. */
export type Pausable = keyof typeof PAUSE_BITS;

/** A pause that stands. */
export interface StandingPause {
    readonly what: Pausable;
    /** When it ends by itself, Unix seconds. */
    readonly until: bigint;
    /** Whose it is that ends last. */
    readonly by: 'authority' | 'guardian';
    /** How many the guardian has begun in a row. */
    readonly guardianInARow: number;
}

const later = ({ authorityUntilAt, guardianUntilAt }: StoredPause): bigint =>
    authorityUntilAt > guardianUntilAt ? authorityUntilAt : guardianUntilAt;

/** The pauses of an engine that stand at a time, Unix seconds. */
export function standingPauses(registry: Pick<Registry, 'pauseBits' | 'pauses'>, now: bigint): StandingPause[] {
    return (Object.keys(PAUSE_BITS) as Pausable[]).flatMap((what, place): StandingPause[] => {
        const pause = registry.pauses[place];
        if (pause === undefined || (registry.pauseBits & PAUSE_BITS[what]) === 0 || later(pause) <= now) return [];
        const by = pause.authorityUntilAt >= pause.guardianUntilAt ? 'authority' : 'guardian';
        return [{ what, until: later(pause), by, guardianInARow: pause.guardianInARow }];
    });
}

const bitsOf = (what: readonly Pausable[]): number => what.reduce((bits, one) => bits | PAUSE_BITS[one], 0);

/** Who pauses or ends pauses, and of which engine. */
export interface Pausing {
    readonly engine: Address;
    /** The guardian or the authority; only the authority ends a pause early. */
    readonly signer: TransactionSigner;
    readonly what: readonly Pausable[];
}

/**
 * Pauses for a while.
 *
 * @param lastsSecs As long as the signer may by default: the guardian six hours, the authority seven days.
 */
export async function pauseInstruction({ engine, signer, what }: Pausing, lastsSecs?: number): Promise<Instruction> {
    const registry = await findRegistry(engine);
    const bits = { addBits: bitsOf(what), removeBits: 0, lastsSecs: lastsSecs ?? null };
    return getSetPauseInstruction({ signer, engine, registry, ...bits });
}

/** Ends pauses before they end by themselves. */
export async function unpauseInstruction({ engine, signer, what }: Pausing): Promise<Instruction> {
    const registry = await findRegistry(engine);
    return getSetPauseInstruction({ signer, engine, registry, addBits: 0, removeBits: bitsOf(what), lastsSecs: null });
}

/** Who holds which power over an engine, and what slows it down. */
export interface Powers {
    /** By role. A key in `pending` may take the role over. */
    readonly holders: Readonly<Record<'authority' | 'riskAuthority' | 'guardian' | 'feeCollector', Address>>;
    /** Whether accounts can be opened, and changes wait. */
    readonly isLaunched: boolean;
    /** An engine for tests; the flag is there for ever. */
    readonly isTestCluster: boolean;
    /** Whether the authority sets everything at once: before the launch, and where the delay is zero. */
    readonly isSetUpFreely: boolean;
    /** How long a change waits in public, seconds. */
    readonly changeDelaySecs: number;
    /** How far a weight that can liquidate somebody moves within an hour, ppm. */
    readonly weightRampPpmPerHour: number;
    /** How far a rate that can liquidate somebody moves within an hour, ppm of notional. */
    readonly rateRampPpmPerHour: number;
    /** What the caps of a new bank or market may be worth, dollars. */
    readonly firstCapUsd: number;
    /** Changes proposed so far: the number of the next. */
    readonly changesProposed: bigint;
    /** What moves now. */
    readonly ramps: readonly RampArg[];
    /** What is paused. */
    readonly pauses: readonly StandingPause[];
}

/** The powers over an engine at a time, Unix seconds. What each role may is in the repository's `docs/powers.md`. */
export function powersOf(engine: Engine, registry: Registry, now: bigint): Powers {
    const { authority, riskAuthority, guardian, feeCollector } = engine;
    const { changeDelaySecs, weightRampPpmPerHour, rateRampPpmPerHour, firstCapUsd } = registry.params.changes;
    const isLaunched = registry.launched === 1;
    return {
        holders: { authority, riskAuthority, guardian, feeCollector },
        isLaunched,
        isTestCluster: registry.testCluster === 1,
        isSetUpFreely: !isLaunched || changeDelaySecs === 0,
        changeDelaySecs,
        weightRampPpmPerHour,
        rateRampPpmPerHour,
        firstCapUsd,
        changesProposed: engine.changesProposed,
        ramps: rampsUnderWay(registry),
        pauses: standingPauses(registry, now),
    };
}
