import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { type Address, createSolanaRpc, createSolanaRpcFromTransport } from '@solana/kit';
import { afterEach, describe, expect, it, vi } from 'vitest';

import {
    AccountNotFoundError,
    AccountStatus,
    CLOCK_ADDRESS,
    LAYOUT_VERSION,
    PLIMSOLL_PROGRAM_ADDRESS,
    UndecodableAccountError,
    fetchBank,
    fetchMarginAccounts,
    fetchMarginState,
    fetchRegistry,
    findBoard,
    findRegistry,
    getMarginAccountDecoder,
    marginView,
} from '../src/index.js';
import { inputsOf, recording } from './recording.js';

const SYSTEM_PROGRAM = '11111111111111111111111111111111' as Address;
const recorded = recording.cases.find(({ name }) => name === 'a healthy borrower')!;
const inputs = inputsOf(recorded);
const ours = recorded.address as Address;
const { engine, owner } = getMarginAccountDecoder().decode(inputs.account);

/** An account as JSON-RPC sends it. */
const shown = (data: Uint8Array, program: string = PLIMSOLL_PROGRAM_ADDRESS) => ({
    data: [Buffer.from(data).toString('base64'), 'base64'],
    executable: false,
    lamports: 1,
    owner: program,
    rentEpoch: 0,
    space: data.length,
});

/** The clock's account at this Unix second. */
function clockAt(secs: bigint): Uint8Array {
    const data = new Uint8Array(40);
    new DataView(data.buffer).setBigInt64(32, secs, true);
    return data;
}

/** What a node answers that has these accounts. */
function answer(accounts: Map<string, Uint8Array>, method: string, params: unknown[], program?: string): unknown {
    const found = (key: string) => (accounts.has(key) ? shown(accounts.get(key)!, program) : null);
    if (method === 'getMultipleAccounts') {
        return { context: { slot: 7 }, value: (params[0] as string[]).map(found) };
    }
    if (method === 'getAccountInfo') return { context: { slot: 7 }, value: found(params[0] as string) };
    return [...accounts].map(([pubkey, data]) => ({ pubkey, account: shown(data) }));
}

/** An RPC node that has these accounts and remembers what it was asked. */
function node(accounts: Map<string, Uint8Array>, program?: string) {
    const asked: { method: string; params: unknown[] }[] = [];
    const rpc = createSolanaRpcFromTransport((async ({ payload }: { payload: unknown }) => {
        const { id, method, params } = payload as { id: string; method: string; params: unknown[] };
        asked.push({ method, params });
        return { jsonrpc: '2.0', id, result: answer(accounts, method, params, program) };
    }) as never);
    return { rpc, asked };
}

/** The accounts of a margin check of a recorded case, and the clock. */
async function accountsOf(of: typeof inputs, clock = of.now): Promise<Map<string, Uint8Array>> {
    const decoded = getMarginAccountDecoder().decode(of.account);
    return new Map([
        [of.address as string, of.account],
        [await findRegistry(decoded.engine), of.registry],
        [await findBoard(decoded.engine), of.board],
        [CLOCK_ADDRESS as string, clockAt(clock)],
    ]);
}

const withByte = (data: Uint8Array, at: number, byte: number): Uint8Array =>
    data.map((held, index) => (index === at ? byte : held));
/** Where the layout's version stands. */
const VERSION_AT = 8;

describe('a margin state', () => {
    afterEach(() => void vi.useRealTimers());

    it('is account, registry, board and clock of one request, ready for the margin functions', async () => {
        const { rpc, asked } = node(await accountsOf(inputs));
        const fetched = await fetchMarginState(rpc, engine, ours);
        expect(asked).toHaveLength(1);
        expect(fetched).toMatchObject({ slot: 7n, now: inputs.now, marginAccount: { owner } });
        expect(fetched.marginAccount.status).toBe(AccountStatus.Active);
        expect(await marginView(fetched)).toEqual(await marginView(inputs));
    });

    it("is valued at the cluster's clock where this machine's is 46 seconds off", async () => {
        vi.useFakeTimers({ now: Number(inputs.now + 46n) * 1_000, toFake: ['Date'] });
        const { rpc } = node(await accountsOf(inputs));
        const fetched = await fetchMarginState(rpc, engine, ours);
        const local = await fetchMarginState(rpc, engine, ours, { now: BigInt(Math.floor(Date.now() / 1_000)) });
        expect(local.now - fetched.now).toBe(46n);
        // By this machine's clock every price would be stale, so the debt would count for less than it is.
        const [right, wrong] = [await marginView(fetched), await marginView(local)];
        expect(right).toEqual(await marginView(inputs));
        expect(right.staleLegs).toEqual([]);
        expect(wrong.staleLegs).not.toEqual([]);
        expect(wrong.spot.navUsdPico).not.toBe(right.spot.navUsdPico);
    });

    it("names the account that is missing or another program's", async () => {
        const accounts = await accountsOf(inputs);
        const foreign = fetchMarginState(node(accounts, SYSTEM_PROGRAM).rpc, engine, ours);
        await expect(foreign).rejects.toThrow(AccountNotFoundError);
        for (const missing of [ours, CLOCK_ADDRESS]) {
            const rest = new Map([...accounts].filter(([key]) => key !== missing));
            const asked = fetchMarginState(node(rest).rpc, engine, ours);
            await expect(asked).rejects.toThrow(AccountNotFoundError);
            await expect(asked).rejects.toMatchObject({ address: missing });
        }
    });

    it('is refused by name where an account is of another layout version', async () => {
        for (const address of [ours, await findRegistry(engine), await findBoard(engine)]) {
            const accounts = await accountsOf(inputs);
            accounts.set(address, withByte(accounts.get(address)!, VERSION_AT, LAYOUT_VERSION + 1));
            const asked = fetchMarginState(node(accounts).rpc, engine, ours);
            await expect(asked).rejects.toThrow(UndecodableAccountError);
            await expect(asked).rejects.toMatchObject({ address, reason: expect.stringContaining('version is 2') });
        }
    });
});

