import {
    SOLANA_ERROR__JSON_RPC__INVALID_PARAMS,
    SOLANA_ERROR__JSON_RPC__INVALID_REQUEST,
    SOLANA_ERROR__JSON_RPC__METHOD_NOT_FOUND,
    SOLANA_ERROR__JSON_RPC__SERVER_ERROR_UNSUPPORTED_TRANSACTION_VERSION,
    SOLANA_ERROR__RPC__TRANSPORT_HTTP_ERROR,
    isSolanaError,
} from '@solana/kit';

import { EventHistoryError } from './error.js';

/** How requests that fail are repeated. */
export interface Retries {
    /** How often a request is sent until its failure is thrown. */
    readonly attempts: number;
    /** Milliseconds before the second; twice as many before each further one, up to {@link LONGEST_WAIT_MILLIS}. */
    readonly firstWaitMillis: number;
    readonly signal: AbortSignal | undefined;
    /** Told of every failure after which it goes on. */
    readonly onRetry: ((error: unknown, attempt: number) => void) | undefined;
}

/** Longest wait between two attempts, milliseconds. */
export const LONGEST_WAIT_MILLIS = 8_000;

const FINAL = [
    SOLANA_ERROR__JSON_RPC__INVALID_PARAMS,
    SOLANA_ERROR__JSON_RPC__INVALID_REQUEST,
    SOLANA_ERROR__JSON_RPC__METHOD_NOT_FOUND,
    SOLANA_ERROR__JSON_RPC__SERVER_ERROR_UNSUPPORTED_TRANSACTION_VERSION,
] as const;
const REQUEST_TIMEOUT = 408;
const TOO_MANY_REQUESTS = 429;

/** Failures of requests that were repeated often enough, so that whoever asked for several does not begin again. */
const givenUp = new WeakSet<object>();

/** Whether the same request may succeed later. */
function mayPass(error: unknown): boolean {
    if (typeof error === 'object' && error !== null && givenUp.has(error)) return false;
    if (error instanceof EventHistoryError) return error.mayPass;
    if (isSolanaError(error, SOLANA_ERROR__RPC__TRANSPORT_HTTP_ERROR)) {
        const { statusCode } = error.context;
        const isRefusal = statusCode >= 400 && statusCode < 500;
        return !isRefusal || statusCode === REQUEST_TIMEOUT || statusCode === TOO_MANY_REQUESTS;
    }
    return !FINAL.some((code) => isSolanaError(error, code));
}

/** Asks until there is an answer, a failure that cannot pass, or as many failures as are allowed. */
export async function persist<T>(ask: () => Promise<T>, retries: Retries): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
        try {
            return await ask();
        } catch (error) {
            if (attempt >= retries.attempts || retries.signal?.aborted || !mayPass(error)) {
                if (typeof error === 'object' && error !== null) givenUp.add(error);
                throw error;
            }
            retries.onRetry?.(error, attempt);
            const millis = Math.min(retries.firstWaitMillis * 2 ** (attempt - 1), LONGEST_WAIT_MILLIS);
            await wait(millis, retries.signal);
        }
    }
}

/** Waits, no longer than until the signal. */
export function wait(millis: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((done) => {
        if (signal?.aborted) return done();
        const end = () => {
            clearTimeout(timer);
            signal?.removeEventListener('abort', end);
            done();
        };
        const timer = setTimeout(end, millis);
        signal?.addEventListener('abort', end);
    });
}
