import { ENGINE_ERRORS } from './generated/errorTable.js';

/** An error of the program. */
export interface EngineErrorInfo {
    /** The code: 6000 and above for the engine's own, below for Anchor's. */
    readonly code: number;
    /** The name in the interface description; none for codes that are not the engine's own. */
    readonly name: string | undefined;
    /** The fact. */
    readonly message: string;
}

/** The error of a code. */
export function engineError(code: number): EngineErrorInfo {
    const known = ENGINE_ERRORS[code];
    return { code, name: known?.name, message: known?.message ?? `The program failed with code ${code}` };
}

/** How deep causes are followed; a cycle of them ends there too. */
const DEEPEST_CAUSE = 8;

/**
 * The program's error in whatever a failed transaction is reported as: an error of `@solana/kit` and its causes, the
 * `err` of a simulation or status (`{ InstructionError: [index, { Custom: code }] }`), or log lines.
 *
 * @returns The error, or `undefined` where no program failed with a code.
 */
export function decodeEngineError(failure: unknown): EngineErrorInfo | undefined {
    const code = findCode(failure, DEEPEST_CAUSE);
    return code === undefined ? undefined : engineError(code);
}

function findCode(failure: unknown, depth: number): number | undefined {
    if (depth === 0 || failure === null || failure === undefined) return undefined;
    if (typeof failure === 'string') return codeInLog(failure);
    if (Array.isArray(failure)) return firstOf(failure, depth);
    if (typeof failure !== 'object') return undefined;
    const parts = failure as Record<string, unknown>;
    if ('Custom' in parts) return codeOf(parts['Custom']);
    if ('InstructionError' in parts) return findCode(parts['InstructionError'], depth - 1);
    const context = parts['context'];
    if (typeof context === 'object' && context !== null) {
        // The context of kit's error for a custom code; other errors of kit use the name for their own codes.
        const { code, index } = context as { code?: unknown; index?: unknown };
        if (index !== undefined && codeOf(code) !== undefined) return codeOf(code);
    }
    return firstOf(
        [parts['err'], parts['cause'], parts['transactionError'], context, parts['logs'], parts['message']],
        depth,
    );
}

function firstOf(parts: unknown[], depth: number): number | undefined {
    for (const part of parts) {
        const code = findCode(part, depth - 1);
        if (code !== undefined) return code;
    }
    return undefined;
}

const codeOf = (code: unknown): number | undefined =>
    typeof code === 'number' ? code : typeof code === 'bigint' ? Number(code) : undefined;

function codeInLog(line: string): number | undefined {
    const found = /custom program error: (?:0x([0-9a-fA-F]+)|#?(\d+))/.exec(line);
    if (found === null) return undefined;
    return found[1] !== undefined ? Number.parseInt(found[1], 16) : Number(found[2]);
}
