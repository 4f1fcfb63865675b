import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createContext, runInContext } from 'node:vm';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { getMarginViewDecoder } from '../../src/index.js';
import { bytesOf, inputsOf, recording } from '../recording.js';

const run = promisify(execFile);
const client = fileURLToPath(new URL('../..', import.meta.url));
const tool = (name: string) => join(client, 'node_modules/.bin', name);
const recorded = recording.cases.find(({ name }) => name === 'a healthy borrower')!;
const said = recorded.check_margin_all;
/** What the deployed program answered. */
const NAV = `${getMarginViewDecoder().decode(bytesOf('data' in said ? said.data : '')).spot.navUsdPico}`;

const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome'];
const browser = BROWSERS.find((name) => {
    try {
        execFileSync(name, ['--version'], { stdio: 'ignore' });
        return true;
    } catch {
        return false;
    }
});

const app = mkdtempSync(join(tmpdir(), 'plimsoll-package-'));

/** Packs the client and installs it into an application beside kit. */
async function install(): Promise<void> {
    cpSync(fileURLToPath(new URL('app', import.meta.url)), app, { recursive: true });
    const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', app], { cwd: client });
    const { account, registry, board, address, now } = inputsOf(recorded);
    const [held, shared, prices] = [account, registry, board].map((bytes) => Buffer.from(bytes).toString('base64'));
    const inputs = { address, account: held, registry: shared, board: prices, now: `${now}` };
    writeFileSync(join(app, 'recorded.js'), `export const recorded = ${JSON.stringify(inputs)};\n`);
    const { devDependencies } = JSON.parse(readFileSync(join(client, 'package.json'), 'utf8')) as {
        devDependencies: Record<string, string>;
    };
    const dependencies = {
        '@plimsoll/client': `file:./${stdout.trim().split('\n').at(-1)}`,
        '@solana/kit': devDependencies['@solana/kit'],
    };
    writeFileSync(join(app, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies }));
    await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund'], { cwd: app });
}

beforeAll(install);
afterAll(() => rmSync(app, { recursive: true, force: true }));

describe('the packed package', () => {
    it('values an account in Node', async () => {
        const { stdout } = await run('node', ['node.js'], { cwd: app });
        expect(stdout.trim()).toBe(NAV);
    });

    it('values an account in a worker thread of Node', async () => {
        const { stdout } = await run('node', ['threads.js'], { cwd: app });
        expect(stdout.trim()).toBe(NAV);
    });

    it('has the types of what it exports', async () => {
        const strict = ['--noEmit', '--strict', '--skipLibCheck', '--target', 'es2022', '--lib', 'es2022,dom'];
        await run(tool('tsc'), [...strict, '--module', 'nodenext', 'types.ts'], { cwd: app });
    });

    it('has no file that is no part of it', () => {
        const installed = readdirSync(join(app, 'node_modules/@plimsoll/client'));
        const meant = ['LICENSE', 'README.md', 'dist', 'package.json', 'src', 'wasm'];
        expect(installed.sort()).toEqual(meant);
    });
});

describe('built by Vite', () => {
    let server: ChildProcess | undefined;
    let url = '';

    beforeAll(async () => {
        await run(tool('vite'), ['build', '--logLevel', 'error'], { cwd: app });
        server = spawn(tool('vite'), ['preview', '--port', '0', '--host', '127.0.0.1'], { cwd: app });
        url = await new Promise<string>((told, failed) => {
            let text = '';
            server!.on('exit', () => failed(new Error(`vite preview ended: ${text}`)));
            server!.stdout!.on('data', (part: Buffer) => {
                // eslint-disable-next-line no-control-regex -- colours
                text += part.toString().replace(/\u001b\[\d+m/g, '');
                const found = /http:\/\/127\.0\.0\.1:\d+\//.exec(text);
                if (found !== null) told(found[0]);
            });
        });
    });
    afterAll(() => void server?.kill());

    it('values an account in its worker, whose module comes over HTTP', async () => {
        const file = readdirSync(join(app, 'dist/assets')).find((name) => /^worker-.*\.js$/.test(name))!;
        const address = `${url}assets/${file}`;
        const script = await (await fetch(address)).text();
        const answer = await new Promise((answered) => {
            const location = new URL(address);
            const scope = { location, postMessage: answered };
            const given = { fetch, URL, TextEncoder, TextDecoder, WebAssembly, Uint8Array, crypto, atob, location };
            runInContext(script, createContext({ ...given, self: scope }));
        });
        expect(answer).toBe(NAV);
    });

    it.skipIf(browser === undefined)('values an account in a page and its worker, in Chromium', async () => {
        let tell: (text: string) => void = () => undefined;
        const told = new Promise<string>((resolved) => (tell = resolved));
        const ear = createServer((request, response) => {
            let text = '';
            request.on('data', (part: Buffer) => (text += part.toString()));
            request.on('end', () => {
                response.end();
                tell(text);
            });
        });
        await new Promise<void>((listening) => ear.listen(0, '127.0.0.1', listening));
        const page = `${url}?tell=http://127.0.0.1:${(ear.address() as AddressInfo).port}/`;
        const words = ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${join(app, 'profile')}`];
        const opened = spawn(browser!, [...words, '--remote-debugging-port=0', page], { stdio: 'ignore' });
        try {
            expect(await told).toBe(`page ${NAV}, worker ${NAV}`);
        } finally {
            opened.kill();
            await new Promise((ended) => (opened.exitCode === null ? opened.once('exit', ended) : ended(undefined)));
            ear.close();
        }
    });
});
