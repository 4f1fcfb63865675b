import { createSolanaRpc } from '@solana/kit';
import { type ReadEvent, fetchMarginState, findEngine, marginView, readEvents } from '@plimsoll/client';

export async function lastFill(url: string, creator: Parameters<typeof findEngine>[0]): Promise<bigint | undefined> {
    const rpc = createSolanaRpc(url);
    const engine = await findEngine(creator, 0);
    const { staleLegs } = await marginView(await fetchMarginState(rpc, engine, creator));
    if (staleLegs.length > 0) return undefined;
    let last: ReadEvent | undefined;
    for await (const event of readEvents(rpc, { engine })) last = event;
    return last?.event.name === 'FillSettled' ? last.event.data.baseUnits : undefined;
}