describe('a list of margin accounts', () => {
    it('is asked for by type, engine and owner', async () => {
        const { rpc, asked } = node(new Map([[ours, inputs.account]]));
        const { accounts, unreadable } = await fetchMarginAccounts(rpc, engine, { owner });
        expect(accounts.map(({ address, data }) => [address, data.owner])).toEqual([[ours, owner]]);
        expect(unreadable).toEqual([]);
        const [, { filters }] = asked[0]!.params as [
            string,
            { filters: { memcmp: { offset: number; bytes: string } }[] },
        ];
        const compared = filters.map(({ memcmp }) => [Number(memcmp.offset), memcmp.bytes]);
        expect(compared.slice(1)).toEqual([
            [16, engine],
            [48, owner],
        ]);
        expect(compared[0]![0]).toBe(0);
    });

    it('has the readable ones, and names the others with the reason', async () => {
        const [newer, longer, other] = [await findBoard(ours), await findRegistry(ours), engine];
        const { account } = inputs;
        const found = new Map<string, Uint8Array>([
            [newer, withByte(account, VERSION_AT, LAYOUT_VERSION + 1)],
            [longer, Uint8Array.from([...account, 0])],
            [other, withByte(account, 0, account[0]! ^ 1)],
            [ours, account],
        ]);
        const { accounts, unreadable } = await fetchMarginAccounts(node(found).rpc, engine);
        expect(accounts.map(({ address }) => address)).toEqual([ours]);
        expect(unreadable.map(({ address, reason }) => [address, reason])).toEqual([
            [newer, 'its layout version is 2, this client knows 1'],
            [longer, 'it has 3041 bytes, not 3040'],
            [other, 'it is an account of another type'],
        ]);
        expect(unreadable[0]!.message).toContain(newer);
    });
});

describe('generated functions that fetch', () => {
    it("refuse another version, another type and another program's account", async () => {
        const registry = await findRegistry(engine);
        const of = (data: Uint8Array, program?: string) => node(new Map([[registry as string, data]]), program).rpc;
        expect((await fetchRegistry(of(inputs.registry), registry)).data.engine).toBe(engine);
        const newer = withByte(inputs.registry, VERSION_AT, LAYOUT_VERSION + 1);
        await expect(fetchRegistry(of(newer), registry)).rejects.toThrow('its layout version is 2');
        await expect(fetchBank(of(inputs.registry), registry)).rejects.toThrow(UndecodableAccountError);
        await expect(fetchRegistry(of(inputs.registry, SYSTEM_PROGRAM), registry)).rejects.toThrow('its owner is');
    });
});

describe('a node behind a proxy that reads numbers as floating point', () => {
    /** A server whose answers have the largest rent epoch as such a proxy writes it, in one form or the other. */
    async function serving<T>(epoch: string, ask: (url: string) => Promise<T>): Promise<T> {
        const accounts = await accountsOf(inputs);
        const server = createServer((request, response) => {
            let body = '';
            request.on('data', (part: Buffer) => (body += part.toString()));
            request.on('end', () => {
                const { id, method, params } = JSON.parse(body) as { id: string; method: string; params: unknown[] };
                const found = method === 'getProgramAccounts' ? new Map([[ours as string, inputs.account]]) : accounts;
                const text = JSON.stringify({ jsonrpc: '2.0', id, result: answer(found, method, params) });
                response.setHeader('content-type', 'application/json');
                response.end(text.replaceAll('"rentEpoch":0', `"rentEpoch":${epoch}`));
            });
        });
        await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
        try {
            return await ask(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
        } finally {
            server.close();
        }
    }

    it.each(['18446744073709552000', '1.8446744073709552e19', '1.8446744073709552e+19'])(
        'is understood with a rent epoch of %s',
        async (epoch) => {
            await serving(epoch, async (url) => {
                const rpc = createSolanaRpc(url);
                const state = await fetchMarginState(rpc, engine, ours);
                expect(await marginView(state)).toEqual(await marginView(inputs));
                const { accounts } = await fetchMarginAccounts(rpc, engine);
                expect(accounts.map(({ address }) => address)).toEqual([ours]);
                expect((await fetchRegistry(rpc, await findRegistry(engine))).data.engine).toBe(engine);
            });
        },
    );
});
