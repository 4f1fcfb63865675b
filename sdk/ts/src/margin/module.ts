import { getAddressEncoder } from '@solana/kit';

import { engineError } from '../errors.js';
import { type MarginView, getMarginViewDecoder } from '../generated/index.js';
import { MARGIN_FLAGS } from './may.js';
import { staleLegs } from './stale.js';
import {
    assessmentDecoder,
    clocksOf,
    decodeBankLimits,
    decodeBreaker,
    decodeLiquidationPrices,
    legName,
    legNumbers,
    planDecoder,
    regimeOf,
} from './decoders.js';
import type {
    Assessment,
    BankInputs,
    BankLimits,
    Breaker,
    LiquidationPlan,
    LiquidationPrices,
    LiquidationRefusal,
    LiquidationRequest,
    MarginInputs,
    MarketInputs,
    MoneyMove,
    NamedMarginView,
} from './types.js';

/** The module has no answer: what it was given is not such an account, or cannot be valued. */
export class MarginModuleError extends Error {
    override readonly name = 'MarginModuleError';
    constructor(
        /** 1: no margin account, 2: no registry, 3: no price board, 4: no leg or price slot, 5: no bank, 6: no market; else the program's code. */
        readonly code: number,
    ) {
        super(MODULE_ERRORS[code] ?? engineError(code).message);
    }
}

const MODULE_ERRORS: Readonly<Record<number, string>> = {
    1: 'The first account is not a margin account',
    2: 'The second account is not a registry',
    3: 'The third account is not a price board',
    4: 'The request names no leg or price slot that exists',
    5: 'The account is not a bank',
    6: 'The account is not a market',
};

/** Version of the module's exports that this file is written for. */
const INTERFACE_VERSION = 5;
const addressEncoder = getAddressEncoder();
/** Room for an answer, bytes. */
const ANSWER_LEN = 256;
const AS_MUCH_AS_ALLOWED = (1n << 64n) - 1n;

interface ModuleExports {
    readonly memory: WebAssembly.Memory;
    interface_version(): number;
    account_address(): number;
    account_len(): number;
    key_address(): number;
    registry_address(): number;
    registry_len(): number;
    board_address(): number;
    board_len(): number;
    answer_address(): number;
    margin_view(now: bigint, all: number): number;
    margin_after(now: bigint, bank: number, changeAtoms: bigint, all: number): number;
    assess(now: bigint): number;
    liquidation_plan(
        now: bigint,
        legKind: number,
        assetOrMarket: number,
        liability: number,
        maxSize: bigint,
        minSize: bigint,
        limitNumerator: bigint,
        limitDenominator: bigint,
    ): number;
    liquidation_prices(now: bigint, slot: number): number;
    bank_address(): number;
    bank_len(): number;
    bank_limits(now: bigint): number;
    market_address(): number;
    market_len(): number;
    market_breaker(now: bigint): number;
}

/** The program's margin functions, compiled to WebAssembly. Calls are synchronous and share nothing. */
export class MarginModule {
    readonly #exports: ModuleExports;

    private constructor(exports: ModuleExports) {
        this.#exports = exports;
    }

    /**
     * Instantiates the module.
     *
     * @param source Its bytes or the compiled module; the file of this package by default, which a bundler that does not
     * follow `new URL(…, import.meta.url)` has to be given by hand (`@plimsoll/client/wasm/plimsoll.wasm`).
     */
    static async load(source?: BufferSource | WebAssembly.Module): Promise<MarginModule> {
        const given = source ?? (await packagedBytes());
        const compiled = given instanceof WebAssembly.Module ? given : await WebAssembly.compile(given);
        const instance = await WebAssembly.instantiate(compiled, {});
        const exports = instance.exports as unknown as ModuleExports;
        if (exports.interface_version?.() !== INTERFACE_VERSION) {
            throw new Error(`the WebAssembly module is not of interface version ${INTERFACE_VERSION}`);
        }
        return new MarginModule(exports);
    }

    /**
     * What `check_margin` returns, with the stale legs by name.
     *
     * @param views `all`: maintenance at spot and at the fast average, and initial; `spot`: only the first, the others 0 and not
     * among its `views`.
     * @throws MarginModuleError
     */
    marginView(inputs: MarginInputs, views: 'all' | 'spot' = 'all'): NamedMarginView {
        return this.#namedView(inputs, () => this.#exports.margin_view(inputs.now, views === 'all' ? 1 : 0));
    }

    /**
     * What `check_margin` would return once a move of money is done: by the ledger that the program books it with. What the
     * bank, its caps and its limits say of the move is not looked at.
     *
     * @param bank Slot of the bank.
     * @param changeAtoms Deposited or repaid; withdrawn or borrowed where negative.
     * @throws MarginModuleError
     */
    marginAfter(
        inputs: MarginInputs,
        { bank, changeAtoms }: MoneyMove,
        views: 'all' | 'spot' = 'all',
    ): NamedMarginView {
        const ask = () => this.#exports.margin_after(inputs.now, bank, changeAtoms, views === 'all' ? 1 : 0);
        return this.#namedView(inputs, ask, bank);
    }

