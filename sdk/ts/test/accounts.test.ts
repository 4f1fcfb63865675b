import { type Address, createSolanaRpcFromTransport } from '@solana/kit';
import { describe, expect, it } from 'vitest';

import {
    AccountNotFoundError,
    AccountStatus,
    PLIMSOLL_PROGRAM_ADDRESS,
    PositionKind,
    fetchMarginAccounts,
    fetchMarginState,
    findBoard,
    findMarginAccount,
    findRegistry,
    getMarginAccountDecoder,
    getMarginAccountEncoder,
    getPriceBoardDecoder,
    getRegistryDecoder,
    getRegistryEncoder,
    marginView,
    priceToDecimal,
} from '../src/index.js';
import { inputsOf, recording } from './recording.js';

const named = (name: string) => recording.cases.find((recorded) => recorded.name === name)!;

describe.each(recording.cases)('$name', (recorded) => {
    const inputs = inputsOf(recorded);
    const account = getMarginAccountDecoder().decode(inputs.account);

    it('is decoded as the Rust layout reads it', () => {
        const { decoded } = recorded;
        expect(account).toMatchObject({
            owner: decoded.owner,
            id: decoded.id,
            status: decoded.status,
            underWaterSecs: decoded.under_water_secs,
            observedAt: BigInt(decoded.observed_at),
        });
        const tokens = account.tokens.filter(({ used }) => used === 1);
        expect(tokens.map(({ bank, shares }) => ({ bank, shares: `${shares}` }))).toEqual(decoded.tokens);
        const perps = account.derivatives.filter(({ kind }) => kind === PositionKind.Perp);
        expect(
            perps.map(({ market, shares, cashAtoms, kEntry }) => ({
                market,
                shares: `${shares}`,
                cash_atoms: `${cashAtoms}`,
                k_entry: `${kEntry}`,
            })),
        ).toEqual(decoded.perps);
    });

    it('has the address of its owner and number', async () => {
        expect(await findMarginAccount(account.engine, account.owner, account.id)).toBe(recorded.address);
    });

    it('is encoded to the same bytes again', () => {
        expect(Uint8Array.from(getMarginAccountEncoder().encode(account))).toEqual(inputs.account);
    });
});

describe('registry and board', () => {
    const inputs = inputsOf(named('a healthy borrower'));

    it('are decoded slot by slot', () => {
        const registry = getRegistryDecoder().decode(inputs.registry);
        expect([registry.bankCount, registry.marketCount]).toEqual([3, 2]);
        expect(registry.banks.filter(({ status }) => status === 1).map(({ decimals }) => decimals)).toEqual([6, 9, 8]);
        expect(registry.banks[0]!.depositIndex).toBeGreaterThanOrEqual(1n << 48n);
        const board = getPriceBoardDecoder().decode(inputs.board);
        expect(board.slots.slice(0, board.count).map(({ spot }) => priceToDecimal(spot, 2))).toEqual([
            '1.00',
            '200.00',
            '100000.00',
        ]);
    });

    it('are encoded to the same bytes again', () => {
        const registry = getRegistryDecoder().decode(inputs.registry);
        expect(Uint8Array.from(getRegistryEncoder().encode(registry))).toEqual(inputs.registry);
    });
});

describe('fetching', () => {
    const recorded = named('a healthy borrower');
    const inputs = inputsOf(recorded);
    const { engine, owner } = getMarginAccountDecoder().decode(inputs.account);

    /** An RPC node that has these accounts and remembers what it was asked. */
    function node(accounts: Map<string, Uint8Array>, programOwner: string = PLIMSOLL_PROGRAM_ADDRESS) {
        const asked: { method: string; params: unknown[] }[] = [];
        const shown = (data: Uint8Array) => ({
            data: [Buffer.from(data).toString('base64'), 'base64'],
            executable: false,
            lamports: 1,
            owner: programOwner,
            rentEpoch: 0,
            space: data.length,
        });
        const rpc = createSolanaRpcFromTransport((async ({ payload }: { payload: unknown }) => {
            const { id, method, params } = payload as { id: string; method: string; params: unknown[] };
            asked.push({ method, params });
            const found = (key: string) => (accounts.has(key) ? shown(accounts.get(key)!) : null);
            const result =
                method === 'getMultipleAccounts'
                    ? { context: { slot: 7 }, value: (params[0] as string[]).map(found) }
                    : [...accounts].map(([pubkey, data]) => ({ pubkey, account: shown(data) }));
            return { jsonrpc: '2.0', id, result };
        }) as never);
        return { rpc, asked };
    }

    async function state(): Promise<Map<string, Uint8Array>> {
        return new Map([
            [recorded.address, inputs.account],
            [await findRegistry(engine), inputs.registry],
            [await findBoard(engine), inputs.board],
        ]);
    }

    it('reads account, registry and board in one request, ready for the margin functions', async () => {
        const { rpc, asked } = node(await state());
        const fetched = await fetchMarginState(rpc, engine, recorded.address as Address, { now: inputs.now });
        expect(asked).toHaveLength(1);
        expect(fetched).toMatchObject({ slot: 7n, marginAccount: { owner, status: AccountStatus.Active } });
        expect(await marginView(fetched)).toEqual(await marginView(inputs));
    });

    it("names the account that is missing or another program's", async () => {
        const accounts = await state();
        accounts.delete(recorded.address);
        const missing = fetchMarginState(node(accounts).rpc, engine, recorded.address as Address);
        await expect(missing).rejects.toThrow(AccountNotFoundError);
        await expect(missing).rejects.toMatchObject({ address: recorded.address });
        const foreign = node(await state(), '11111111111111111111111111111111');
        await expect(fetchMarginState(foreign.rpc, engine, recorded.address as Address)).rejects.toThrow(
            AccountNotFoundError,
        );
    });

    it('asks for the margin accounts of an owner by size, engine and owner', async () => {
        const { rpc, asked } = node(new Map([[recorded.address, inputs.account]]));
        const found = await fetchMarginAccounts(rpc, engine, { owner });
        expect(found.map(({ address, data }) => [address, data.owner])).toEqual([[recorded.address, owner]]);
        const [, { filters }] = asked[0]!.params as [
            string,
            { filters: { memcmp?: { offset: number; bytes: string } }[] },
        ];
        expect(filters[0]).toEqual({ dataSize: 3040n });
        expect(filters.slice(1).map(({ memcmp }) => [Number(memcmp!.offset), memcmp!.bytes])).toEqual([
            [16, engine],
            [48, owner],
        ]);
    });
});