    /**
     * Whether the account may be liquidated now, in which regime, and by which leg first.
     *
     * @throws MarginModuleError
     */
    assess(inputs: MarginInputs): Assessment {
        this.#write(inputs);
        const found = assessmentDecoder.decode(this.#answer(this.#exports.assess(inputs.now)));
        return {
            regime: regimeOf(found.regime),
            isCapped: found.isCapped === 1,
            healthPpm: found.healthPpm,
            bestRatePpm: found.bestRatePpm,
            best: legName(found.best),
            quoteSeizableAtoms: found.quoteSeizableAtoms,
            quoteOwedAtoms: found.quoteOwedAtoms,
            clocks: clocksOf(found.clocks),
        };
    }

    /**
     * What a liquidation would do now, to the atom. The liquidator's own margin is not looked at.
     *
     * @throws MarginModuleError where the account cannot be valued; a refusal is returned.
     */
    liquidationPlan(inputs: MarginInputs, request: LiquidationRequest): LiquidationPlan | LiquidationRefusal {
        this.#write(inputs);
        const code = this.#exports.liquidation_plan(
            inputs.now,
            ...legNumbers(request.leg),
            request.maxSize ?? AS_MUCH_AS_ALLOWED,
            request.minSize ?? 0n,
            request.limit?.numerator ?? 0n,
            request.limit?.denominator ?? 0n,
        );
        const { reason, regime, best, clocks, pad: _, ...amounts } = planDecoder.decode(this.#answer(code));
        if (reason !== 0) return { kind: 'refused', error: engineError(reason), best: legName(best) };
        return { kind: 'plan', regime: regimeOf(regime) ?? 'cure', ...amounts, clocks: clocksOf(clocks) };
    }

    /**
     * At which spot prices of one underlying the account goes under water, every other price unchanged.
     *
     * @param priceSlot Slot of the price board.
     * @throws MarginModuleError
     */
    liquidationPrices(inputs: MarginInputs, priceSlot: number): LiquidationPrices {
        this.#write(inputs);
        return decodeLiquidationPrices(this.#answer(this.#exports.liquidation_prices(inputs.now, priceSlot)));
    }

    /**
     * What may still leave a bank, and be drawn of its insurance.
     *
     * @throws MarginModuleError
     */
    bankLimits({ bank, registry, now }: BankInputs): BankLimits {
        const at = this.#exports;
        this.#place([
            [bank, at.bank_address(), at.bank_len(), 5],
            [registry, at.registry_address(), at.registry_len(), 2],
        ]);
        return decodeBankLimits(this.#answer(at.bank_limits(now)));
    }

    /**
     * How near the breaker of a market's liquidations is to tripping, and until when it stands: while it does, no fill makes
     * both sides larger.
     *
     * @throws MarginModuleError
     */
    marketBreaker({ market, registry, now }: MarketInputs): Breaker {
        const at = this.#exports;
        this.#place([
            [market, at.market_address(), at.market_len(), 6],
            [registry, at.registry_address(), at.registry_len(), 2],
        ]);
        return decodeBreaker(this.#answer(at.market_breaker(now)));
    }

    /** The view that `ask` answers with, and which legs are stale; `moved` may be a bank that nothing is held of yet. */
    #namedView(inputs: MarginInputs, ask: () => number, moved?: number): NamedMarginView {
        const viewOn = (board: Uint8Array): MarginView => {
            this.#write({ ...inputs, board });
            return getMarginViewDecoder().decode(this.#answer(ask()));
        };
        const hasStale = (view: MarginView) => (view.flags & MARGIN_FLAGS.stale) !== 0;
        const view = viewOn(inputs.board);
        const stale = hasStale(view) ? staleLegs(inputs, (board) => hasStale(viewOn(board)), moved) : [];
        return { ...view, staleLegs: stale };
    }

    #write({ address: key, account, registry, board }: MarginInputs): void {
        const at = this.#exports;
        this.#place([
            [account, at.account_address(), at.account_len(), 1],
            [registry, at.registry_address(), at.registry_len(), 2],
            [board, at.board_address(), at.board_len(), 3],
            [Uint8Array.from(addressEncoder.encode(key)), at.key_address(), 32, 1],
        ]);
    }

    #place(parts: [Uint8Array, number, number, number][]): void {
        const { memory } = this.#exports;
        for (const [bytes, address, length, code] of parts) {
            if (bytes.length !== length) throw new MarginModuleError(code);
            new Uint8Array(memory.buffer, address, length).set(bytes);
        }
    }

    /** A copy of the answer, so that the next call does not change it. */
    #answer(code: number): Uint8Array {
        if (code !== 0) throw new MarginModuleError(code);
        return new Uint8Array(this.#exports.memory.buffer, this.#exports.answer_address(), ANSWER_LEN).slice();
    }
}

/** The module's file of this package. */
async function packagedBytes(): Promise<BufferSource> {
    const file = new URL('../../wasm/plimsoll.wasm', import.meta.url);
    if (file.protocol === 'file:') {
        // Not imported: a bundler would follow it, and one that makes a single file of a worker could not.
        const { readFile } = process.getBuiltinModule('node:fs/promises');
        return Uint8Array.from(await readFile(file));
    }
    const response = await fetch(file);
    if (!response.ok) throw new Error(`${file} was answered with ${response.status}`);
    return response.arrayBuffer();
}
